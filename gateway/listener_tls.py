"""TLS at the listener: one context that follows its files.

The files are looked at when a client connects, at most once a second. A certificate that was replaced serves the
next handshake; connections that stand keep theirs. Files that do not fit together, as they may while one of two is
written, change nothing: what was loaded last stays in force.
"""

import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import msgspec
import structlog

log = structlog.get_logger()

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: forward secrecy and authenticated encryption alone (RFC 9325 §4.2). All of TLS 1.3 are such."""

LOOK_EVERY: Final = 1.0
"""Seconds between two looks at the files."""


class TlsError(Exception):
    """Files that cannot serve; the message says why and holds nothing of them."""


class TlsFiles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """PEM files. With `client_ca` clients are asked for a certificate that one of its authorities has signed;
    `client_verify` says whether a client without one may connect."""

    certificate: Path
    key: Path
    client_ca: Path | None = None
    client_verify: Literal["optional", "required"] = "optional"


class ServerTls:
    """The listener's side of TLS. Raises TlsError where the files cannot serve from the beginning.

    `context` is for the server's socket and stays the same. Each handshake is moved to the newest context that
    could be made of the files: loading a pair into a context in use is not atomic, and would mix old with new.
    """

    def __init__(self, files: TlsFiles, clock: Callable[[], float] = time.monotonic) -> None:
        self._files = files
        self._clock = clock
        self._looked_at = clock()
        self._state = self._stat()
        self.context = self._newest = _context(files)
        self.context.sni_callback = self._choose

    def _choose(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        """Called for every handshake, with a server name or without."""
        if self._clock() - self._looked_at >= LOOK_EVERY:
            self.look()
        if self._newest is not self.context:
            connection.context = self._newest

    def look(self) -> None:
        """Takes up files that have changed."""
        self._looked_at = self._clock()
        state = self._stat()
        if state == self._state:
            return
        self._state = state
        try:
            self._newest = _context(self._files)
        except TlsError as error:
            log.error("certificate not taken up", reason=str(error))
        else:
            log.info("certificate taken up")

    def _stat(self) -> tuple[tuple[int, int, int] | None, ...]:
        """What tells one state of the files from another: a Secret in Kubernetes changes by its links."""
        state: list[tuple[int, int, int] | None] = []
        for path in (self._files.certificate, self._files.key, self._files.client_ca):
            try:
                found = path.stat() if path is not None else None
            except OSError:
                found = None
            state.append((found.st_mtime_ns, found.st_ino, found.st_size) if found is not None else None)
        return tuple(state)


def _context(files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    try:
        # A key with a passphrase would otherwise ask a terminal for it, and wait.
        context.load_cert_chain(files.certificate, files.key, password=_no_passphrase)
    except (OSError, ValueError) as error:
        raise TlsError(f"the certificate and its key cannot be used: {_reason(error)}") from None
    if files.client_ca is not None:
        try:
            context.load_verify_locations(files.client_ca)
        except (OSError, ValueError) as error:
            raise TlsError(f"the clients' authorities cannot be used: {_reason(error)}") from None
        required = files.client_verify == "required"
        context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
        # A resumed session would not be verified again, and outlive the authority that it was verified by.
        context.num_tickets = 0
        context.options |= ssl.OP_NO_TICKET
    return context


def _no_passphrase() -> str:
    raise ValueError("the key has a passphrase")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "no PEM").replace("_", " ").lower()
    return error.strerror or "unreadable" if isinstance(error, OSError) else str(error)
