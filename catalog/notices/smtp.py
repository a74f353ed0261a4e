"""Notices as mail through a server (RFC 5321), with the standard library in a thread."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from typing import Final, Literal

from pydantic import SecretStr

from catalog.notices.channels import DeliveryError
from catalog.notices.message import message_of
from catalog.notices.outbox import Posted

Security = Literal["starttls", "tls", "none"]

_TIMEOUT: Final = 20.0  # seconds for the connection, and for each answer


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server. `security`: `starttls` (RFC 3207) and `tls` (RFC 8314) verify its certificate, by `ca` (a PEM
    file) or the machine's authorities; with `none` nothing is encrypted, and no password is sent."""

    host: str
    port: int
    security: Security = "starttls"
    user: str | None = None
    password: SecretStr = field(default=SecretStr(""))
    ca: str | None = None


class SmtpChannel:
    """A connection for each notice: there are few, and days between them."""

    name: Final = "smtp"

    def __init__(self, server: Server, sender: str) -> None:
        """Raises OSError, ssl.SSLError for a CA file that cannot be used."""
        self._server = server
        self._sender = sender
        self._tls = None if server.security == "none" else ssl.create_default_context(cafile=server.ca)

    async def send(self, posted: Posted) -> None:
        """Hands a notice over to the server. Raises DeliveryError.

        Where only some recipients are refused the others have it: to try again would tell them twice.
        """
        try:
            refused = await asyncio.to_thread(self._send, posted)
        except smtplib.SMTPRecipientsRefused as error:
            answers = [code for code, _ in error.recipients.values()]
            raise DeliveryError(_said(answers), final=all(500 <= code < 600 for code in answers)) from None
        except smtplib.SMTPAuthenticationError as error:
            # An operator's mistake, mended in the settings: the notice is still worth sending then.
            raise DeliveryError(f"the server refuses the user or password ({error.smtp_code})") from None
        except smtplib.SMTPResponseException as error:
            raise DeliveryError(_said([error.smtp_code]), final=500 <= error.smtp_code < 600) from None
        except (OSError, smtplib.SMTPException) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise DeliveryError(f"{self._server.host} port {self._server.port}: {reason}") from None
        if refused:
            raise PartlyRefused(len(refused))

    def _send(self, posted: Posted) -> dict[str, tuple[int, bytes]]:
        server = self._server
        message = message_of(posted, self._sender)
        with self._connected() as smtp:
            if server.user is not None:
                smtp.login(server.user, server.password.get_secret_value())
            return smtp.send_message(message)

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        if server.security == "tls":
            return smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT, context=self._tls)
        smtp = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT)
        if server.security == "starttls":
            try:
                smtp.starttls(context=self._tls)
            except BaseException:
                smtp.close()
                raise
        return smtp


class PartlyRefused(DeliveryError):
    """The server took the notice for some recipients, and refused the others for good or for now."""

    def __init__(self, number: int) -> None:
        super().__init__(f"the server refuses {number} of the recipients", final=True)


def _said(codes: list[int]) -> str:
    return f"the server refuses it ({', '.join(str(code) for code in sorted(set(codes)))})"
