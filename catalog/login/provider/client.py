"""The catalog as the provider's client: the request, the exchange of the code, and who the ID token is about.

Authlib makes the requests and holds the claims against OpenID Connect Core §3.1.3.7; the signature is checked by
joserfc, with the algorithms that the provider's metadata names and no others.
"""

import base64
import json
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError

from catalog.clock import Clock
from catalog.login.keys import random_token
from catalog.login.provider.fetching import ProviderFault, ask
from catalog.login.provider.metadata import Metadata, ProviderMetadata
from catalog.login.provider.settings import ProviderSettings
from catalog.login.steps import Memory

CALLBACK_PATH: Final = "/login/callback"
_LEEWAY: Final = 60  # seconds that two clocks may differ by


class Unproven(Exception):
    """The provider's answer does not say who somebody is; the message, for people, says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the provider says of who has logged in. `two_factors` is whether it says that by more than one."""

    claims: dict[str, Any] = field(repr=False)
    two_factors: bool


class ProviderClient:
    """For one provider. `clock` gives Unix seconds."""

    def __init__(self, settings: ProviderSettings, url: str, clock: Clock) -> None:
        """`url` is the catalog's own."""
        self.settings = settings
        self._redirect_uri = url + CALLBACK_PATH
        self._url = url
        self._clock = clock
        self._metadata = ProviderMetadata(settings.issuer, clock)

    async def request(self, *, again: bool) -> tuple[str, Memory]:
        """Where to send the browser, and what to remember until it comes back. Raises ProviderFault."""
        metadata = await self._metadata.read()
        memory = Memory(state=random_token(), nonce=random_token(), verifier=random_token())
        address: str = prepare_grant_uri(
            metadata.authorization_endpoint,
            self.settings.client_id,
            "code",
            self._redirect_uri,
            " ".join(self.settings.scopes),
            memory.state,
            nonce=memory.nonce,
            code_challenge=create_s256_code_challenge(memory.verifier),
            code_challenge_method="S256",
            acr_values=" ".join(self.settings.acr) or None,
            prompt="login" if again else None,
        )
        return address, memory

    async def told(self, code: str, issuer: str | None, memory: Memory) -> Told:
        """Who it is, by the code that came back. Raises ProviderFault, Unproven."""
        metadata = await self._metadata.read()
        if issuer != self.settings.issuer and (issuer is not None or metadata.names_issuer):
            raise Unproven("The answer is of another provider than the one that was asked.")  # RFC 9207 §2.4
        tokens = await self._exchange(metadata, code, memory)
        claims = await self._id_token(metadata, tokens, memory)
        if metadata.userinfo_endpoint and self.settings.member_claim not in claims:
            claims = {**await self._userinfo(metadata, tokens, claims["sub"]), **claims}
        amr = claims.get("amr")
        two = claims.get("acr") in self.settings.acr or (
            isinstance(amr, list) and any(each in self.settings.amr for each in amr)
        )
        return Told(claims, two)

    def logout_address(self) -> str | None:
        """Where to log out of the provider too, where it has such a place (RP-Initiated Logout 1.0)."""
        metadata = self._metadata.known
        if metadata is None or not metadata.end_session_endpoint:
            return None
        joint = "&" if "?" in metadata.end_session_endpoint else "?"
        back = quote(f"{self._url}/login", safe="")
        client = quote(self.settings.client_id, safe="")
        return f"{metadata.end_session_endpoint}{joint}client_id={client}&post_logout_redirect_uri={back}"

    async def _exchange(self, metadata: Metadata, code: str, memory: Memory) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": memory.verifier,
        }
        headers = {"Accept": "application/json"}
        if metadata.by_post:
            form |= {"client_id": self.settings.client_id, "client_secret": self.settings.secret}
        else:
            headers["Authorization"] = _basic(self.settings)
        status, tokens = await ask(metadata.token_endpoint, form=form, headers=headers)
        if status >= 500:
            raise ProviderFault(f"the code was answered with {status}")
        if status != 200:
            raise Unproven("The provider does not take its own code: it was used before, or took too long.")
        return tokens

    async def _id_token(self, metadata: Metadata, tokens: dict[str, Any], memory: Memory) -> dict[str, Any]:
        text = tokens.get("id_token")
        if not isinstance(text, str):
            raise Unproven("The provider gave no ID token. Is the scope `openid` among those that are asked for?")
        try:
            keys = await self._metadata.keys(_key_id(text))
            token = jwt.decode(text, keys, algorithms=list(metadata.algorithms))
            claims = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": self.settings.issuer},
                    "aud": {"essential": True, "value": self.settings.client_id},
                },
                {
                    "nonce": memory.nonce,
                    "client_id": self.settings.client_id,
                    "access_token": tokens.get("access_token"),
                },
            )
            claims.validate(int(self._clock()), _LEEWAY)
        except (JoseError, ValueError, TypeError, KeyError):
            raise Unproven("The provider's ID token is not good: of another, too old, or badly signed.") from None
        if not isinstance(claims["sub"], str):
            raise Unproven("The provider's ID token is about nobody.")
        return dict(claims)

    async def _userinfo(self, metadata: Metadata, tokens: dict[str, Any], subject: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {tokens.get('access_token', '')}", "Accept": "application/json"}
        status, found = await ask(metadata.userinfo_endpoint, headers=headers)
        if status != 200 or found.get("sub") != subject:  # Core §5.3.2: another's answer MUST NOT be used
            raise Unproven("The provider says nothing more about who has logged in.")
        return found


def _key_id(token: str) -> str | None:
    """The `kid` that a token names, before it is checked: only to know whether to look for new keys. Raises
    ValueError."""
    head = token.partition(".")[0]
    header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    named = header.get("kid") if isinstance(header, dict) else None
    return named if isinstance(named, str) else None


def _basic(settings: ProviderSettings) -> str:
    """RFC 6749 §2.3.1: both are form-encoded first."""
    pair = f"{quote(settings.client_id, safe='')}:{quote(settings.secret, safe='')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
