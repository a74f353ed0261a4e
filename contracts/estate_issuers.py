"""`issuers:` of `ostiary.yaml`: authorization servers besides the catalog whose access tokens a gateway accepts.

What stands here is fixed before any token is seen: where the keys are, the algorithms, the audience, and which
claims say who calls and what was granted. Whose application a client of an issuer is stands in `consumers.yaml`
(`identities`), so that nobody becomes one of ours by what they are called elsewhere.
"""

from typing import Annotated, Literal

import msgspec

from contracts.estate_words import EstateStruct, Name, Scope, Url

Environment = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z][a-z0-9]{1,15}$",
        description="an environment, as a catalog is told it (OSTIARY_CATALOG_ENVIRONMENT)",
    ),
]
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""RFC 8725 §3.2: those that verify with a public key."""
TokenType = Literal["at+jwt", "JWT"]
ClaimName = Annotated[
    str, msgspec.Meta(pattern=r"^[!-~]{1,128}$", description="a claim's name, such as `azp` or `client_id`")
]
ClaimValue = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[^\x00-\x1f\x7f]{1,512}$", description="what a claim says: text without control bytes"
    ),
]
TokenPrefix = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([A-Za-z0-9\-._~+/]{2,32})?$", description="how tokens begin: 2 to 32 characters of a token"
    ),
]


class IntrospectionEntry(EstateStruct, frozen=True):
    """How opaque tokens are asked about (RFC 7662). `credential` is a secret's name; `max-cache` is in seconds."""

    client_id: ClaimValue
    credential: Name
    endpoint: Url | None = None
    prefix: TokenPrefix = ""
    max_cache: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 60


class IssuerEntry(EstateStruct, frozen=True):
    """An authorization server. `issuer` is the very text of its tokens' `iss`."""

    issuer: Url
    environment: Environment
    algorithms: tuple[Algorithm, ...] = ()
    jwks_uri: Url | None = None
    audiences: tuple[ClaimValue, ...] = ()
    token_types: tuple[TokenType, ...] = ("at+jwt",)
    client_claim: ClaimName = "client_id"
    scope_claims: tuple[ClaimName, ...] = ("scope",)
    scope_map: dict[ClaimValue, tuple[Scope, ...]] = msgspec.field(default_factory=dict)
    introspection: IntrospectionEntry | None = None


Identities = dict[Name, tuple[ClaimValue, ...]]
"""Which clients of which issuers an application is: values of `client-claim`, by the issuer's name."""
