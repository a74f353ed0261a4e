"""The content of a binary field on its way to the client: from Odoo's answer as it comes, never held whole."""

import asyncio
import binascii
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Final

import aiohttp

from contracts.problems import Problem, problem
from gateway.upstreams.odoo.base64_value import Base64Value, Base64ValueError
from gateway.upstreams.odoo.transport import Json, Poster, Reply, reply_of

HELD: Final = 65_536
"""Bytes of a content that are waited for, so that a short one has a Content-Length."""

_MOST_WHOLE: Final = 1_048_576
"""Bytes of an answer that has no content of the known shape: an error, or nothing."""
NO_RECORD: Final = problem("record-not-found", "The record does not exist or was deleted.")
NO_CONTENT: Final = problem("record-not-found", "The record has no content.")
BROKEN: Final = problem("upstream-malformed", "The upstream's answer broke off, or is not a file's content.")


class ContentBrokenOffError(Exception):
    """The rest of a content will not come. `problem_id` says why."""

    def __init__(self, problem_id: str) -> None:
        super().__init__(problem_id)
        self.problem_id = problem_id


class Content:
    """A content that has begun. Who has it closes it, read to its end or not. `deadline` is the loop's time at
    which it has to be with the client."""

    def __init__(
        self, response: aiohttp.ClientResponse, value: Base64Value, first: bytes, between: float, deadline: float
    ) -> None:
        self._response = response
        self._value = value
        self._first = first
        self._between = between
        self.deadline = deadline
        self._closed: Callable[[], None] | None = None

    def when_closed(self, closed: Callable[[], None]) -> None:
        """`closed` is called when it is, once."""
        self._closed = closed

    async def pieces(self) -> AsyncIterator[bytes]:
        """Raises ContentBrokenOffError."""
        first, self._first = self._first, b""
        if first:
            yield first
        try:
            async for piece in _read(self._response, self._value, self._between, self.deadline):
                if piece:
                    yield piece
        except TimeoutError:
            raise ContentBrokenOffError("upstream-timeout") from None
        except (aiohttp.ClientError, OSError, Base64ValueError):
            raise ContentBrokenOffError("upstream-malformed") from None

    def close(self) -> None:
        self._response.close()
        closed, self._closed = self._closed, None
        if closed is not None:
            closed()


async def content_of(
    response: aiohttp.ClientResponse, value: Base64Value, between: float, deadline: float
) -> Content | bytes | Reply | Problem:
    """The content, whole where it is short, else begun; or the answer as it is, where it has none. `between` is in
    seconds, `deadline` the loop's time."""
    first = bytearray()
    begun = False
    try:
        if response.status != 200:
            value.state = "whole"
        async for piece in _read(response, value, between, deadline):
            first += piece
            if value.state == "inside" and len(first) > HELD:
                begun = True
                return Content(response, value, bytes(first), between, deadline)
            if value.state == "whole" and len(value.held) > _MOST_WHOLE:
                return BROKEN
        return bytes(first) if value.state == "after" else reply_of(response, value.held)
    except TimeoutError:
        return problem("upstream-timeout", "The upstream did not answer in time.")
    except (aiohttp.ClientError, OSError):
        return problem("upstream-unreachable", "The upstream dropped the connection.")
    except Base64ValueError:
        return BROKEN
    finally:
        if not begun:
            with suppress(Exception):
                response.close()


async def fetched(
    poster: Poster,
    path: str,
    body: bytes,
    value: Base64Value,
    understood: Callable[[Reply, bool], Json | Problem],
    *,
    told: Mapping[str, str],
    deadline: float,
) -> Content | bytes | Problem:
    """The content that a call of `read` is answered with. `understood` reads an answer that has none in it."""
    response = await poster.begin(path, body, told=told, deadline=deadline)
    if isinstance(response, Problem):
        return response
    found = await content_of(response, value, poster.between_bytes, deadline)
    return whole_content(value.field, understood(found, False)) if isinstance(found, Reply) else found


async def _read(
    response: aiohttp.ClientResponse, value: Base64Value, between: float, deadline: float
) -> AsyncIterator[bytes]:
    """What comes of the value, to the answer's end."""
    now = asyncio.get_running_loop().time
    while True:
        async with asyncio.timeout_at(min(deadline, now() + between)):
            data = await response.content.readany()
        if not data:
            value.end()
            return
        yield value.feed(data)


def whole_content(field: str, rows: Json | Problem) -> bytes | Problem:
    """The content in an answer that is there whole: of a shape that is not read in pieces, or without any."""
    if isinstance(rows, Problem):
        return rows
    if rows == []:
        return NO_RECORD
    row = rows[0] if isinstance(rows, list) and len(rows) == 1 else None
    text = row.get(field) if isinstance(row, dict) else None
    if text is False:
        return NO_CONTENT
    try:
        return binascii.a2b_base64(text.encode()) if isinstance(text, str) else BROKEN
    except (binascii.Error, UnicodeEncodeError):
        return BROKEN
