"""The audit log: searched, exported, and proved."""

from collections.abc import AsyncIterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

import msgspec
from starlette.responses import Response, StreamingResponse

from catalog.credentials.rights import GUARDS
from catalog.portal.security.asking import address_of
from catalog.portal.security.tables import as_csv
from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Refused, Visit

PAGE: Final = 50
FILTERS: Final = ("text", "subject", "action", "object", "actor", "since", "until")
_FILE_PAGE: Final = 500
_COLUMNS: Final = (
    *("number", "at", "subject", "action", "object", "actor", "reason", "before", "after", "request_id"),
    *("previous", "digest"),
)


class AuditPages:
    """`/portal/security/audit`."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (
            shell.get("/security/audit", self.log, *GUARDS),
            shell.get("/security/audit.csv", self.table, *GUARDS),
            shell.get("/security/audit.jsonl", self.lines, *GUARDS),
        )

    async def log(self, visit: Visit) -> Response:
        chosen = _chosen(visit)
        query, faults = _query(chosen)
        found: dict[str, Any] = {"items": (), "next": None}
        if not faults:
            found = await visit.ask(
                "listAuditEntries", limit=PAGE, after=visit.query("after"), order="newest-first", **query
            )
        proved, anchor = None, visit.query("expect").strip()
        if visit.query("prove"):
            try:
                proved = await visit.ask("verifyAuditLog", expect=anchor)
            except Refused as refused:
                if not refused.problem.extensions.get("violations"):
                    raise
                faults["expect"] = translated("It is no entry's number and digest, as 42:60303ae2….")
        return self._shell.page(
            visit,
            "security/audit.html",
            block="results",
            status=422 if faults else 200,
            entries=found["items"],
            next=address_of(chosen, after=found["next"]) if found["next"] else "",
            looked_back_to=found["next"] if len(found["items"]) < PAGE else None,
            chosen=chosen,
            asked={name: text for name, text in chosen.items() if text},
            address=address_of(chosen),
            faults=faults,
            proved=proved,
            expect=anchor,
            newest=None if visit.partial else await self._newest(visit),
            views=() if visit.partial else (await visit.ask("listViews", room="audit", limit=100))["items"],
            address_of=address_of,
        )

    async def table(self, visit: Visit) -> Response:
        """What is searched for as CSV, in order."""
        query, faults = _query(_chosen(visit))

        async def page(after: str | None) -> Any:
            return await visit.ask("listAuditEntries", limit=_FILE_PAGE, after=after, **query)

        return self._shell.redirect("/security/audit") if faults else await as_csv("audit", _COLUMNS, page)

    async def lines(self, visit: Visit) -> Response:
        """All of the chain as JSON lines, with every digest: as `ostiary audit export` writes it, so that others
        prove it without the catalog."""
        first = await visit.ask("listAuditEntries", limit=_FILE_PAGE)

        async def pieces() -> AsyncIterator[bytes]:
            found = first
            while True:
                yield b"".join(msgspec.json.encode(each) + b"\n" for each in found["items"])
                if found["next"] is None:
                    return
                found = await visit.ask("listAuditEntries", limit=_FILE_PAGE, after=found["next"])

        headers = {"content-disposition": 'attachment; filename="audit.jsonl"', "cache-control": "no-store"}
        return StreamingResponse(pieces(), headers=headers, media_type="application/jsonl")

    async def _newest(self, visit: Visit) -> Any:
        found = (await visit.ask("listAuditEntries", limit=1, order="newest-first"))["items"]
        return found[0] if found else None


def _chosen(visit: Visit) -> dict[str, str]:
    return {name: visit.query(name).strip() for name in FILTERS}


def _query(chosen: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The parameters of the operation: days, of which the last counts whole, are moments there (UTC)."""
    query, faults = dict(chosen), dict[str, str]()
    for name, days in (("since", 0), ("until", 1)):
        if not chosen[name]:
            continue
        try:
            query[name] = f"{date.fromisoformat(chosen[name]) + timedelta(days=days)}T00:00:00Z"
        except (ValueError, OverflowError):
            faults[name] = translated("It is no day, as 2026-11-28.")
    return query, faults
