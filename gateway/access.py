"""The access part in force, indexed for the request path."""

from collections.abc import Mapping
from types import MappingProxyType

from contracts.snapshot import Application
from policies.known_keys import KnownKey
from policies.revocation import NOTHING, Revocations


class AccessView:
    """Implements `policies.ports.Access`. `swap` replaces all of it between two requests."""

    __slots__ = ("applications", "generation", "identities", "keys", "revocations")

    def __init__(self) -> None:
        self.applications: Mapping[str, Application] = {}
        self.identities: Mapping[tuple[str, str], Application] = {}
        self.keys: Mapping[str, KnownKey] = {}
        self.revocations = NOTHING
        self.generation = 0

    def swap(
        self,
        applications: Mapping[str, Application],
        keys: Mapping[str, KnownKey],
        revocations: Revocations = NOTHING,
        identities: Mapping[tuple[str, str], Application] = MappingProxyType({}),
    ) -> None:
        """`applications` are by client id, API keys by theirs, `identities` by issuer and client."""
        self.applications = applications
        self.identities = identities
        self.keys = keys
        self.revocations = revocations
        self.generation += 1
