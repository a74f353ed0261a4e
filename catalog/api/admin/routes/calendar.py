"""What ends when, who is spared, and what people were told: `contract/calendar.yaml`."""

from datetime import datetime
from typing import Final

import msgspec

from catalog.api.admin.answers import Answer, Result, Text
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.paging import Page, page
from catalog.api.admin.routing import AdminRoute
from catalog.calendar.entries import CalendarEntry
from catalog.calendar.events import CalendarEvent, between, events_of
from catalog.calendar.extension import Extension
from catalog.calendar.extensions import Decision
from catalog.calendar.ical import CONTENT_TYPE, icalendar
from catalog.calendar.room import CalendarRoom
from catalog.calendar.views import (
    EntryView,
    EventView,
    consent_view,
    entry_view,
    event_view,
    extension_view,
    override_view,
)
from catalog.clock import DAY, Clock
from catalog.notices.views import posted_view
from catalog.refusal import Refusal
from catalog.subscriptions.rights import oversees, own_consumers, sees

_CALLERS_DAYS: Final = 30
_NOTICES_DAYS: Final = 400
_NO_EXTENSION: Final = Refusal("resource-not-found", "There is no such extension.")


class NewExtension(msgspec.Struct, frozen=True):
    application: str
    api: str
    version: str
    until: datetime
    reason: str


class NewConsent(msgspec.Struct, frozen=True):
    consumer: str
    api: str
    version: str
    given_by: str
    text_digest: str


class NewOverride(msgspec.Struct, frozen=True):
    api: str
    version: str
    reason: str


