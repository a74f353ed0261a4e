"""Which client a certificate proves (RFC 8705 §2): one with a name that the authority vouches for, or a
self-signed one that is registered.

That the client holds the private key was proved by the TLS handshake, and the chain to the authority verified
there: by the catalog's own listener, or by the TLS terminator that passes the certificate on.
"""

import ipaddress
from typing import Final

from cryptography import x509

from contracts.client_certificates import thumbprint
from contracts.oauth_client import CertificateSubject, OAuthSettings

SKEW: Final = 30.0
"""Seconds by which clocks may differ."""


def proves_self_signed(certificate: bytes, settings: OAuthSettings, now: float) -> bool:
    """Whether it is one of those that are registered for the client (§2.2), and holds now."""
    return thumbprint(certificate) in settings.certificates and _holds(certificate, now)


def proves_subject(certificate: bytes, settings: OAuthSettings, now: float) -> bool:
    """Whether it has the name that is registered for the client (§2.1), and holds now."""
    if settings.subject is None or not _holds(certificate, now):
        return False
    try:
        read = x509.load_der_x509_certificate(certificate)
        # What vouches for itself proves no name: the listener's trust in it is for its thumbprint alone.
        return read.issuer != read.subject and _has(read, settings.subject)
    except ValueError:
        return False


def _holds(certificate: bytes, now: float) -> bool:
    try:
        read = x509.load_der_x509_certificate(certificate)
        begins, ends = read.not_valid_before_utc.timestamp(), read.not_valid_after_utc.timestamp()
    except ValueError:
        return False
    return begins - SKEW <= now < ends


def _has(certificate: x509.Certificate, subject: CertificateSubject) -> bool:
    if subject.kind == "subject-dn":
        return certificate.subject == x509.Name.from_rfc4514_string(subject.value)
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    match subject.kind:
        case "san-dns":
            return subject.value.lower() in (each.lower() for each in names.get_values_for_type(x509.DNSName))
        case "san-uri":
            return subject.value in names.get_values_for_type(x509.UniformResourceIdentifier)
        case "san-email":
            return subject.value in names.get_values_for_type(x509.RFC822Name)
        case "san-ip":
            return ipaddress.ip_address(subject.value) in names.get_values_for_type(x509.IPAddress)
