"""What a client's certificate says of the client, once the handshake has verified it."""

import base64
import hashlib
import ssl

from cryptography import x509

from policies.exchange import ClientCertificate


def client_certificate(connection: ssl.SSLObject | None) -> ClientCertificate | None:
    """The verified certificate of a connection's client; None for one without. Asked once a connection."""
    der = connection.getpeercert(binary_form=True) if connection is not None else None
    if der is None:
        return None
    digest = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode("ascii")
    try:
        subject = x509.load_der_x509_certificate(der).subject.rfc4514_string()
    except ValueError:  # OpenSSL takes names that no standard admits; the thumbprint is what identifies
        subject = ""
    return ClientCertificate(digest, subject)
