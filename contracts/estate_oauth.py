"""`oauth:` of an application in `consumers.yaml`: how it proves who it is as a client, and what it may ask for.

Without the mapping an application authenticates with a client secret and gets tokens by the client-credentials
grant. Keys and certificates stand here because they are public; a secret never does.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec

from contracts.client_certificates import CertificateFault, is_thumbprint, self_signed, thumbprint
from contracts.estate_issuers import ClaimValue, IssuerEntry
from contracts.estate_words import EstateStruct, Name, Scope, Url
from contracts.oauth_client import (
    SECRET_METHODS,
    AuthMethod,
    CertificateSubject,
    Constraint,
    ExchangeRule,
    GrantType,
    OAuthSettings,
    Profile,
    SubjectKind,
)

TokenBinding = Literal["none", "dpop", "mtls"]
RedirectUri = Annotated[
    str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$", max_length=2048, description="an absolute URI")
]
SubjectText = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]

_SUBJECTS: Final[Mapping[str, SubjectKind]] = {
    "subject_dn": "subject-dn",
    "san_dns": "san-dns",
    "san_uri": "san-uri",
    "san_ip": "san-ip",
    "san_email": "san-email",
}


class TlsClientAuthEntry(EstateStruct, frozen=True):
    """Which certificates of a trusted authority are the client's: exactly one of these names."""

    subject_dn: SubjectText | None = None
    san_dns: SubjectText | None = None
    san_uri: SubjectText | None = None
    san_ip: SubjectText | None = None
    san_email: SubjectText | None = None

    def named(self) -> tuple[CertificateSubject, ...]:
        """Those that are given; the rules demand one."""
        return tuple(
            CertificateSubject(kind, value)
            for field, kind in _SUBJECTS.items()
            if (value := getattr(self, field)) is not None
        )


class ExchangeEntry(EstateStruct, frozen=True):
    """Whose tokens the client may exchange (RFC 8693). `issuer` is the name of an entry of `issuers`."""

    issuer: Name
    audience: ClaimValue
    clients: tuple[ClaimValue, ...] = ()
    subjects: tuple[ClaimValue, ...] = ()
    scopes: tuple[Scope, ...] = ()
    actor: Literal["refused", "optional", "required"] = "optional"


class OAuthEntry(EstateStruct, frozen=True):
    """An application as an OAuth client. Without `auth-methods` they follow from the keys that are given."""

    auth_methods: tuple[AuthMethod, ...] = ()
    grants: tuple[GrantType, ...] = ("client_credentials",)
    redirect_uris: tuple[RedirectUri, ...] = ()
    public: bool = False
    jwks: dict[str, Any] | None = None
    jwks_uri: Url | None = None
    tls_client_auth: TlsClientAuthEntry | None = None
    certificates: tuple[str, ...] = ()
    token_binding: TokenBinding = "none"  # noqa: S105
    profile: Profile = "baseline"
    exchange: tuple[ExchangeEntry, ...] = ()


def methods_of(entry: OAuthEntry) -> tuple[AuthMethod, ...]:
    """The ways in which the client may authenticate: those that are named, else those that its keys allow."""
    if entry.public:
        return ("none",)
    if entry.auth_methods:
        return entry.auth_methods
    by_keys: list[AuthMethod] = []
    if entry.jwks is not None or entry.jwks_uri:
        by_keys.append("private_key_jwt")
    if entry.tls_client_auth is not None:
        by_keys.append("tls_client_auth")
    if entry.certificates:
        by_keys.append("self_signed_tls_client_auth")
    return tuple(by_keys) or SECRET_METHODS


def oauth_settings(entry: OAuthEntry | None, issuers: Mapping[str, IssuerEntry]) -> OAuthSettings | None:
    """The snapshot's form of an entry that the rules let pass; None where it says nothing but the defaults."""
    if entry is None:
        return None
    trusted = tuple(self_signed(each) for each in entry.certificates if not is_thumbprint(each))
    named = () if entry.tls_client_auth is None else entry.tls_client_auth.named()
    settings = OAuthSettings(
        auth_methods=methods_of(entry),
        grants=entry.grants,
        redirect_uris=entry.redirect_uris,
        jwks=entry.jwks,
        jwks_uri=entry.jwks_uri or "",
        subject=named[0] if named else None,
        certificates=(*filter(is_thumbprint, entry.certificates), *map(thumbprint, trusted)),
        trusted=trusted,
        constraint=_constraint(entry),
        profile=entry.profile,
        exchange=tuple(
            ExchangeRule(
                issuers[each.issuer].issuer,
                each.audience,
                each.clients,
                each.subjects,
                each.scopes,
                each.actor,
            )
            for each in entry.exchange
        ),
    )
    return None if settings == OAuthSettings() else settings


def certificate_fault(text: str) -> str | None:
    """Why an item of `certificates` cannot be one; None where it can."""
    if is_thumbprint(text):
        return None
    try:
        self_signed(text)
    except CertificateFault as fault:
        return str(fault)
    return None


def _constraint(entry: OAuthEntry) -> Constraint:
    # FAPI 2.0 §5.3.2.1: tokens are sender-constrained, by mTLS or by DPoP.
    if entry.profile == "fapi-2" and entry.token_binding == "none":  # noqa: S105
        return "any"
    return entry.token_binding
