"""An upstream credential as the ledger has it: all that may be known of it, and so not its value. No I/O."""

from typing import Literal, TypeAlias

import msgspec

UpstreamState: TypeAlias = Literal["current", "kept", "replaced", "expired", "revoked"]
"""`kept`: another value is current and this one can be returned to; `replaced`: its value was thrown away.
`expired`: current, and past its day: the upstream may refuse it any moment."""


class UpstreamCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A name in the estate, and who answers for what is behind it. `runbook` says how it is replaced: steps, or
    where they are. `current` is the number of the value in use, 0 for none. Times are Unix seconds."""

    name: str
    team: str
    owner: str
    purpose: str
    runbook: str
    current: int
    created_at: int
    created_by: str


class UpstreamValue(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a credential, without the value. `kept_until` is until when one that was replaced can be
    returned to; `gone_at` is when its text was thrown away."""

    name: str
    version: int
    created_at: int
    created_by: str
    expires_at: int
    master_key: str
    kept_until: int | None = None
    gone_at: int | None = None
    revoked_at: int | None = None
    revoked_by: str = ""
    revoked_reason: str = ""

    def state(self, current: int, now: float) -> UpstreamState:
        if self.revoked_at is not None:
            return "revoked"
        if self.version == current:
            return "expired" if self.expires_at <= now else "current"
        return "kept" if self.can_return(now) else "replaced"

    def can_return(self, now: float) -> bool:
        """Whether it can be made current again."""
        kept = self.kept_until is None or now < self.kept_until
        return kept and self.gone_at is None and self.revoked_at is None
