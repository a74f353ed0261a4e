"""What a client's certificate says of the client, once the handshake has verified it, here or at a proxy."""

import base64
import hashlib
import ssl
from functools import lru_cache
from typing import Final

from cryptography import x509

from policies.exchange import ClientCertificate

_LONGEST: Final = 16_384
"""Bytes of a field that is looked at."""


def client_certificate(connection: ssl.SSLObject | None) -> ClientCertificate | None:
    """The verified certificate of a connection's client; None for one without. Asked once a connection."""
    der = connection.getpeercert(binary_form=True) if connection is not None else None
    return None if der is None else _of(der)


@lru_cache(maxsize=1024)  # a proxy tells of few clients, again and again
def told_certificate(field: bytes | None) -> ClientCertificate | None:
    """The certificate in a `Client-Cert` field: its DER as a byte sequence (RFC 9440 §2.1, RFC 9651 §3.3.5). None
    where there is none, or what is there is none."""
    if field is None or len(field) > _LONGEST or field[:1] != b":" or field[-1:] != b":" or len(field) < 3:
        return None
    try:
        der = base64.b64decode(field[1:-1], validate=True)
        x509.load_der_x509_certificate(der)
    except ValueError:
        return None
    return _of(der)


def _of(der: bytes) -> ClientCertificate:
    digest = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode("ascii")
    try:
        subject = x509.load_der_x509_certificate(der).subject.rfc4514_string()
    except ValueError:  # OpenSSL takes names that no standard admits; the thumbprint is what identifies
        subject = ""
    return ClientCertificate(digest, subject)
