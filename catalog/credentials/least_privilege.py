"""What is granted and was not used for long enough that nobody would miss it. No I/O.

A credential is good for the scopes that it names, or for all that its application's subscriptions grant. What of
them it was not used for it can do without. A subscription's scope is unused where no operation that asks for it
was called, by whichever credential; nothing is called unused that was not granted for as long.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from catalog.credentials.credential import Credential
from catalog.credentials.granted import Granted
from catalog.credentials.uses import Use
from contracts.access import Application
from contracts.estate_files import ConsumersFile, SubscriptionEntry

DAYS: Final = 90
"""Without use, unless another number is asked for."""


class SpareCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that is good for more than it was used for. `unused` are scopes, `kept` those that were used;
    an idle one was used for nothing, and is better revoked than narrowed."""

    credential: Credential
    unused: tuple[str, ...]
    kept: tuple[str, ...]
    idle: bool


class SpareSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription that grants more than was used. Where the API itself was not `called`, all of it is unused.
    `place` is where its scopes stand in `consumers.yaml` (JSON pointer)."""

    consumer: str
    application: str
    api: str
    version: str
    place: str
    called: bool
    granted: tuple[str, ...]
    unused: tuple[str, ...]


class Spare(msgspec.Struct, frozen=True, kw_only=True):
    """The report: what may go, since it was not used since `since` (Unix seconds)."""

    since: int
    credentials: tuple[SpareCredential, ...]
    subscriptions: tuple[SpareSubscription, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the report is made of. `uses` are those since `since`, `called` the scopes that the calls since then
    took, by application, API and version: none of them for one that was called without."""

    since: int
    credentials: Sequence[Credential]
    uses: Mapping[str, Sequence[Use]]
    granted_since: Mapping[Granted, int]
    called: Mapping[tuple[str, str, str], frozenset[str]]


def spare_credentials(facts: Facts, applications: Mapping[str, Application]) -> tuple[SpareCredential, ...]:
    """Those that are older than `since` and good for something that they were not used for."""
    found: list[SpareCredential] = []
    for each in facts.credentials:
        application = applications.get(each.application)
        if application is None or each.created_at > facts.since:
            continue
        scopes = _scopes(each, application)
        uses = facts.uses.get(each.key_id, ())
        used = {use.scope for use in uses} & scopes
        if used == scopes and uses:
            continue
        spare = SpareCredential(
            credential=each,
            unused=tuple(sorted(scopes - used)),
            kept=tuple(sorted(used)),
            idle=not uses and (each.last_used_at or 0) <= facts.since,
        )
        if spare.unused or spare.idle:
            found.append(spare)
    return tuple(found)


def spare_subscriptions(facts: Facts, consumers: ConsumersFile) -> tuple[SpareSubscription, ...]:
    """Those that grant something that was not used since, though it was granted before."""
    found = (
        _spare(facts, consumer, name, index, subscription)
        for consumer, entry in consumers.consumers.items()
        for name, application in entry.applications.items()
        for index, subscription in enumerate(application.subscriptions)
    )
    return tuple(each for each in found if each is not None)


def _spare(
    facts: Facts, consumer: str, application: str, index: int, subscription: SubscriptionEntry
) -> SpareSubscription | None:
    api, version = subscription.api, subscription.version

    def old_enough(scope: str) -> bool:
        return facts.granted_since.get((application, api, version, scope), facts.since + 1) <= facts.since

    used = facts.called.get((application, api, version))
    unused = {scope for scope in subscription.scopes if old_enough(scope) and scope not in (used or ())}
    if not unused and (used is not None or not old_enough("")):
        return None
    return SpareSubscription(
        consumer=consumer,
        application=application,
        api=api,
        version=version,
        place=f"/consumers/{consumer}/applications/{application}/subscriptions/{index}/scopes",
        called=used is not None,
        granted=subscription.scopes,
        unused=tuple(scope for scope in subscription.scopes if scope in unused),
    )


def estate_patch(spare: Iterable[SpareSubscription]) -> list[dict[str, object]]:
    """What to change in `consumers.yaml`, as a JSON Patch (RFC 6902): a list of scopes is tested before it is
    replaced, so that nothing is narrowed that has changed meanwhile. No subscription is taken away as a whole."""
    operations: list[dict[str, object]] = []
    for each in spare:
        if each.unused:
            kept = [scope for scope in each.granted if scope not in each.unused]
            operations.append({"op": "test", "path": each.place, "value": list(each.granted)})
            operations.append({"op": "replace", "path": each.place, "value": kept})
    return operations


def _scopes(credential: Credential, application: Application) -> set[str]:
    granted = {scope for each in application.subscriptions for scope in each.scopes}
    return granted & set(credential.scopes) if credential.scopes else granted
