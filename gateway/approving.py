"""Only what was approved is enforced: each version of a snapshot against the approval that comes along."""

from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contracts.approvals import Approval
from contracts.packed import PackedVersion, Steps


class NotApprovedError(Exception):
    """A version that nobody approved as it is; the message says what is missing."""


class Approvals:
    """Those of one contracts part. `key` is the catalog's snapshot key."""

    def __init__(self, key: Ed25519PublicKey, given: Iterable[Approval]) -> None:
        self._key = key
        self._given = {(each.api, each.version): each for each in given}

    def check(self, version: PackedVersion) -> Steps[None]:
        """Raises NotApprovedError unless the catalog has signed that this very entry was approved."""
        approval = self._given.get(version.name)
        if approval is None:
            raise NotApprovedError("it has no approval")
        yield
        if not approval.is_signed(self._key):
            raise NotApprovedError("its approval has no signature of the catalog's key")
        digest = yield from version.digest()
        if digest != approval.entry:
            raise NotApprovedError(f"{approval.entry} was approved, and not {digest}")
