"""What of a grant a token is for: all of it, or the part that is asked for (RFC 6749 §6, RFC 8707 §2.2)."""

from catalog.oauth.clients.resource_servers import Target
from catalog.oauth.grants.asker import Asker
from catalog.oauth.grants.grants import Grant
from catalog.oauth.wire.errors import InvalidScope, InvalidTarget


def narrowed(grant: Grant, asker: Asker, scope: str | None, resources: tuple[str, ...]) -> Target:
    """The audiences and the scopes of the token. Raises InvalidScope and InvalidTarget for what the grant does not
    have, or is not for.

    What the client lost since the grant was given is left out: a member cannot give what is not the client's.
    """
    wanted = set(grant.scopes) if scope is None else set(scope.split(" "))
    if not wanted <= set(grant.scopes):
        raise InvalidScope()
    if resources and grant.resources and not set(resources) <= set(grant.resources):
        raise InvalidTarget()
    target = asker.reach(resources or grant.resources)
    return Target(target.audiences, tuple(sorted(wanted.intersection(target.scopes))))
