"""Who asks: from a bearer token (RFC 6750) to the principal, and whether its roles are those of an operation."""

from collections.abc import Iterable
from typing import Final

from catalog.people.directory import Directory
from catalog.people.principal import Principal
from catalog.people.tokens import MemberTokens
from contracts.problems import Problem, problem

_REALM: Final = 'Bearer realm="ostiary-catalog"'
_MISSING: Final = problem(
    "credentials-missing", "This needs a member token.", headers=(("WWW-Authenticate", _REALM),)
)
_INVALID: Final = problem(
    "client-authentication-failed",
    "The member token is malformed, expired, revoked, or not of this catalog.",
    headers=(("WWW-Authenticate", f'{_REALM}, error="invalid_token"'),),
)
_UNKNOWN: Final = problem("member-unknown", "The token's member is in no team of the estate that is in force.")


class Authenticator:
    """Asks the token for its member, and the directory for who that is now."""

    def __init__(self, tokens: MemberTokens, directory: Directory) -> None:
        self._tokens = tokens
        self._directory = directory

    async def authenticate(self, credentials: Iterable[bytes]) -> Principal | Problem:
        """`credentials` are the values of the Authorization fields. Raises SQLAlchemyError."""
        values = list(credentials)
        if not values:
            return _MISSING
        scheme, _, token = values[0].decode("latin-1").partition(" ")
        if len(values) > 1 or scheme.lower() != "bearer":
            return _INVALID
        entry = await self._tokens.verify(token.strip())
        if entry is None:
            return _INVALID
        return await self._directory.principal(entry.member, entry.key_id) or _UNKNOWN


def refuse_roles(principal: Principal, alternatives: tuple[tuple[str, ...], ...]) -> Problem | None:
    """The refusal of one who has none of the operation's roles. OpenAPI's security requirement names them (OAS 3.1
    §4.8.30: for a scheme that is not OAuth's, the list may hold role names): of its alternatives one has to hold.

    Whose API or team it is about, the domain decides: this is the part that the contract can say.
    """
    for needed in alternatives:
        if all(principal.right(role) is not None for role in needed):  # type: ignore[arg-type]
            return None
    roles = sorted({role for needed in alternatives for role in needed})
    if not roles:
        return None
    detail = f"This is for members with the role {' or '.join(roles)}, and {principal.name} has none of them."
    return problem("role-missing", detail, roles=roles)
