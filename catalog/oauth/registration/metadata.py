"""Client metadata (RFC 7591 §2): what a client says of itself, read and checked. No I/O.

What is not understood is ignored (§2); what is understood and no good is refused, with the error of §3.2.2.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from contracts.estate.oauth_rules import KEYS, redirect_fault
from contracts.oauth_client import MTLS_METHODS, SECRET_METHODS, AuthMethod, CertificateSubject, SubjectKind
from contracts.public_keys import KeyFault, public_key
from contracts.safe_urls import is_loopback, unsafe

Grant = Literal["authorization_code", "client_credentials", "refresh_token"]

_SUBJECTS: Final[dict[str, SubjectKind]] = {
    "tls_client_auth_subject_dn": "subject-dn",
    "tls_client_auth_san_dns": "san-dns",
    "tls_client_auth_san_uri": "san-uri",
    "tls_client_auth_san_ip": "san-ip",
    "tls_client_auth_san_email": "san-email",
}
_PAGES: Final = ("client_uri", "policy_uri", "tos_uri")
_PLACE: Final = re.compile(r"`\$\.([a-z_]+)")
_MOST_URIS: Final = 10
_NAME: Final = 80
_TEXT: Final = 2048


class ClientMetadata(msgspec.Struct, frozen=True, omit_defaults=True):
    """What of it is understood. The names are RFC 7591's, RFC 8705's and RFC 9449's."""

    client_name: str
    token_endpoint_auth_method: AuthMethod = "client_secret_basic"  # noqa: S105 (a method's name)
    grant_types: tuple[Grant, ...] = ("authorization_code",)
    response_types: tuple[str, ...] = ("code",)
    redirect_uris: tuple[str, ...] = ()
    scope: str = ""
    client_uri: str = ""
    policy_uri: str = ""
    tos_uri: str = ""
    contacts: tuple[str, ...] = ()
    jwks_uri: str = ""
    jwks: dict[str, Any] | None = None
    software_id: str = ""
    software_version: str = ""
    tls_client_auth_subject_dn: str = ""
    tls_client_auth_san_dns: str = ""
    tls_client_auth_san_uri: str = ""
    tls_client_auth_san_ip: str = ""
    tls_client_auth_san_email: str = ""
    tls_client_certificate_bound_access_tokens: bool = False
    dpop_bound_access_tokens: bool = False

    @property
    def public(self) -> bool:
        """Whether it cannot authenticate."""
        return self.token_endpoint_auth_method == "none"  # noqa: S105 (a method's name)

    @property
    def has_secret(self) -> bool:
        """Whether it authenticates by a secret that we issue."""
        return self.token_endpoint_auth_method in SECRET_METHODS

    @property
    def subject(self) -> CertificateSubject | None:
        """Whose certificate is the client's (RFC 8705 §2.1.2)."""
        named = [(kind, getattr(self, name)) for name, kind in _SUBJECTS.items() if getattr(self, name)]
        return CertificateSubject(*named[0]) if named else None

    def told(self) -> dict[str, Any]:
        """As it is told to the client (§3.2.1): with what was assumed where it said nothing."""
        shown = {**msgspec.to_builtins(self)}
        for name in ("token_endpoint_auth_method", "grant_types", "response_types"):
            shown[name] = getattr(self, name)
        return shown


@dataclass(frozen=True, slots=True)
class MetadataFault:
    """An error of RFC 7591 §3.2.2. The description names members and repeats no value."""

    error: Literal["invalid_redirect_uri", "invalid_client_metadata"]
    description: str


def read_metadata(document: Any) -> ClientMetadata | MetadataFault:
    """The metadata of a registration request's JSON."""
    if not isinstance(document, dict):
        return _wrong("The body is no JSON object.")
    given = {name: each for name, each in document.items() if each is not None}
    try:
        metadata = msgspec.convert(given, ClientMetadata)
    except msgspec.ValidationError as error:
        # The library's message may quote a value; where it is may be told.
        place = _PLACE.search(str(error))
        where = "client_name" if place is None else place[1]
        return _wrong(f"{where} is missing, of the wrong type, or not one of what is supported.")
    if "authorization_code" not in metadata.grant_types and "response_types" not in given:
        metadata = msgspec.structs.replace(metadata, response_types=())
    return _fault(metadata) or metadata


def _fault(metadata: ClientMetadata) -> MetadataFault | None:
    return (
        _of_texts(metadata)
        or _of_grants(metadata)
        or _of_redirects(metadata)
        or _of_keys(metadata)
        or _of_certificates(metadata)
    )


