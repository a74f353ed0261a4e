"""What the provider says of itself (OpenID Connect Discovery 1.0) and its keys, kept for a while.

Keys are fetched anew when a token names one that is not known, though at most every ten seconds: whoever makes up
tokens must not make us ask. While the provider does not answer, what is known goes on.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from catalog.clock import Clock
from catalog.login.provider.fetching import ProviderFault, ask
from catalog.login.provider.settings import is_safe

ALGORITHMS: Final = frozenset(
    {"ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512", "EdDSA"}
)
"""Of ID tokens: asymmetric ones alone."""

_FRESH_SECONDS: Final = 3600
_KEYS_AGAIN_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Metadata:
    """The members of the document that matter here."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    end_session_endpoint: str
    algorithms: tuple[str, ...]
    by_post: bool
    names_issuer: bool


class ProviderMetadata:
    """Of one issuer. `clock` gives Unix seconds."""

    def __init__(self, issuer: str, clock: Clock) -> None:
        self._issuer = issuer
        self._clock = clock
        self._lock = asyncio.Lock()
        self._metadata: Metadata | None = None
        self._read_at = 0.0
        self._keys: KeySet | None = None
        self._keys_at = 0.0

    @property
    def known(self) -> Metadata | None:
        """What was read last, if anything was."""
        return self._metadata

    async def read(self) -> Metadata:
        """The metadata. Raises ProviderFault where there is none and none is to be had."""
        async with self._lock:
            return await self._fresh()

    async def keys(self, key_id: str | None) -> KeySet:
        """The keys, and among them the one of this id if it is to be had. Raises ProviderFault."""
        async with self._lock:
            metadata = await self._fresh()
            now = self._clock()
            known = self._keys is not None and (key_id is None or _has(self._keys, key_id))
            due = now - self._keys_at >= (_FRESH_SECONDS if known else _KEYS_AGAIN_SECONDS)
            if self._keys is None or due:
                try:
                    self._keys = await _keys(metadata.jwks_uri)
                    self._keys_at = now
                except ProviderFault:
                    if self._keys is None:
                        raise
            return self._keys

    async def _fresh(self) -> Metadata:
        now = self._clock()
        if self._metadata is None or now - self._read_at >= _FRESH_SECONDS:
            try:
                self._metadata = await _metadata(self._issuer)
                self._read_at = now
            except ProviderFault:
                if self._metadata is None:
                    raise
        return self._metadata


async def _metadata(issuer: str) -> Metadata:
    status, found = await ask(issuer.rstrip("/") + "/.well-known/openid-configuration")
    if status != 200:
        raise ProviderFault(f"its metadata was answered with {status}")
    if found.get("issuer") != issuer:
        # Discovery §4.3: it MUST be identical, or one issuer could pass for another (RFC 9207).
        raise ProviderFault("its metadata is of another issuer")
    needed = {name: found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    optional = {name: found.get(name, "") for name in ("userinfo_endpoint", "end_session_endpoint")}
    for name, url in {**needed, **{name: url for name, url in optional.items() if url}}.items():
        if not is_safe(url):
            raise ProviderFault(f"its {name} is missing, or no https URL")
    methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    algorithms = found.get("id_token_signing_alg_values_supported", ["RS256"])
    usable = tuple(each for each in _texts(algorithms) if each in ALGORITHMS)
    if not usable:
        raise ProviderFault("it signs ID tokens by no algorithm that is taken here")
    return Metadata(
        **{name: str(url) for name, url in {**needed, **optional}.items()},
        algorithms=usable,
        by_post="client_secret_basic" not in _texts(methods),
        names_issuer=found.get("authorization_response_iss_parameter_supported") is True,
    )


async def _keys(url: str) -> KeySet:
    status, found = await ask(url)
    if status != 200 or not isinstance(found.get("keys"), list):
        raise ProviderFault("its keys cannot be read")
    usable: list[Any] = []
    for each in found["keys"]:
        # One key of a kind that is not known here is no reason to do without the others (RFC 7517 §5).
        try:
            usable += KeySet.import_key_set({"keys": [each]}).keys
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
    return KeySet(usable)


def _has(keys: KeySet, key_id: str) -> bool:
    return any(each.kid == key_id for each in keys.keys)


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
