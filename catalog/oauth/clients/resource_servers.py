"""Resource indicators (RFC 8707): for which API versions a token is, and so what is in its `aud` and its scopes.

A version is the resource `<public URL><base path>`, as its RFC 9728 metadata calls it; several that share a base
path are one. The public URL alone is all of them. Without a resource a token is for all.
"""

from dataclasses import dataclass

from catalog.oauth.clients.settings import ClientSettings
from catalog.oauth.wire.errors import InvalidTarget
from catalog.publishing.published import CurrentPublished, Published
from contracts.snapshot import Subscription


@dataclass(frozen=True, slots=True)
class Target:
    """What a token may be for: its audiences, and the scopes that the client is granted there, sorted."""

    audiences: tuple[str, ...]
    scopes: tuple[str, ...]


class ResourceServers:
    """The resources of the snapshot in force."""

    def __init__(self, current: CurrentPublished) -> None:
        self._current = current
        self._of: Published | None = None
        self._versions: dict[str, set[tuple[str, str]]] = {}

    def target(self, client: ClientSettings, resources: tuple[str, ...]) -> Target:
        """Raises InvalidTarget for a resource that is unknown, or to which the client has no subscription."""
        known, everything = self._known()
        if not resources or everything in resources:
            if set(resources) - {everything} - known.keys():
                raise InvalidTarget()
            return Target((everything,), client.scopes)
        if not set(resources) <= known.keys():
            raise InvalidTarget()
        granted: list[Subscription] = []
        for resource in set(resources):
            there = [
                each for each in client.application.subscriptions if (each.api, each.version) in known[resource]
            ]
            if not there:
                raise InvalidTarget()
            granted += there
        scopes = {scope for each in granted for scope in each.scopes}
        return Target(tuple(sorted(set(resources))), tuple(sorted(scopes)))

    def are_known(self, resources: tuple[str, ...]) -> bool:
        """Whether every one of them is a resource."""
        known, everything = self._known()
        return all(each == everything or each in known for each in resources)

    def _known(self) -> tuple[dict[str, set[tuple[str, str]]], str]:
        """Versions by their resource, of which several may share one, and the resource that is all."""
        published = self._current()
        assert published is not None, "no client is known without a snapshot"
        audience = published.contracts.audience
        if self._of is None or self._of.contracts is not published.contracts:
            self._versions = {}
            for each in published.contracts.versions:
                if each.lifecycle.state != "retired":
                    there = self._versions.setdefault(audience + each.base_path, set())
                    there.add((each.api, each.version))
            self._of = published
        return self._versions, audience
