"""What of a grant a token is for: all of it, or the part that is asked for (RFC 6749 §6, RFC 8707 §2.2)."""

from catalog.oauth.asker import Asker
from catalog.oauth.authorization_grants import Grant
from catalog.oauth.errors import InvalidScope, InvalidTarget


def narrowed_scopes(grant: Grant, asker: Asker, asked: str | None) -> tuple[str, ...]:
    """The scopes of the token, sorted. Raises InvalidScope for one that the grant does not have.

    What the client lost since the grant was given is left out: a member cannot give what is not the client's.
    """
    wanted = set(grant.scopes) if asked is None else set(asked.split(" "))
    if not wanted <= set(grant.scopes):
        raise InvalidScope()
    return tuple(sorted(wanted & asker.scopes))


def narrowed_resources(grant: Grant, asked: tuple[str, ...]) -> tuple[str, ...]:
    """The resources of the token; none are all. Raises InvalidTarget for one that the grant is not for."""
    if not asked:
        return grant.resources
    if grant.resources and not set(asked) <= set(grant.resources):
        raise InvalidTarget()
    return asked
