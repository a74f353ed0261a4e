"""What belongs into the ledger and is kept elsewhere: member tokens, which are a log-in, and the catalog's own
keys."""

from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any, Final

from catalog.clock import DAY, moment, moment_or_none
from catalog.credentials.credential import CredentialState
from catalog.credentials.desk import Sorting
from catalog.credentials.questions import Chosen, Sort
from catalog.credentials.rights import guards
from catalog.credentials.telling import CredentialView, token_view
from catalog.oauth.keys.desk import KeyDesk
from catalog.oauth.keys.schedule import OVERLAP, KeyRecord, KeyState, state_of
from catalog.people.directory import Directory
from catalog.people.principal import Principal
from catalog.people.tokens import MemberTokens, TokenEntry

_STATES: Final[Mapping[KeyState, CredentialState]] = {
    "next": "active",
    "signing": "active",
    "retiring": "replaced",
    "ended": "ended",
    "withdrawn": "revoked",
}


class OtherItems:
    """Few enough to be read whole. Every method raises SQLAlchemyError."""

    def __init__(self, tokens: MemberTokens, directory: Directory, keys: KeyDesk, environment: str) -> None:
        self._tokens = tokens
        self._directory = directory
        self._keys = keys
        self._environment = environment

    async def list(
        self, principal: Principal, chosen: Chosen, now: float, sorting: Sorting
    ) -> list[CredentialView]:
        """One's own tokens; everybody's, and the signing keys, for those who see all. No application's, and good
        for no scope."""
        of_applications = (chosen.application, chosen.consumer, chosen.api, chosen.scope, chosen.spare_since)
        if any(each is not None for each in of_applications):
            return []
        views: list[CredentialView] = []
        if chosen.kind in (None, "member-token"):
            found = await self._tokens.list(None if guards(principal) else principal.name)
            views += [token_view(each, self._team(each), self._environment, now) for each in found]
        # Of the ends of signing keys nobody has to be reminded: the calendar makes the next one.
        if chosen.kind in (None, "signing-key") and chosen.ending is None and guards(principal):
            records = await self._keys.list()
            views += [self._key_view(each, records, now) for each in records]
        asked = _asked(views, chosen, self._directory.members.by_name)
        return sorted(asked, key=_SORTED[sorting.sort], reverse=sorting.descending)

    def _team(self, token: TokenEntry) -> str | None:
        member = self._directory.members.by_name.get(token.member)
        return None if member is None else min(member.memberships, default=None)

    def _key_view(self, each: KeyRecord, records: tuple[KeyRecord, ...], now: float) -> CredentialView:
        state = state_of(each, records, now)
        successor = next((one for one in reversed(records) if one.number > each.number), None)
        # It signs until the calendar puts another in its place, and is published for a while longer.
        expires = each.signs_from + self._keys.days * DAY + OVERLAP
        stopped = None if successor is None else successor.signs_from + OVERLAP
        ends = min(filter(None, (expires, stopped, each.ended_at)))
        if state == "signing":  # also where the calendar is late: it does not end before another is in its place
            ends = max(ends, int(now) + OVERLAP)
        return CredentialView(
            key_id=each.kid,
            kind="signing-key",
            state=_STATES[state],
            environment=self._environment,
            application=None,
            team=None,
            owner=each.created_by,
            purpose=f"signs access tokens by {each.algorithm} from {moment(each.signs_from):%Y-%m-%d %H:%M} UTC",
            scopes=(),
            networks=(),
            created_at=moment(each.created_at),
            created_by=each.created_by,
            expires_at=moment(expires),
            ends_at=moment(ends),
            last_used_at=moment(now) if state == "signing" else None,
            last_used_from=None,
            last_used_for=None,
            predecessor=None,
            successor=None if successor is None else successor.kid,
            revoked_at=moment_or_none(each.ended_at),
            revoked_by=each.ended_by or None,
            revoked_reason=each.ended_reason or None,
        )


def _asked(views: list[CredentialView], chosen: Chosen, members: Container[str]) -> Iterator[CredentialView]:
    text = (chosen.text or "").lower()
    for each in views:
        good, people = each.state in ("active", "replaced"), each.kind == "member-token"
        ending = chosen.ending is None or (each.state == "active" and each.ends_at.timestamp() <= chosen.ending)
        said = not text or any(text in part.lower() for part in (each.key_id, each.owner, each.purpose))
        if (
            ending
            and said
            and chosen.team in (None, each.team)
            and chosen.state in (None, each.state)
            and chosen.owner in (None, each.owner)
            and (chosen.unused_since is None or (people and good and _is_unused(each, chosen.unused_since)))
            and (not chosen.orphaned or (people and good and each.owner not in members))
        ):
            yield each


def _is_unused(each: CredentialView, since: int) -> bool:
    used = each.last_used_at
    return each.created_at.timestamp() <= since and (used is None or used.timestamp() <= since)


_SORTED: Final[Mapping[Sort, Callable[[CredentialView], tuple[Any, ...]]]] = {
    "ends": lambda each: (each.ends_at, each.key_id),
    "created": lambda each: (each.created_at, each.key_id),
    "last-used": lambda each: (each.last_used_at is not None, each.last_used_at, each.key_id),
    "application": lambda each: (each.ends_at, each.key_id),
    "owner": lambda each: (each.owner, each.key_id),
}
"""As those that are kept in the ledger; `last_used_at` is compared with others that are not None alone."""
