"""An issuer's metadata, by which its keys and its introspection endpoint are found (RFC 8414, OpenID Connect
Discovery 1.0).

It is the issuer's own word on itself, fetched from under its URL and good only where it names exactly that issuer
(RFC 8414 §3.3): else one tenant of a provider could speak for another.
"""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from contracts.safe_urls import is_loopback, unsafe
from gateway.adapters.issuer_http import IssuerFault, get_json, safe

_NOT_THERE: Final = frozenset({404, 405, 410})


@dataclass(frozen=True, slots=True)
class Metadata:
    """What of it is used. Empty where the issuer does not say."""

    jwks_uri: str
    introspection_endpoint: str


async def discover(session: aiohttp.ClientSession, issuer: str) -> Metadata:
    """What an issuer says of itself. Raises IssuerFault."""
    document = await _fetch(session, issuer)
    if document.get("issuer") != issuer:
        raise IssuerFault("its metadata is that of another issuer")
    return Metadata(_endpoint(document, "jwks_uri", issuer), _endpoint(document, "introspection_endpoint", issuer))


def well_known(issuer: str) -> tuple[str, ...]:
    """Where its metadata may be: OpenID Connect Discovery §4 puts the well-known part last, RFC 8414 §3 between
    host and path."""
    parts = urlsplit(issuer.rstrip("/"))
    inserted = parts._replace(path=f"/.well-known/oauth-authorization-server{parts.path}").geturl()
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration", inserted


async def _fetch(session: aiohttp.ClientSession, issuer: str) -> dict[str, Any]:
    first, second = well_known(safe(issuer))
    try:
        return await get_json(session, first)
    except IssuerFault as fault:
        if fault.status not in _NOT_THERE:
            raise
    return await get_json(session, second)


def _endpoint(document: dict[str, Any], name: str, issuer: str) -> str:
    """Raises IssuerFault for one where nothing may be sent to or had from."""
    url = document.get(name, "")
    if not isinstance(url, str):
        raise IssuerFault(f"its {name} is no text")
    # An issuer elsewhere does not make the gateway call this machine itself.
    if url and (unsafe(url) is not None or _is_here(url) is not _is_here(issuer)):
        raise IssuerFault(f"its {name} is not where it may be")
    return url


def _is_here(url: str) -> bool:
    return is_loopback(urlsplit(url).hostname or "")
