"""The pages of the calendar: what ends when, who still calls it, and extensions that are asked for and decided."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

from starlette.responses import Response

from catalog.api.admin.answers import Text
from catalog.portal.calendar.gantt import LEFT, ROW, WIDTH, gantt_of
from catalog.portal.shell import Shell
from catalog.portal.speech import translated
from catalog.portal.visit import Refused, Visit, etag_of, value_of
from catalog.subscriptions.rights import OVERSEERS
from contracts.estate_words import Role
from contracts.problems import problem

PAGE: Final = 25
SUBSCRIBERS: Final = 100
EXTENSIONS: Final = 50
ASKING: Final[tuple[Role, ...]] = ("partner-developer", "api-owner", "architect")
DECISIONS: Final = {
    "grant": "grantExtension",
    "refuse": "refuseExtension",
    "revoke": "revokeExtension",
    "withdraw": "withdrawExtension",
}


class CalendarPages:
    """`/portal/calendar` and below, and `/portal/extensions`."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.routes = (
            shell.get("/calendar", self.show),
            shell.get("/calendar.ics", self.icalendar),
            shell.get("/calendar/{api}/{version}", self.version),
            shell.post("/calendar/{api}/{version}", self.ask, *ASKING),
            shell.post("/extensions/{extension}/{decision}", self.decide),
        )

    async def show(self, visit: Visit) -> Response:
        return await self._calendar(visit)

    async def icalendar(self, visit: Visit) -> Response:
        """The dates for a calendar application."""
        text = await visit.call("getIcalendar", query={"api": visit.query("api")})
        assert isinstance(text, Text)
        headers = {"cache-control": "no-store", "content-disposition": 'attachment; filename="ostiary.ics"'}
        return Response(text.body, headers=headers, media_type=text.media_type)

    async def version(self, visit: Visit) -> Response:
        return await self._version(visit, application=visit.query("application"))

    async def ask(self, visit: Visit) -> Response:
        """Asks that an application may go on past the version's end."""
        path, form = visit.request.path_params, visit.form
        typed: dict[str, Any] = {name: form.text(name) for name in ("application", "until", "reason")}
        wanted = {
            "application": translated("Say which application."),
            "until": translated("Say until when."),
            "reason": translated("Say why."),
        }
        faults = {name: fault for name, fault in wanted.items() if not typed[name]}
        if faults:
            return await self._version(visit, **typed, faults=faults, status=422)
        body = {"api": path["api"], "version": path["version"], **typed, "until": f"{typed['until']}T00:00:00Z"}
        try:
            await visit.call("requestExtension", body=body)
        except Refused as refused:
            return await self._version(visit, **typed, faults=dict(refused.faults), refused=refused)
        return self._shell.redirect(f"/calendar/{path['api']}/{path['version']}?done=asked")

    async def decide(self, visit: Visit) -> Response:
        """Grants, refuses, revokes or withdraws an extension: exactly as the page has shown it."""
        path, form = visit.request.path_params, visit.form
        operation = DECISIONS.get(path["decision"])
        if operation is None:
            raise Refused(problem("resource-not-found", "That is nothing that can be done about an extension."))
        text, asked = form.text("text"), {"about": path["extension"], "typed": form.text("text")}
        if not text:
            return await self._calendar(visit, **asked, fault=translated("Say why."), status=422)
        headers = {} if path["decision"] == "withdraw" else {"If-Match": form.text("etag")}
        try:
            await visit.call(operation, {"extension": path["extension"]}, body={"comment": text}, headers=headers)
        except Refused as refused:
            return await self._calendar(visit, **asked, refused=refused)
        return self._shell.redirect(f"/calendar?done={path['decision']}#extensions")

    async def _calendar(
        self, visit: Visit, *, refused: Refused | None = None, status: int = 200, **asked: Any
    ) -> Response:
        api = visit.query("api")
        found = await visit.ask("listCalendar", api=api, limit=PAGE, after=visit.query("after"))
        extensions = await visit.ask("listExtensions", api=api, limit=EXTENSIONS)
        requested = await visit.ask("listExtensions", api=api, state="requested", limit=EXTENSIONS)
        answer = None if refused is None else refused.problem
        stale = answer is not None and answer.type.id == "state-conflict"
        return self._shell.page(
            visit,
            "calendar/calendar.html",
            status=412 if stale else status if answer is None else answer.status,
            api=api,
            entries=found["items"],
            next=found["next"],
            gantt=gantt_of(found["items"], datetime.fromtimestamp(self._shell.clock(), UTC)),
            geometry={"width": WIDTH, "row": ROW, "left": LEFT},
            requested=await self._with_etags(visit, requested["items"]),
            extensions=await self._with_etags(
                visit, [each for each in extensions["items"] if each["state"] != "requested"]
            ),
            refused=answer,
            stale=stale,
            done=visit.query("done"),
            **{"about": "", "typed": "", "fault": "", **asked},
        )

    async def _with_etags(self, visit: Visit, extensions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those that can be decided with the version of what is shown; others as they are."""

        async def look(each: dict[str, Any]) -> dict[str, Any]:
            if each["state"] not in ("requested", "granted"):
                return each | {"etag": ""}
            result = await visit.call("showExtension", {"extension": str(each["number"])})
            return {**value_of(result), "etag": etag_of(result)}

        return list(await asyncio.gather(*map(look, extensions)))

    async def _version(
        self, visit: Visit, *, refused: Refused | None = None, status: int = 200, **asked: Any
    ) -> Response:
        name, version = (visit.request.path_params[each] for each in ("api", "version"))
        entry = await self._entry(visit, name, version)
        callers = {each["application"]: each for each in entry["callers"]}
        start = int(visit.query("start")) if visit.query("start").isdecimal() else 0
        answer = None if refused is None else refused.problem
        return self._shell.page(
            visit,
            "calendar/version.html",
            status=status if answer is None else answer.status,
            entry=entry,
            callers=callers,
            strangers=[
                each
                for each in entry["callers"]
                if each["application"] not in {one["application"] for one in entry["subscribers"]}
            ],
            subscribers=entry["subscribers"][start : start + SUBSCRIBERS],
            start=start,
            page=SUBSCRIBERS,
            may_ask=visit.may(*ASKING)
            and entry["sunset"] is not None
            and entry["state"] != "retired"
            and (visit.may(*OVERSEERS) or bool(entry["subscribers"])),
            overseers=OVERSEERS,
            refused=answer,
            done=visit.query("done"),
            **{"application": "", "until": "", "reason": "", "faults": {}, **asked},
        )

    async def _entry(self, visit: Visit, api: str, version: str) -> dict[str, Any]:
        after = None
        while True:
            found = await visit.ask("listCalendar", api=api, after=after)
            for entry in found["items"]:
                if entry["version"] == version:
                    return dict(entry)
            after = found["next"]
            if after is None:
                raise Refused(problem("resource-not-found", "This version has no end: it is not in the calendar."))
