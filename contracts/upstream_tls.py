"""TLS towards an upstream: whom its caller trusts, and what that proves itself with. Built once for an upstream.

An upstream is always verified; there is no way to say otherwise. Where what an estate names is missing or unusable
there is no context at all, so that nothing is ever sent under another trust than the one that was meant.
"""

import ssl
import tempfile
from typing import Final, Protocol

from contracts.snapshot import Upstream

_CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20"


class Secrets(Protocol):
    def find(self, name: str, /) -> str | None: ...


class UpstreamTlsError(Exception):
    """What an upstream's TLS needs is not there; the message says which secret and holds nothing of it."""


class _NamedContext(ssl.SSLContext):
    """Verifies, and asks for, one name whatever the address is: the URL's host may be an address in a cluster."""

    peer_name: str | None = None

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        return super().wrap_bio(incoming, outgoing, server_side, self.peer_name or server_hostname, session)


def client_context(upstream: Upstream, secrets: Secrets) -> ssl.SSLContext | None:
    """The context for an upstream that is called over https, else None. Raises UpstreamTlsError.

    Trusted are the authorities of the machine, or those of `tls.ca` in their place.
    """
    if not any(url.startswith("https:") for url, _ in upstream.each_target()):
        return None
    context = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies the chain and the name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_COMPRESSION
    tls = upstream.tls
    if tls is None or tls.ca is None:
        context.load_default_certs()
    else:
        authorities = _find(upstream, tls.ca, secrets)
        try:
            context.load_verify_locations(cadata=authorities)
        except (ssl.SSLError, ValueError):
            raise UpstreamTlsError(f"upstream {upstream.name!r}: {tls.ca!r} holds no certificate in PEM") from None
    if tls is not None:
        context.peer_name = tls.server_name
        if tls.client_certificate is not None:
            _load_pair(context, upstream, tls.client_certificate, secrets)
    return context


def _find(upstream: Upstream, name: str, secrets: Secrets) -> str:
    found = secrets.find(name)
    if not found:
        raise UpstreamTlsError(f"upstream {upstream.name!r}: there is no secret {name!r}")
    return found


def _load_pair(context: ssl.SSLContext, upstream: Upstream, name: str, secrets: Secrets) -> None:
    pem = _find(upstream, name, secrets)
    # OpenSSL reads a key from a file alone; this one is for this user only, and gone at once.
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".pem") as file:
        file.write(pem)
        file.flush()
        try:
            context.load_cert_chain(file.name, password=_no_passphrase)
        except (ssl.SSLError, ValueError):
            message = f"upstream {upstream.name!r}: {name!r} holds no certificate with its key in PEM"
            raise UpstreamTlsError(message) from None


def _no_passphrase() -> str:
    raise ValueError("the key has a passphrase")
