"""The catalog's own TLS: its certificate, and the client certificates that a handshake lets pass.

Whoever shows a certificate has to show one that is verified: by an authority that the settings name, or because
the estate names it (RFC 8705 §2.2, self-signed). Whoever shows none may connect, too; what that opens is decided
per request. A self-signed certificate vouches for its own key alone (`contracts.client_certificates`), and so
trusting one more makes no other acceptable. Trust is only ever added here: a certificate that the estate no
longer names still completes a handshake, and opens nothing.
"""

import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from contracts.access import Application


class TlsError(Exception):
    """Files with which TLS cannot be spoken; the message names them."""


class ListenerTls:
    """The context of the listener."""

    def __init__(self, certificate: Path, key: Path, authorities: Path | None, *, asks: bool) -> None:
        """With `asks` clients are asked for a certificate. Raises TlsError."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        self._files = certificate, key
        self._read = _times(self._files)
        self._load(context)
        if asks:
            context.verify_mode = ssl.CERT_OPTIONAL
        if authorities is not None:
            try:
                context.load_verify_locations(authorities)
            except (OSError, ssl.SSLError) as error:
                raise TlsError(f"{authorities} holds no authorities: {error}") from None
        self.context: Final = context
        self._trusted: set[bytes] = set()

    def renew(self) -> bool:
        """Takes the certificate up anew where its files have changed; whether they had. Raises TlsError for
        files that do not go together, and then the one before goes on."""
        times = _times(self._files)
        if times == self._read:
            return False
        # Tried apart from the listener's, which would be left with half of them.
        self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        self._load(self.context)
        self._read = times
        return True

    def trust(self, applications: Iterable[Application]) -> None:
        """Lets the self-signed certificates of these applications complete a handshake from now on."""
        for application in applications:
            for certificate in () if application.oauth is None else application.oauth.trusted:
                if certificate not in self._trusted:
                    self._trusted.add(certificate)
                    self.context.load_verify_locations(cadata=certificate)

    def _load(self, context: ssl.SSLContext) -> None:
        certificate, key = self._files
        try:
            context.load_cert_chain(certificate, key, password=_no_password)
        except (OSError, ssl.SSLError) as error:
            raise TlsError(f"{certificate} and {key} are no certificate and its key: {error}") from None


def _times(files: Iterable[Path]) -> list[int]:
    """When each was written last; 0 for one that is not there at the moment."""
    return [file.stat().st_mtime_ns if file.exists() else 0 for file in files]


def _no_password() -> str:
    # OpenSSL would ask at the terminal.
    raise ssl.SSLError("the key is encrypted")