def _of_texts(metadata: ClientMetadata) -> MetadataFault | None:
    name = metadata.client_name
    # People read it and decide by it: characters that cannot be seen, or that turn the direction of what follows,
    # make one name look like another.
    hidden = any(unicodedata.category(each)[0] in "CZ" and each != " " for each in name)
    if not 0 < len(name) <= _NAME or hidden or name != name.strip() or unicodedata.normalize("NFKC", name) != name:
        return _wrong(f"client_name is needed: 1 to {_NAME} characters that can be seen, in their plain form.")
    for member in _PAGES:
        uri = getattr(metadata, member)
        if uri and (len(uri) > _TEXT or unsafe(uri) is not None or not uri.startswith("https://")):
            return _wrong(f"{member} is no https URL.")
    if len(metadata.contacts) > _MOST_URIS or not all(_is_address(each) for each in metadata.contacts):
        return _wrong(f"contacts are at most {_MOST_URIS} e-mail addresses.")
    texts = (metadata.scope, metadata.software_id, metadata.software_version)
    if any(len(each) > _TEXT or not each.isprintable() for each in texts):
        return _wrong("A text is too long, or has characters that cannot be seen.")
    return None


def _of_grants(metadata: ClientMetadata) -> MetadataFault | None:
    grants = metadata.grant_types
    if not grants or len(set(grants)) != len(grants):
        return _wrong("grant_types are needed, each once.")
    if "authorization_code" in grants and metadata.response_types != ("code",):
        return _wrong("response_types go with grant_types: authorization_code has code.")
    if "authorization_code" not in grants and metadata.response_types:
        return _wrong("response_types go with grant_types: none goes without authorization_code.")
    if "refresh_token" in grants and "authorization_code" not in grants:
        return _wrong("refresh_token refreshes what authorization_code gives.")
    if metadata.public and "client_credentials" in grants:
        return _wrong("A client that cannot authenticate gets no token by client_credentials.")
    return None


def _of_redirects(metadata: ClientMetadata) -> MetadataFault | None:
    uris = metadata.redirect_uris
    if "authorization_code" in metadata.grant_types and not uris:
        return MetadataFault("invalid_redirect_uri", "authorization_code needs redirect_uris.")
    if len(uris) > _MOST_URIS or len(set(uris)) != len(uris):
        return MetadataFault("invalid_redirect_uri", f"redirect_uris are at most {_MOST_URIS}, each once.")
    for number, uri in enumerate(uris, 1):
        if len(uri) > _TEXT or any(not "!" <= each <= "~" for each in uri):
            return MetadataFault("invalid_redirect_uri", f"redirect URI {number} is no URI.")
        if (reason := redirect_fault(uri, public=metadata.public)) is not None:
            return MetadataFault("invalid_redirect_uri", f"redirect URI {number} {reason}.")
    return None


def _of_keys(metadata: ClientMetadata) -> MetadataFault | None:
    if metadata.jwks is not None and metadata.jwks_uri:
        return _wrong("jwks and jwks_uri exclude each other.")
    if metadata.jwks_uri and not _is_outside(metadata.jwks_uri):
        return _wrong("jwks_uri is no https URL of another machine.")
    if metadata.jwks is not None:
        keys = metadata.jwks.get("keys")
        if not isinstance(keys, list) or not 0 < len(keys) <= KEYS:
            return _wrong(f"jwks needs keys, a list of 1 to {KEYS} JWKs.")
        for number, key in enumerate(keys, 1):
            try:
                public_key(key if isinstance(key, dict) else {})
            except KeyFault as fault:
                return _wrong(f"Key {number} of jwks is refused: {fault}.")
    if metadata.token_endpoint_auth_method == "private_key_jwt":  # noqa: S105 (a method's name)
        if metadata.jwks is None and not metadata.jwks_uri:
            return _wrong("private_key_jwt needs jwks or jwks_uri.")
    elif metadata.jwks is not None or metadata.jwks_uri:
        return _wrong("jwks and jwks_uri mean nothing with this token_endpoint_auth_method.")
    return None


def _of_certificates(metadata: ClientMetadata) -> MetadataFault | None:
    method = metadata.token_endpoint_auth_method
    if method == "self_signed_tls_client_auth":
        return _wrong("A self-signed certificate is registered by the catalog's operators.")
    named = [name for name in _SUBJECTS if getattr(metadata, name)]
    if len(named) != (1 if method in MTLS_METHODS else 0):
        return _wrong("tls_client_auth needs exactly one of the tls_client_auth names, and nothing else has one.")
    if any(len(getattr(metadata, name)) > _TEXT or not getattr(metadata, name).isprintable() for name in named):
        return _wrong(f"{named[0]} is too long, or has characters that cannot be seen.")
    if metadata.dpop_bound_access_tokens and metadata.tls_client_certificate_bound_access_tokens:
        return _wrong("Access tokens are bound to a DPoP key or to a certificate, not to both.")
    return None


def _is_outside(uri: str) -> bool:
    host = uri.removeprefix("https://").partition("/")[0].partition(":")[0]
    return len(uri) <= _TEXT and unsafe(uri) is None and uri.startswith("https://") and not is_loopback(host)


def _is_address(text: str) -> bool:
    return len(text) <= 254 and text.isprintable() and " " not in text and 0 < text.find("@") < len(text) - 1


def _wrong(description: str) -> MetadataFault:
    return MetadataFault("invalid_client_metadata", description)
