"""Calls that failed, by request id or by application, each with what its caller can do."""

from typing import Any

from starlette.responses import Response

from catalog.portal.shell import Shell
from catalog.portal.visit import Refused, Visit

PAGE = 50
FILTERS = ("request_id", "application", "api", "version")


class ErrorPages:
    """`/portal/errors`."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (shell.get("/errors", self.errors),)

    async def errors(self, visit: Visit) -> Response:
        # `request` is short for people who are told an address.
        asked = {name: visit.query(name).strip() for name in FILTERS}
        asked["request_id"] = asked["request_id"] or visit.query("request").strip()
        after = visit.query("after")
        found: dict[str, Any] = {"items": [], "next": None}
        faults: dict[str, str] = {}
        try:
            found = await visit.ask("listErrors", **asked, after=after, limit=PAGE)
        except Refused as refused:
            faults = _faults(refused)
            if not faults:
                raise
        return self._shell.page(
            visit,
            "errors.html",
            block="results",
            items=found["items"],
            next=found["next"],
            asked=asked,
            faults=faults,
            sought=any(asked.values()),
            after=after,
        )


def _faults(refused: Refused) -> dict[str, str]:
    """What is wrong with what was typed, by field."""
    violations = refused.problem.extensions.get("violations", ())
    return {
        str(each["pointer"]).lstrip("/"): str(each["message"])
        for each in violations
        if isinstance(each, dict) and each.get("in") == "query"
    }
