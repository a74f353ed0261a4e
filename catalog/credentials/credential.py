"""A credential as the ledger has it: all that may be known of it, and so not its secret. No I/O."""

from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

CredentialKind = Literal[
    "client-secret", "api-key", "hmac-key", "member-token", "jwk", "jwks", "certificate", "signing-key"
]
"""Of a client that proves itself by a key there is its `jwk` or `certificate`, or the `jwks` at an address."""

GATEWAY_KINDS: Final = ("api-key", "hmac-key")
"""Those that gateways check by themselves: a key that is sent, and one that signs requests."""

PUBLIC_KINDS: Final = ("jwk", "jwks", "certificate")
"""Those that the client has made and the estate names. Their `key_id` is a thumbprint, their text is not a
secret."""

CredentialState = Literal["active", "replaced", "ended", "expired", "revoked"]
"""`replaced`: there is a successor, and it is still good for a while; `ended`: that while is over."""


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """One credential. Times are Unix seconds.

    `team` answers for it, and of it `owner`, a member; a credential that was issued on the catalog's own machine
    may have no team yet. Empty `scopes` are those of the application's subscriptions, empty `networks` are all.
    `predecessor` and `successor` are key ids; a replaced credential ends at `overlap_until`. Gateways tell
    `last_used_from`, a network (CIDR), and `last_used_for`, API and version (`orders/v2`).
    """

    key_id: str
    kind: CredentialKind
    application: str
    team: str
    owner: str
    purpose: str
    created_at: int
    created_by: str
    expires_at: int
    environment: str = ""
    """That it was issued in, and opens alone; empty for one of before this was kept."""
    scopes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    last_used_at: int | None = None
    last_used_from: str | None = None
    last_used_for: str | None = None
    predecessor: str = ""
    successor: str = ""
    overlap_until: int | None = None
    revoked_at: int | None = None
    revoked_by: str = ""
    revoked_reason: str = ""

    @property
    def is_public(self) -> bool:
        """Whether it is a key or a certificate that its client has made: nobody else can replace it."""
        return self.kind in PUBLIC_KINDS

    @property
    def ends_at(self) -> int:
        """When it ends, unless it is revoked before."""
        return self.expires_at if self.overlap_until is None else min(self.expires_at, self.overlap_until)

    def state(self, now: float) -> CredentialState:
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at <= now:
            return "expired"
        if self.ends_at <= now:
            return "ended"
        return "replaced" if self.successor else "active"

    def is_good(self, now: float) -> bool:
        """Whether it still opens something."""
        return self.state(now) in ("active", "replaced")


@dataclass(frozen=True, slots=True)
class Issued:
    """A new credential; `secret`, its text, exists nowhere else and cannot be shown again."""

    credential: Credential
    secret: str = field(repr=False)

    @property
    def key_id(self) -> str:
        return self.credential.key_id
