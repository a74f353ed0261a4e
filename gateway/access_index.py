"""The access part as it is looked up: built whole in small steps, or by what has changed since the one in force.

Of a hundred thousand keys a change touches a few. To build all maps anew takes the better part of a second of the
core, and to copy them would hold up requests; so a change is made in the maps that are in force, in the moment in
which it is put in force: between two requests, and as long as what it touches.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from contracts.access import NO_CLAIMS, Claims, Purge
from contracts.packed import Steps, read_access
from contracts.snapshot import AccessChange, Application, Data, Issuer
from policies.credentials.known_keys import KnownKey, known_keys
from policies.credentials.revocation import NOTHING, Revocations


@dataclass(frozen=True, slots=True)
class AccessIndex:
    """One access part. `applications` are by client id, `keys` by their public id, `identities` by issuer and
    client of issuers that are not the catalog. With a `change` the maps are those in force until `settle` is
    called. `claims` are by consumer; `before` are those that the maps in force were made with."""

    issuers: tuple[Issuer, ...] = ()
    revocations: Revocations = NOTHING
    applications: dict[str, Application] = field(default_factory=dict)
    keys: dict[str, KnownKey] = field(default_factory=dict)
    identities: dict[tuple[str, str], Application] = field(default_factory=dict)
    purges: tuple[Purge, ...] = ()
    claims: Mapping[str, Claims] = field(default_factory=dict)
    before: Mapping[str, Claims] = field(default_factory=dict)
    change: AccessChange | None = None

    def settle(self) -> None:
        """Makes the change, if there is one. To make it again does nothing."""
        if self.change is None:
            return
        for client_id in (*self.change.gone, *(each.client_id for each in self.change.changed)):
            self._remove(client_id)
        for each in self.change.changed:
            self._add(each)
        if self.claims != self.before:
            self._say()

    def _say(self) -> None:
        """Has all keys say what is said of their consumers now: it changes seldom, and to go through a hundred
        thousand keys takes some hundredths of a second."""
        for known in self.keys.values():
            consumer = known.application.consumer
            if (said := self.claims.get(consumer, NO_CLAIMS)) != self.before.get(consumer, NO_CLAIMS):
                known.say(said)

    def _add(self, application: Application) -> None:
        self.applications[application.client_id] = application
        self.keys.update(known_keys((application,), self.claims))
        self.identities.update(((each.issuer, each.client), application) for each in application.identities)

    def _remove(self, client_id: str) -> None:
        application = self.applications.pop(client_id, None)
        if application is None:
            return
        for key_id in known_keys((application,)):
            # It may have become another's in the same change.
            known = self.keys.get(key_id)
            if known is not None and known.application is application:
                del self.keys[key_id]
        for each in application.identities:
            if self.identities.get((each.issuer, each.client)) is application:
                del self.identities[each.issuer, each.client]


def index_of(data: Data) -> Steps[AccessIndex]:
    """Of a whole part. Raises SnapshotError."""
    access, applications = yield from read_access(data)
    index = AccessIndex(
        access.issuers, Revocations(access.revoked), applications, purges=access.purges, claims=access.claims
    )
    yield from _fill(index, applications.values())
    return index


def index_after(current: AccessIndex, change: AccessChange) -> AccessIndex:
    """What follows on `current`, which has to be of the change's base; it shares its maps."""
    frame = change.frame
    return AccessIndex(
        frame.issuers,
        Revocations(frame.revoked),
        current.applications,
        current.keys,
        current.identities,
        frame.purges,
        frame.claims,
        current.claims,
        change,
    )


def _fill(index: AccessIndex, applications: Iterable[Application]) -> Steps[None]:
    for each in applications:
        if each.keys or each.identities or each.oauth is not None:
            yield
            index.keys.update(known_keys((each,), index.claims))
            index.identities.update(((one.issuer, one.client), each) for one in each.identities)
