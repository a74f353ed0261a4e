"""A value that is to be set: what may be asked for, and what is made of it. No I/O."""

import msgspec

from catalog.people.members import Members
from catalog.refusal import Refusal
from catalog.upstream_credentials.credential import UpstreamCredential
from contracts.estate_files import CredentialsEntry
from contracts.upstream_secrets import MAXIMUM_SECRET


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A value, for how many days the upstream takes it, and for how many the one before is kept. What is empty of
    the rest stays as it was."""

    value: str
    expires_days: int
    keep_days: int = 7
    team: str = ""
    owner: str = ""
    purpose: str = ""
    runbook: str = ""

    def __repr__(self) -> str:
        return f"Wanted({self.team}, {self.owner}, {self.expires_days} days)"

    def merged(self, name: str, before: UpstreamCredential | None, by: str, now: int) -> UpstreamCredential:
        """What the name becomes."""
        if before is None:
            return UpstreamCredential(
                name=name,
                team=self.team,
                owner=self.owner,
                purpose=self.purpose,
                runbook=self.runbook,
                current=0,
                created_at=now,
                created_by=by,
            )
        return msgspec.structs.replace(
            before,
            team=self.team or before.team,
            owner=self.owner or before.owner,
            purpose=self.purpose or before.purpose,
            runbook=self.runbook or before.runbook,
        )


def value_bytes(value: str) -> bytes | Refusal:
    """As it is sealed: without the newline that editors leave, as a gateway reads its files too."""
    try:
        data = value.strip().encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        data = b"\0"
    if not data:
        return _wrong("/value", "minLength", "must not be empty")
    if len(data) > MAXIMUM_SECRET:
        return _wrong("/value", "maxLength", f"must not be longer than {MAXIMUM_SECRET} bytes")
    if b"\0" in data:
        return _wrong("/value", "text", "must be text")
    return data


def fault_of_wanted(
    wanted: Wanted, made: UpstreamCredential, members: Members, policy: CredentialsEntry
) -> Refusal | None:
    """Why this is not set, whoever asks."""
    for name in ("team", "owner", "purpose"):
        if not getattr(made, name):
            return _wrong(f"/{name}", "required", "must be said of a credential that is new")
    member = members.by_name.get(made.owner)
    if member is None or made.team not in member.memberships:
        return _wrong("/owner", "member", f"must be a member of the team {made.team!r}")
    if wanted.expires_days > policy.upstream_max_days:
        message = f"the estate lets none live longer than {policy.upstream_max_days} days"
        return _wrong("/expires_days", "maximum", message)
    return None


def _wrong(pointer: str, rule: str, message: str) -> Refusal:
    violation = {"in": "body", "pointer": pointer, "rule": rule, "message": message}
    return Refusal("schema-violation", "The credential is not as it should be.", {"violations": [violation]})
