"""Who presents a code or a refresh token, and what comes of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from catalog.oauth.clients.resource_servers import Target
from catalog.oauth.grants.grants import Grant


@dataclass(frozen=True, slots=True)
class Asker:
    """A client at the token endpoint, whose identity was proved as far as it can be.

    A `public` one has no credential; `may_refresh` says whether it is registered for refresh tokens. `reach` gives
    what it is granted now at resources, and raises InvalidTarget. `key` names the key that the request was proved
    with (`jkt:…` for DPoP, `x5t:…` for a certificate), empty where with none.
    """

    client_id: str
    public: bool
    may_refresh: bool
    reach: Callable[[tuple[str, ...]], Target]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """What an access token is to be issued for; `refresh_token` is to be given out with it, if there is one."""

    grant: Grant
    target: Target
    refresh_token: str | None = field(default=None, repr=False)
