"""Who is told of requests for subscriptions, and how they are shown. No I/O."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from catalog.calendar.entries import EstateView
from catalog.clock import moment, moment_or_none
from catalog.notices.audiences import Audience, consumer_of, member_of, owner_of
from catalog.notices.notice import Kind, Notice
from catalog.refusal import Refusal
from catalog.subscriptions.request import RequestState, SubscriptionRequest


class SubscriptionRequestView(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    consumer: str
    application: str
    api: str
    version: str
    plan: str
    scopes: tuple[str, ...]
    reason: str
    requested_by: str
    requested_at: datetime
    state: RequestState
    decided_by: str | None
    decided_at: datetime | None
    decision: str | None


def request_view(request: SubscriptionRequest) -> SubscriptionRequestView:
    """A request."""
    return SubscriptionRequestView(
        number=request.number,
        consumer=request.consumer,
        application=request.application,
        api=request.api,
        version=request.api_version,
        plan=request.plan,
        scopes=request.scopes,
        reason=request.reason,
        requested_by=request.requested_by,
        requested_at=moment(request.requested_at),
        state=request.state,
        decided_by=request.decided_by or None,
        decided_at=moment_or_none(request.decided_at),
        decision=request.decision or None,
    )


def conflict(detail: str, current: SubscriptionRequest) -> Refusal:
    """Somebody was first: with how it stands now."""
    return Refusal("state-conflict", detail, {"current": msgspec.to_builtins(request_view(current))})


def requested_notice(view: EstateView, request: SubscriptionRequest) -> Notice:
    """To the owner of the API."""
    scopes = ", ".join(request.scopes) or "none"
    body = (
        f"{request.requested_by} asks for {request.application} of {request.consumer}: {request.api} "
        f"{request.api_version}, by the plan {request.plan}, with the scopes: {scopes}.\n\n"
        f"Reason: {request.reason}\n\n"
        f"See it and decide:\n\n    ostiary subscriptions show {request.number}\n"
    )
    subject = f"{request.application} asks for {request.api} {request.api_version}"
    at = request.requested_at
    return _notice("subscription-requested", request, owner_of(view, request.api), subject, body, at)


def decided_notices(view: EstateView, request: SubscriptionRequest) -> list[Notice]:
    """To who asked; once it opened something, also to the consumer's contact and the owner of the API."""
    what = {
        "approved": f"may call {request.api} {request.api_version}",
        "refused": f"does not get {request.api} {request.api_version}",
        "ended": f"has no subscription to {request.api} {request.api_version} any more that it had asked for",
    }[request.state]
    subject = f"{request.application} {what}"
    body = f"{subject}.\n\nReason: {request.decision}\n\nDecided by {request.decided_by}.\n"
    audiences: Sequence[Audience] = (member_of(view, request.requested_by),)
    if request.state != "refused":
        consumer = consumer_of(view, request.consumer, (request.application,))
        owner = (owner_of(view, request.api),) if request.api in view.apis else ()
        audiences = (*audiences, consumer, *owner)
    at = request.decided_at or request.requested_at
    return [_notice("subscription-decided", request, each, subject, body, at) for each in audiences]


def _notice(
    kind: Kind, request: SubscriptionRequest, audience: Audience, subject: str, body: str, at: int
) -> Notice:
    return Notice(
        kind=kind,
        key=f"subscription:{request.number}:{request.state}:{audience.id}",
        about=request.about,
        recipients=audience.recipients,
        subject=subject,
        body=body,
        due_at=at,
    )
