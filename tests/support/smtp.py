"""A real SMTP server in the test's own event loop (aiosmtpd), with TLS and a password where a test wants them."""

import asyncio
import contextlib
import ssl
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Mailbox:
    """What the server took. `answers` are given to the recipients of the same name, in place of 250."""

    port: int = 0
    envelopes: list[Envelope] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    after_data: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.after_data:
            return self.after_data.pop(0)
        self.envelopes.append(envelope)
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 taken"


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ostiary", b"s3cret")
    return AuthResult(success=good, handled=False)  # not handled: the server says 535 itself


@contextlib.asynccontextmanager
async def smtp_server(
    certificate: Path | None = None, *, tls: bool = False, password: bool = False
) -> AsyncIterator[Mailbox]:
    """A server on a free port of loopback: with a `certificate` it offers STARTTLS, or speaks TLS at once; with
    `password` it wants the user `ostiary` and `s3cret`."""
    mailbox = Mailbox()
    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            # It knows of STARTTLS alone, and takes a password over TLS from the start for one in clear.
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(
                mailbox,
                loop=loop,
                hostname="mail.test",
                tls_context=None if tls else context,
                authenticator=_authenticate if password else None,
                auth_required=password,
                auth_require_tls=not tls,
                auth_exclude_mechanism=["LOGIN"],
            )

    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if tls else None)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()
