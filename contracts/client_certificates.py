"""Certificates of OAuth clients (RFC 8705), by thumbprint; and which of them may be trusted for themselves."""

import hashlib
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from contracts.base64url import NotCanonical, base64url, canonical_base64url

_THUMBPRINT_LENGTH: Final = 43
"""Characters of 32 bytes in base64url."""


class CertificateFault(ValueError):
    """What is given cannot be a client's certificate; the message says why."""


def thumbprint(certificate: bytes) -> str:
    """`x5t#S256` of a DER certificate (RFC 8705 §3.1)."""
    return base64url(hashlib.sha256(certificate).digest())


def is_thumbprint(text: str) -> bool:
    """Whether it is the base64url form of a SHA-256 digest."""
    if len(text) != _THUMBPRINT_LENGTH:
        return False
    try:
        canonical_base64url(text.encode("utf-8", "replace"))
    except NotCanonical:
        return False
    return True


def is_distinguished_name(text: str) -> bool:
    """Whether it is a string of RFC 4514."""
    try:
        x509.Name.from_rfc4514_string(text)
    except ValueError:
        return False
    return True


def self_signed(pem: str) -> bytes:
    """The DER of a self-signed certificate that speaks for nobody but itself. Raises CertificateFault.

    It becomes a trust anchor of the TLS listener, so one that could sign others is refused: whoever holds its key
    could make certificates with other clients' names.
    """
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        certificate.verify_directly_issued_by(certificate)
        signs = _signs(certificate)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.InvalidVersion):
        raise CertificateFault("is no PEM certificate that is signed by itself") from None
    if certificate.version is not x509.Version.v3 or signs:
        # OpenSSL takes a self-signed certificate of version 1 for an authority.
        raise CertificateFault("could sign certificates of others: it must be of version 3, and no CA's")
    return certificate.public_bytes(Encoding.DER)


def _signs(certificate: x509.Certificate) -> bool:
    for extension in certificate.extensions:
        value = extension.value
        if isinstance(value, x509.BasicConstraints) and value.ca:
            return True
        if isinstance(value, x509.KeyUsage) and value.key_cert_sign:
            return True
    return False
