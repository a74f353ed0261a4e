"""HTTP/1.1 as uvicorn speaks it, with the bounds that it leaves to a proxy in front.

A request's head has to arrive in time and within a size, and what is no HTTP is refused as everything else is:
with problem+json and an id.
"""

import asyncio
import http
from typing import Any, Final

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from contracts.problems import CONTENT_TYPE, Problem, problem
from policies import request_id

log = structlog.get_logger("catalog.access")

MAX_HEAD: Final = 32_768
"""Bytes of a request's line and fields together."""
HEAD_SECONDS: Final = 10.0
"""In which a request's head must be complete."""
CLIENT_CERTIFICATE: Final = "ostiary.client_certificate"
"""Where the ASGI scope has the certificate (DER) that the client proved in the TLS handshake, or None."""


class CatalogProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_bytes = 0
        self._in_head = True  # from the first byte on; a connection that sends none is also waited for
        self._head_timer: asyncio.TimerHandle | None = None
        self._certificate: bytes | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        connection = transport.get_extra_info("ssl_object")
        self._certificate = None if connection is None else connection.getpeercert(binary_form=True)
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_has_come()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self._head_is_late)
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD:
            self._refuse(problem("head-too-large", f"The request head is larger than {MAX_HEAD} bytes."))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[CLIENT_CERTIFICATE] = self._certificate  # type: ignore[typeddict-unknown-key]
        self._head_bytes = 0
        self._in_head = True

    def on_headers_complete(self) -> None:
        self._head_has_come()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Uvicorn's hook for what the parser refuses."""
        self._refuse(problem("malformed-request", "The message is not HTTP/1.1."))

    def _head_has_come(self) -> None:
        self._in_head = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if not self.transport.is_closing():
            self._refuse(problem("request-timeout", f"The request head did not arrive within {HEAD_SECONDS:g} s."))

    def _refuse(self, refusal: Problem) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            # An answer to an earlier request of this connection is on its way: nothing may be put between.
            self.transport.close()
            return
        identity = request_id.choose({})
        body = refusal.body(f"urn:ostiary:request:{identity}")
        head = (
            f"HTTP/1.1 {refusal.status} {http.HTTPStatus(refusal.status).phrase}\r\n"
            f"content-type: {CONTENT_TYPE}\r\ncontent-length: {len(body)}\r\ncache-control: no-store\r\n"
            f"x-request-id: {identity}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()
        log.info("request", request_id=identity, status=refusal.status, problem=refusal.type.id)
