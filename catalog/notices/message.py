"""A notice as an e-mail (RFC 5322)."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from catalog.notices.outbox import Posted

_DOMAIN: Final = "ostiary.invalid"


def message_of(posted: Posted, sender: str) -> EmailMessage:
    """The message, the same to the byte at each attempt: by its Message-ID whoever gets it twice can tell.

    `sender` is the address that it comes from; its domain is that of the Message-ID (RFC 5322 §3.6.4).
    """
    notice = posted.notice
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = ", ".join(notice.recipients)
    message["Subject"] = " ".join(notice.subject.split())  # a header is one line
    message["Date"] = format_datetime(datetime.fromtimestamp(posted.created_at, UTC))
    _, at, domain = sender.rpartition("@")
    message["Message-ID"] = f"<{posted.id}@{domain.rstrip('>') if at else _DOMAIN}>"
    # RFC 3834 §5: nobody's holiday answers to it.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Ostiary-Notice"] = notice.kind
    message.set_content(notice.body)
    return message
