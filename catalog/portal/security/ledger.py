"""The ledger of credentials as a table that answers questions, and as a file for a spreadsheet."""

import csv
import io
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from catalog.portal.shell import Shell
from catalog.portal.visit import Visit

PAGE: Final = 50
MOST_ROWS: Final = 100_000
KINDS: Final = (
    "client-secret",
    "api-key",
    "hmac-key",
    "member-token",
    "jwk",
    "jwks",
    "certificate",
    "signing-key",
)
STATES: Final = ("active", "replaced", "ended", "expired", "revoked")
QUESTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "ending": {"state": "active", "ending_days": "30"},
    "good": {"state": "active"},
    "replaced": {"state": "replaced"},
    "revoked": {"state": "revoked"},
}
"""Filters that have a name."""

_FILTERS: Final = ("kind", "state", "team", "application", "ending_days")
_COLUMNS: Final = (
    *("key_id", "kind", "state", "application", "team", "owner", "purpose", "created_at", "ends_at"),
    *("last_used_at", "last_used_from", "last_used_for"),
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class LedgerPages:
    """`/portal/security/ledger`. Whose credentials one sees, the admin API decides."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (
            shell.get("/security/ledger", self.ledger),
            shell.get("/security/ledger.csv", self.file),
            shell.get("/security/ledger/{credential}", self.credential),
        )

    async def ledger(self, visit: Visit) -> Response:
        chosen = _chosen(visit)
        found = await visit.ask("listCredentials", limit=PAGE, after=visit.query("after"), **chosen)
        return self._shell.page(
            visit,
            "security/ledger.html",
            block="results",
            credentials=found["items"],
            next=found["next"],
            chosen={name: chosen.get(name, "") for name in _FILTERS},
            question=visit.query("question"),
            questions=tuple(QUESTIONS),
            kinds=KINDS,
            states=STATES,
        )

    async def credential(self, visit: Visit) -> Response:
        found = await visit.ask("showCredential", {"key_id": visit.request.path_params["credential"]})
        return self._shell.page(visit, "security/credential.html", **found)

    async def file(self, visit: Visit) -> Response:
        """All that match, as CSV (RFC 4180)."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(_COLUMNS)
        after, rows = None, 0
        while rows < MOST_ROWS:
            found = await visit.ask("listCredentials", limit=200, after=after, **_chosen(visit))
            for each in found["items"]:
                writer.writerow([_cell(each[name]) for name in _COLUMNS])
            rows += len(found["items"])
            after = found["next"]
            if after is None:
                break
        headers = {"content-disposition": 'attachment; filename="credentials.csv"', "cache-control": "no-store"}
        return Response(out.getvalue(), headers=headers, media_type="text/csv")


def _chosen(visit: Visit) -> dict[str, str]:
    named = QUESTIONS.get(visit.query("question"), {})
    given = {name: visit.query(name).strip() for name in _FILTERS}
    return {**named, **{name: value for name, value in given.items() if value}}


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula (CWE-1236)."""
    text = "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
