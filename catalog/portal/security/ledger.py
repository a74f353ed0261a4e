"""The ledger of credentials as a table that answers questions, all of them together, and as a file."""

from typing import Any, Final

from starlette.responses import Response

from catalog.portal.security.asking import (
    FILTERS,
    KINDS,
    ORDERS,
    QUESTIONS,
    STATES,
    address_of,
    chosen_in,
    order_in,
)
from catalog.portal.security.tables import as_csv
from catalog.portal.shell import Shell
from catalog.portal.visit import Refused, Visit

PAGE: Final = 50
_FILE_PAGE: Final = 500
_COLUMNS: Final = (
    *("key_id", "kind", "state", "application", "team", "owner", "purpose", "scopes", "networks"),
    *("created_at", "created_by", "expires_at", "ends_at", "last_used_at", "last_used_from", "last_used_for"),
    *("predecessor", "successor", "revoked_at", "revoked_by", "revoked_reason"),
)


class LedgerPages:
    """`/portal/security/ledger`. Whose credentials one sees, the admin API decides."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (
            shell.get("/security", self.enter),
            shell.get("/security/ledger", self.ledger),
            shell.get("/security/ledger.csv", self.file),
        )

    async def enter(self, visit: Visit) -> Response:
        return self._shell.redirect("/security/ledger")

    async def ledger(self, visit: Visit) -> Response:
        given = dict(visit.request.query_params)
        chosen, order = chosen_in(given), order_in(given)
        faults: dict[str, str] = {}
        found: dict[str, Any] = {"items": (), "next": None}
        try:
            found = await visit.ask(
                "listCredentials", limit=PAGE, after=visit.query("after"), order=order, **chosen
            )
        except Refused as refused:
            faults = _faults(refused)
            if not faults:
                raise
        whole = not visit.partial
        return self._shell.page(
            visit,
            "security/ledger.html",
            block="results",
            status=422 if faults else 200,
            credentials=found["items"],
            next=address_of(chosen, order=order, after=found["next"] or "") if found["next"] else "",
            chosen={name: chosen.get(name, "") for name in FILTERS},
            asked=chosen,
            order=order,
            address=address_of(chosen, order=order),
            orders={each: address_of(chosen, order=f"-{each}" if each == order else each) for each in ORDERS},
            faults=faults,
            kinds=KINDS,
            states=STATES,
            counts=await visit.ask("countCredentials") if whole else {},
            questions={name: address_of(filters) for name, filters in QUESTIONS.items()},
            views=(await visit.ask("listViews", room="ledger", limit=100))["items"] if whole else (),
            address_of=address_of,
        )

    async def file(self, visit: Visit) -> Response:
        """All that match."""
        given = dict(visit.request.query_params)
        chosen, order = chosen_in(given), order_in(given)

        async def page(after: str | None) -> Any:
            return await visit.ask("listCredentials", limit=_FILE_PAGE, after=after, order=order, **chosen)

        return await as_csv("credentials", _COLUMNS, page)


def _faults(refused: Refused) -> dict[str, str]:
    """What is wrong with filters, by their names."""
    violations = refused.problem.extensions.get("violations", ())
    return {str(each["pointer"]).strip("/"): str(each["message"]) for each in violations if each["in"] == "query"}
