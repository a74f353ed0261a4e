"""The audit log, read and proved: `contract/audit.yaml`. Nothing here writes."""

from datetime import datetime

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from catalog.api.admin.answers import Result
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import DEFAULT_LIMIT, Page, cut
from catalog.api.admin.routing import AdminRoute
from catalog.audit.log import AuditLog, Filter
from catalog.audit.views import checkpoint_view, entry_view


class FaultView(msgspec.Struct, frozen=True):
    """The first place that is not as it was written."""

    entry: int
    reason: str


class Verification(msgspec.Struct, frozen=True):
    """`entries` are as they were written; `fault` is what comes behind them, if anything is wrong."""

    verified: bool
    entries: int
    fault: FaultView | None


class AuditRoutes:
    """The handlers. `key` is that of the checkpoints."""

    def __init__(self, audit: AuditLog, key: Ed25519PublicKey) -> None:
        self._audit = audit
        self._key = key
        self.routes = (
            AdminRoute("listAuditEntries", self.list_entries),
            AdminRoute("listAuditCheckpoints", self.list_checkpoints),
            AdminRoute("verifyAuditLog", self.verify),
        )

    async def list_entries(self, request: AdminRequest) -> Result:
        query = request.query
        wanted = Filter(
            query.get("subject"),
            query.get("object"),
            query.get("actor"),
            _seconds(query.get("since")),
            _seconds(query.get("until")),
            query.get("action"),
            query.get("text"),
        )
        limit: int = query.get("limit", DEFAULT_LIMIT)
        found = await self._audit.search(
            wanted, after=query.get("after"), limit=limit, newest_first=query.get("order") == "newest-first"
        )
        return Page(
            tuple(entry_view(each) for each in found.entries), None if found.next is None else str(found.next)
        )

    async def list_checkpoints(self, request: AdminRequest) -> Result:
        limit: int = request.query.get("limit", DEFAULT_LIMIT)
        found = await self._audit.checkpoints(after=request.query.get("after", 0), limit=limit + 1)
        return cut([checkpoint_view(each) for each in found], limit, lambda each: str(each.number))

    async def verify(self, request: AdminRequest) -> Result:
        anchors = (text.split(":") for text in request.query.get("expect", ()))
        expected = {int(number): bytes.fromhex(digest) for number, digest in anchors}
        good, fault = await self._audit.verify(self._key, expected)
        told = None if fault is None else FaultView(fault.number, fault.what)
        return Verification(fault is None, good, told)


def _seconds(text: str | None) -> int | None:
    return None if text is None else int(datetime.fromisoformat(text).timestamp())
