"""An application as an OAuth client: how it proves who it is, and what it may ask for.

This is the form that a snapshot carries. The catalog's token endpoint goes by it, and gateways by `constraint`;
what an application has by default is left out whole.
"""

from typing import Any, Final, Literal

import msgspec

AuthMethod = Literal[
    "client_secret_basic",
    "client_secret_post",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
    "none",
]
"""Names of IANA's registry of token endpoint authentication methods (RFC 6749, RFC 7523, RFC 8705, RFC 7591)."""

GrantType = Literal[
    "client_credentials",
    "authorization_code",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:token-exchange",
]
TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 (a name)

Profile = Literal["baseline", "fapi-2"]
"""Settings that are turned on together: `baseline` is RFC 9700's advice, `fapi-2` FAPI 2.0's security profile."""

Constraint = Literal["none", "dpop", "mtls", "any"]
"""To what an access token must be bound: nothing, a DPoP key (RFC 9449), a certificate (RFC 8705), or either."""

SubjectKind = Literal["subject-dn", "san-dns", "san-uri", "san-ip", "san-email"]

SECRET_METHODS: Final[tuple[AuthMethod, ...]] = ("client_secret_basic", "client_secret_post")
MTLS_METHODS: Final[tuple[AuthMethod, ...]] = ("tls_client_auth", "self_signed_tls_client_auth")


class CertificateSubject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which certificates of a trusted authority are the client's (RFC 8705 §2.1.2): those with this subject or
    alternative name. A DN is a string of RFC 4514."""

    kind: SubjectKind
    value: str


class ExchangeRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whose tokens a client may exchange (RFC 8693): those of an issuer (its URL) for an audience.

    `clients` and `subjects` narrow it to tokens of those clients and about those subjects, `scopes` what the new
    token may open; empty, each narrows nothing. `actor` says whether someone may, or must, be named who acts.
    """

    issuer: str
    audience: str
    clients: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    actor: Literal["refused", "optional", "required"] = "optional"


class OAuthSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How an application is treated as a client. `certificates` are `x5t#S256` thumbprints of self-signed ones,
    `trusted` those among them that were given whole (DER), which the catalog's own TLS listener can verify."""

    auth_methods: tuple[AuthMethod, ...] = SECRET_METHODS
    grants: tuple[GrantType, ...] = ("client_credentials",)
    redirect_uris: tuple[str, ...] = ()
    jwks: dict[str, Any] | None = None
    jwks_uri: str = ""
    subject: CertificateSubject | None = None
    certificates: tuple[str, ...] = ()
    trusted: tuple[bytes, ...] = ()
    constraint: Constraint = "none"
    profile: Profile = "baseline"
    exchange: tuple[ExchangeRule, ...] = ()
