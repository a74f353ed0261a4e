"""Notices as the admin API shows them."""

from datetime import datetime

import msgspec

from catalog.clock import moment, moment_or_none
from catalog.notices.notice import Kind
from catalog.notices.outbox import Posted


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    channel: str
    attempts: int
    outcome: str
    error: str
    ended_at: datetime | None


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    kind: Kind
    about: str
    recipients: tuple[str, ...]
    subject: str
    body: str
    due_at: datetime
    created_at: datetime
    deliveries: tuple[DeliveryView, ...]


def posted_view(posted: Posted) -> NoticeView:
    """A notice with how it went by each channel."""
    notice = posted.notice
    return NoticeView(
        id=posted.id,
        kind=notice.kind,
        about=notice.about,
        recipients=notice.recipients,
        subject=notice.subject,
        body=notice.body,
        due_at=moment(notice.due_at),
        created_at=moment(posted.created_at),
        deliveries=tuple(
            DeliveryView(
                channel=each.channel,
                attempts=each.attempts,
                outcome=each.outcome,
                error=each.error,
                ended_at=moment_or_none(each.ended_at),
            )
            for each in posted.deliveries
        ),
    )
