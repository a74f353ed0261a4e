"""The access part of a snapshot: who may call, and what was withdrawn.

A member that was added later is left out where it has its default, so that a part that does not need it keeps its
bytes, and with them its digest.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import msgspec

from contracts.oauth_client import OAuthSettings


class Introspection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a gateway asks an issuer about opaque tokens (RFC 7662).

    It asks as `client_id`, with the secret of its own that is called `credential`, and believes an answer for
    `max_cache` seconds at most. Without an `endpoint` it is found by the issuer's metadata. Tokens that begin with
    `prefix` are this issuer's.
    """

    client_id: str
    credential: str
    endpoint: str = ""
    prefix: str = ""
    max_cache: int = 60


class ExternalIssuer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an issuer that is not the catalog writes into its tokens, and how that is read.

    Without `audiences` they are the gateway's own. With a `scope_map` only what is in it is a scope.
    """

    audiences: tuple[str, ...] = ()
    token_types: tuple[str, ...] = ("at+jwt",)
    client_claim: str = "client_id"
    scope_claims: tuple[str, ...] = ("scope",)
    scope_map: dict[str, tuple[str, ...]] = {}
    introspection: Introspection | None = None


class Issuer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A trusted issuer of access tokens: its fixed algorithms, where its keys are, and those known now.

    The catalog's own has no `external`. Another's keys are not in the snapshot; without a `jwks_uri` they are
    found by its metadata.
    """

    issuer: str
    jwks_uri: str
    algorithms: tuple[str, ...]
    jwks: dict[str, Any]
    external: ExternalIssuer | None = None


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A client of an external issuer: the issuer's URL, and what its `client_claim` says."""

    issuer: str
    client: str


class Subscription(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One application's right to one API version: the plan that meters it and the scopes it was granted.

    Until `extended_until` (Unix seconds) neither brown-outs nor the sunset hold for it.
    """

    api: str
    version: str
    plan: str
    scopes: tuple[str, ...]
    extended_until: int | None = None


class ApiKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An API key as a gateway checks it: its public id, the HMAC-SHA-256 of its whole text under the pepper that
    catalog and gateways share (base64 in JSON), and its end in Unix seconds.

    It opens no more than `scopes`; with `networks` (CIDR) it opens nothing to other addresses. One that `signs`
    requests is never sent: `digest` is then its text, sealed (see `contracts.sealed_text`).
    """

    id: str
    digest: bytes
    expires: int
    scopes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    signs: bool = False


class Application(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`pinned` is, by API, the date (Unix seconds) that stands for the version it calls, where they have dates."""

    client_id: str
    name: str
    consumer: str
    subscriptions: tuple[Subscription, ...]
    keys: tuple[ApiKey, ...] = ()
    identities: tuple[Identity, ...] = ()
    oauth: OAuthSettings | None = None
    pinned: dict[str, int] = {}


class IssuedBefore(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Tokens that were issued before `time` (Unix seconds) are worth nothing: those of an application, of all of a
    consumer's, or of everybody where neither is named."""

    time: int
    client_id: str = ""
    consumer: str = ""


class Revoked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What was withdrawn and would still be believed otherwise.

    `credentials` are ids of client secrets and of grants: a token that is of one names it. `client_ids` and
    `consumers` are cut off until they are let in again. `tokens` are single ones of the catalog's own, by `jti`
    and end; `signing_keys` verify nothing any more, by issuer and `kid`.
    """

    credentials: tuple[str, ...] = ()
    client_ids: tuple[str, ...] = ()
    consumers: tuple[str, ...] = ()
    issued_before: tuple[IssuedBefore, ...] = ()
    tokens: tuple[tuple[str, int], ...] = ()
    signing_keys: tuple[tuple[str, str], ...] = ()


PURGES_KEPT: Final = 1_209_600
"""Seconds for which gateways are told of a purge: two weeks. Nothing is kept longer than a cache could miss it."""


class Purge(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What caches are to forget of the answers of an API: all of them, or those of a version, of one of its
    operations, of a path (as clients call it), or with a tag. `number` grows with each purge."""

    number: int
    api: str
    version: str = ""
    operation: str = ""
    path: str = ""
    tag: str = ""


Claims: TypeAlias = Mapping[str, Any]
"""What tokens say of a caller besides registered claims: texts, whole numbers, flags, lists of the first two."""

NO_CLAIMS: Final[Claims] = MappingProxyType({})


class AccessPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who may call: issuers, and applications with their subscriptions; and what was `revoked`, if anything is.
    `purges` are of answers that are kept. `claims` are, by consumer, what tokens and API keys of its applications
    say besides."""

    issuers: tuple[Issuer, ...]
    applications: tuple[Application, ...]
    revoked: Revoked | None = None
    purges: tuple[Purge, ...] = ()
    claims: Mapping[str, Claims] = {}
