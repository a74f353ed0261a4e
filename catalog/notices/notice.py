"""A notice: what somebody is told of once."""

from typing import Literal

import msgspec

Kind = Literal[
    "version-deprecated",
    "brown-out-reminder",
    "sunset-reminder",
    "version-ended",
    "version-ended-called",
    "extension-requested",
    "extension-decided",
    "extension-ending",
    "change-commented",
    "emergency-change",
    "review-overdue",
    "waiver-ending",
    "orphan",
    "calendar-overruled",
    "credential-ending",
    "credential-revoked",
    "credential-leaked",
    "upstream-credential-ending",
    "subscription-requested",
    "subscription-decided",
    "something-new",
    "odoo-drift",
]
"""What it tells of. The wording stands in `wording`, or with those who write the notice."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One notice. A second one with the same `key` is not sent: it names what is told, and whom.

    `about` names the thing for machines (`orders/v1`, `change/7`); `recipients` are e-mail addresses. Times are
    Unix seconds: it is sent from `due_at` on, and no more from `useless_at` on, when it would tell old news.
    """

    kind: Kind
    key: str
    about: str
    recipients: tuple[str, ...]
    subject: str
    body: str
    due_at: int
    useless_at: int | None = None