class CalendarRoutes:
    """The handlers."""

    def __init__(self, room: CalendarRoom, clock: Clock) -> None:
        self._room = room
        self._clock = clock
        self.routes = (
            AdminRoute("listCalendar", self.list_calendar),
            AdminRoute("listCalendarEvents", self.list_events),
            AdminRoute("getIcalendar", self.get_icalendar),
            AdminRoute("listExtensions", self.list_extensions),
            AdminRoute("requestExtension", self.request_extension),
            AdminRoute("showExtension", self.show_extension),
            AdminRoute("grantExtension", self.grant_extension),
            AdminRoute("refuseExtension", self.refuse_extension),
            AdminRoute("revokeExtension", self.revoke_extension),
            AdminRoute("withdrawExtension", self.withdraw_extension),
            AdminRoute("listConsents", self.list_consents),
            AdminRoute("recordConsent", self.record_consent),
            AdminRoute("overrideSunsetGate", self.override_gate),
            AdminRoute("listNotices", self.list_notices),
        )

    async def list_calendar(self, request: AdminRequest) -> Result:
        entries, _ = await self._chosen(request)
        shown = page(request, entries, lambda each: each.about)
        since = int(self._clock()) - request.query.get("days", _CALLERS_DAYS) * DAY
        told = oversees(request.principal)
        views = [await self._entry(each, since if told else None) for each in shown.items]
        return Page(tuple(views), shown.next)

    async def list_events(self, request: AdminRequest) -> Result:
        _, events = await self._chosen(request)
        return page(request, [event_view(each) for each in events], _event_key)

    async def get_icalendar(self, request: AdminRequest) -> Result:
        _, events = await self._chosen(request)
        view = self._room.view()
        name = "estate" if view is None else view.file.name
        return Text(icalendar(events, name, self._clock()).encode(), CONTENT_TYPE)

    async def list_extensions(self, request: AdminRequest) -> Result:
        query = request.query
        found = await self._room.extensions.list(state=query.get("state"), api=query.get("api"))
        view, principal = self._room.view(), request.principal
        seen = [extension_view(each) for each in found if sees(principal, view, each.consumer)]
        return page(request, seen, lambda each: str(each.number))

    async def request_extension(self, request: AdminRequest) -> Result:
        wanted = request.body_as(NewExtension)
        made = await self._room.extensions.request(
            request.principal,
            wanted.application,
            wanted.api,
            wanted.version,
            int(wanted.until.timestamp()),
            wanted.reason,
            request_id=request.request_id,
        )
        return _shown(made, 201)

    async def show_extension(self, request: AdminRequest) -> Result:
        found = await self._room.extensions.find(request.path["extension"])
        if found is None or not sees(request.principal, self._room.view(), found.consumer):
            return _NO_EXTENSION
        return _shown(found)

    async def grant_extension(self, request: AdminRequest) -> Result:
        return await self._decide(request, "granted")

    async def refuse_extension(self, request: AdminRequest) -> Result:
        return await self._decide(request, "refused")

    async def revoke_extension(self, request: AdminRequest) -> Result:
        return await self._decide(request, "revoked")

    async def withdraw_extension(self, request: AdminRequest) -> Result:
        number, comment = request.path["extension"], request.body["comment"]
        return _shown(
            await self._room.extensions.withdraw(request.principal, number, comment, request_id=request.request_id)
        )

    async def list_consents(self, request: AdminRequest) -> Result:
        found = await self._room.consents.of(request.query["api"], request.query["version"])
        views = [consent_view(each) for each in found]
        return page(request, views, lambda each: f"{each.consumer}/{each.sunset.isoformat()}")

    async def record_consent(self, request: AdminRequest) -> Result:
        wanted = request.body_as(NewConsent)
        made = await self._room.consents.record(
            request.principal,
            wanted.consumer,
            wanted.api,
            wanted.version,
            wanted.given_by,
            wanted.text_digest,
            request_id=request.request_id,
        )
        return made if isinstance(made, Refusal) else consent_view(made)

    async def override_gate(self, request: AdminRequest) -> Result:
        wanted = request.body_as(NewOverride)
        made = await self._room.overrides.record(
            request.principal, wanted.api, wanted.version, wanted.reason, request_id=request.request_id
        )
        return made if isinstance(made, Refusal) else override_view(made)

    async def list_notices(self, request: AdminRequest) -> Result:
        since = int(self._clock()) - _NOTICES_DAYS * DAY
        found = await self._room.outbox.list(about=request.query.get("about"), since=since)
        return page(request, [posted_view(each) for each in found], lambda each: each.id)

    async def _decide(self, request: AdminRequest, decision: Decision) -> Result:
        seen = request.if_match or ""
        if not seen.isdecimal():
            found = await self._room.extensions.find(request.path["extension"])
            if found is None:
                return _NO_EXTENSION
            current = msgspec.to_builtins(extension_view(found))
            return Refusal("state-conflict", "This is no state that the extension ever had.", {"current": current})
        decided = await self._room.extensions.decide(
            request.principal,
            request.path["extension"],
            decision,
            request.body["comment"],
            version=int(seen),
            request_id=request.request_id,
        )
        return _shown(decided)

    async def _chosen(self, request: AdminRequest) -> tuple[list[CalendarEntry], tuple[CalendarEvent, ...]]:
        """The entries of the API that is asked for, and their dates in the time that is. Where one is, an entry
        without a date in it is left out. A partner sees none of the others among the subscribers."""
        query, principal = request.query, request.principal
        api: str | None = query.get("api")
        entries = [each for each in await self._room.entries() if api in (None, each.api)]
        if not oversees(principal):
            own = own_consumers(principal, self._room.view())
            entries = [each.narrowed(own) for each in entries]
        if "from" not in query and "until" not in query:
            return entries, events_of(entries)
        since = _seconds(query["from"]) if "from" in query else None
        until = _seconds(query["until"]) if "until" in query else None
        events = between(events_of(entries), since, until)
        named = {(each.api, each.version) for each in events}
        return [each for each in entries if (each.api, each.version) in named], events

    async def _entry(self, entry: CalendarEntry, since: int | None) -> EntryView:
        if since is None:
            return entry_view(entry, self._clock())
        callers = await self._room.callers.calls_since(entry.api, entry.version, since)
        return entry_view(entry, self._clock(), callers)


def _shown(extension: Extension | Refusal, status: int = 200) -> Result:
    if isinstance(extension, Refusal):
        return extension
    location = f"/extensions/{extension.number}" if status == 201 else ""
    return Answer(extension_view(extension), status, etag=str(extension.version), location=location)


def _event_key(event: EventView) -> str:
    return f"{event.at.isoformat()}/{event.kind}/{event.api}/{event.version}/{event.application or ''}"


def _seconds(text: str) -> int:
    """The contract's format was checked: RFC 3339, of which Python reads all but a lower-case `t` and `z`."""
    return int(datetime.fromisoformat(text.upper()).timestamp())
