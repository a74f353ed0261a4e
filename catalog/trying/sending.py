"""The call itself: to the gateway alone, bounded in time and size, without redirects, cookies or a proxy."""

import time
from dataclasses import dataclass
from typing import Final

import aiohttp
from yarl import URL

from catalog.trying.building import Built

TIMEOUT: Final = aiohttp.ClientTimeout(total=20.0, sock_connect=3.0)
MAX_ANSWER: Final = 262_144
"""Bytes of an answer that are shown."""
MAX_FIELDS: Final = 100


@dataclass(frozen=True, slots=True)
class Answered:
    """What came. `whole` is False where there was more than is shown."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    whole: bool
    milliseconds: int


class Unanswered(Exception):
    """No answer came; the message says why, and has no address in it."""


async def send(gateway: str, built: Built, fields: dict[str, str]) -> Answered:
    """Sends it to the gateway at the address, with more fields. Raises Unanswered."""
    url = URL(gateway + built.target, encoded=True)
    headers = [*built.headers, *fields.items(), ("User-Agent", "Ostiary-Portal"), ("Accept-Encoding", "identity")]
    if not any(name.lower() == "accept" for name, _ in headers):
        headers.append(("Accept", "*/*"))
    began = time.monotonic()
    try:
        async with (
            aiohttp.ClientSession(
                timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False
            ) as session,
            session.request(built.method, url, data=built.body, headers=headers, allow_redirects=False) as answer,
        ):
            body, whole = await _bounded(answer.content)
            took = round((time.monotonic() - began) * 1000)
            given = tuple((str(name), value) for name, value in list(answer.headers.items())[:MAX_FIELDS])
            return Answered(answer.status, given, body, whole, took)
    except TimeoutError:
        raise Unanswered("It did not answer in time.") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise Unanswered(f"It could not be reached ({type(error).__name__}).") from None


async def _bounded(content: aiohttp.StreamReader) -> tuple[bytes, bool]:
    data = bytearray()
    async for piece in content.iter_any():
        data += piece
        if len(data) > MAX_ANSWER:
            return bytes(data[:MAX_ANSWER]), False
    return bytes(data), True
