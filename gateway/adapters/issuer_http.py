"""Calls to issuers, as all of them are made: bounded in time and size, without redirects, for a JSON object.

The session is the worker's: it follows no proxy of the environment, keeps no cookie and does not decompress.
"""

from collections.abc import Mapping
from typing import Any, Final

import aiohttp

from contracts.safe_urls import unsafe
from policies.credentials.jose import JoseFault, json_object

MAXIMUM_BYTES: Final = 262_144
TIMEOUT: Final = aiohttp.ClientTimeout(total=5.0, sock_connect=2.0, sock_read=3.0)
_HEADERS: Final = {"accept": "application/json, application/jwk-set+json", "accept-encoding": "identity"}


class IssuerFault(Exception):
    """The issuer did not answer as it should; the message says how, and holds nothing of what it said."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status
        """Of the answer, where there was one."""


def safe(url: str) -> str:
    """The URL, where nobody on the way can change what comes from there. Raises IssuerFault."""
    reason = unsafe(url)
    if reason is not None:
        raise IssuerFault(f"its URL {reason}")
    return url


async def get_json(session: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    """Raises IssuerFault."""
    return await _ask(session, "GET", url, {}, None)


async def post_form(
    session: aiohttp.ClientSession, url: str, form: Mapping[str, str], headers: Mapping[str, str]
) -> dict[str, Any]:
    """Raises IssuerFault."""
    return await _ask(session, "POST", url, headers, form)


async def _ask(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    headers: Mapping[str, str],
    form: Mapping[str, str] | None,
) -> dict[str, Any]:
    try:
        async with session.request(
            method,
            url,
            data=form,
            timeout=TIMEOUT,
            allow_redirects=False,
            headers={**_HEADERS, **headers},
        ) as response:
            if response.status != 200:
                raise IssuerFault(f"it answered {response.status}", response.status)
            data = b""
            async for piece in response.content.iter_any():
                data += piece
                if len(data) > MAXIMUM_BYTES:
                    raise IssuerFault("its answer is too large", response.status)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise IssuerFault(type(error).__name__) from None
    try:
        return json_object(data)
    except JoseFault as fault:
        raise IssuerFault(f"its answer: {fault}", 200) from None
