"""What belongs into the ledger and is kept elsewhere: member tokens, which are a log-in, and the catalog's own
keys."""

from collections.abc import Iterator, Mapping
from typing import Final

from catalog.clock import moment, moment_or_none
from catalog.credentials.credential import CredentialState
from catalog.credentials.desk import Chosen
from catalog.credentials.rights import guards
from catalog.credentials.telling import CredentialView, token_view
from catalog.oauth.keys.desk import KeyDesk
from catalog.oauth.keys.schedule import DAY, OVERLAP, KeyRecord, KeyState, state_of
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

    async def list(self, principal: Principal, chosen: Chosen, now: float) -> list[CredentialView]:
        """One's own tokens; everybody's, and the signing keys, for those who see all."""
        if chosen.application is not None:
            return []
        views: list[CredentialView] = []
        if chosen.kind in (None, "member-token"):
            found = await self._tokens.list(None if guards(principal) else principal.name)
            views += [token_view(each, self._team(each), self._environment, now) for each in found]
        # Of the ends of signing keys nobody has to be reminded: the calendar makes the next one.
        if chosen.kind in (None, "signing-key") and chosen.ending is None and guards(principal):
            records = await self._keys.list()
            views += [self._key_view(each, records, now) for each in records]
        return list(_asked(views, chosen))

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


def _asked(views: list[CredentialView], chosen: Chosen) -> Iterator[CredentialView]:
    for each in views:
        ending = chosen.ending is None or (each.state == "active" and each.ends_at.timestamp() <= chosen.ending)
        if ending and chosen.team in (None, each.team) and chosen.state in (None, each.state):
            yield each
