"""Who is told of what happens to changes and waivers. No I/O."""

from catalog.calendar.entries import EstateView
from catalog.changes.records import Change, ChangeEvent, ChangeView
from catalog.changes.waiver_table import Waiver
from catalog.clock import DAY
from catalog.notices.audiences import Audience, holders_of, member_of, owner_of
from catalog.notices.notice import Notice
from catalog.revisions.units import ESTATE_UNIT


def emergency_notices(
    view: EstateView, change: Change, actor: str, reason: str, due: str, now: int
) -> list[Notice]:
    """To every architect and security member, and to the owner of the API: something came into force that nobody
    else has seen."""
    subject = f"Emergency change of {change.unit}: {actor} published change {change.number} without approval"
    body = (
        f"{actor} published change {change.number} of {change.unit}, which was not approved.\n\n"
        f"Reason: {reason}\n\nSomebody else reviews it by {due}:\n\n"
        f"    ostiary changes show {change.number}\n    ostiary changes review {change.number}\n"
    )
    return [
        Notice(
            kind="emergency-change",
            key=f"emergency:{change.number}:{audience.id}",
            about=f"change/{change.number}",
            recipients=audience.recipients,
            subject=subject,
            body=body,
            due_at=now,
        )
        for audience in _concerned(view, change.unit)
    ]


def overdue_notices(view: EstateView, change: Change, now: int) -> list[Notice]:
    """To the same: nobody has reviewed it in time, and nothing of the unit is published until somebody does."""
    subject = f"The emergency change {change.number} of {change.unit} has not been reviewed"
    body = (
        f"The emergency change {change.number} of {change.unit} was to be reviewed by now. Until somebody does,"
        f" nothing else of {change.unit} is published:\n\n    ostiary changes review {change.number}\n"
    )
    return [
        Notice(
            kind="review-overdue",
            key=f"review-overdue:{change.number}:{audience.id}",
            about=f"change/{change.number}",
            recipients=audience.recipients,
            subject=subject,
            body=body,
            due_at=now,
        )
        for audience in _concerned(view, change.unit)
    ]


def waiver_notices(view: EstateView, waiver: Waiver, days: int, now: int) -> list[Notice]:
    """To the owner of the API and to who asked for it, as many days before its end as the estate says."""
    subject = f"The waiver {waiver.number} of {waiver.unit} ends on {waiver.expires}"
    body = (
        f"The waiver {waiver.number} ({waiver.rule}) of {waiver.unit} holds through {waiver.expires}:\n\n"
        f"    {waiver.finding}\n\nIf that is still so when it ends, nothing of {waiver.unit} is published until it"
        f" is mended, or waived anew:\n\n    ostiary waivers request {waiver.unit} {waiver.fingerprint}\n"
    )
    audiences = [owner_of(view, waiver.unit)] if waiver.unit in view.apis else []
    asked = member_of(view, waiver.requested_by)
    if not any(set(asked.recipients) <= set(each.recipients) for each in audiences):
        audiences.append(asked)
    return [
        Notice(
            kind="waiver-ending",
            key=f"waiver-ending:{waiver.number}:{audience.id}",
            about=f"waiver/{waiver.number}",
            recipients=audience.recipients,
            subject=subject,
            body=body,
            due_at=now,
            useless_at=now + (days + 1) * DAY,
        )
        for audience in audiences
    ]


def comment_notices(view: EstateView, change: ChangeView, comment: ChangeEvent, now: int) -> list[Notice]:
    """To the authors, and to everybody who said or decided something before: a discussion is with those who are in
    it. Not to who says it."""
    number, unit = change.change.number, change.change.unit
    taking_part = dict.fromkeys((*change.change.authors, *(each.actor for each in change.events)))
    subject = f"{comment.actor} has commented on change {number} of {unit}"
    body = f"{comment.actor} says:\n\n{comment.text}\n\n    ostiary changes show {number}\n"
    audiences = (member_of(view, name) for name in taking_part if name != comment.actor)
    return [
        Notice(
            kind="change-commented",
            key=f"comment:{number}:{comment.number}:{audience.id}",
            about=f"change/{number}",
            recipients=audience.recipients,
            subject=subject,
            body=body,
            due_at=now,
        )
        for audience in audiences
        if audience.recipients
    ]


def _concerned(view: EstateView, unit: str) -> list[Audience]:
    audiences = [holders_of(view, "architect", "security")]
    if unit != ESTATE_UNIT and unit in view.apis:
        audiences.append(owner_of(view, unit))
    return audiences
