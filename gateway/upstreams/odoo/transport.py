"""One call of a model's method, whichever dialect carries it, and the HTTP exchange that both share.

A call is written once and never repeated when it may have changed something: what happened to a write that was
sent and not answered is unknown, and said to be (`outcome-unknown`). A read is repeated once when its
connection was dropped.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_writer import StreamWriter
from aiohttp.payload import BytesPayload
from yarl import URL

from contracts.problems import Problem, problem
from contracts.snapshot import Timeouts
from gateway.upstreams.odoo.pace import Pace

if TYPE_CHECKING:
    from gateway.upstreams.odoo.content import Content

Json: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any] | None

READING: Final = frozenset(
    {
        "fields_get",
        "formatted_read_group",
        "name_search",
        "read",
        "read_group",
        "search",
        "search_count",
        "search_read",
        "web_read",
        "web_search_read",
    }
)
"""Methods that change nothing. All others are taken for writes: the HTTP verb, always POST, says nothing."""

MAX_ANSWER: Final = 32 * 1024 * 1024
"""Bytes of one answer; a mapped list is far below it, and the adapter holds an answer whole."""


class Transport(Protocol):
    """Calls `method` of `model`; a problem is returned, not raised.

    `ids` is the recordset the method is called on, None for methods of the model itself. `arguments` are by the
    names that Odoo's method has. `told` are further header fields, in lower case. `deadline` is the loop's time
    after which nobody waits for the answer.
    """

    async def execute(
        self,
        model: str,
        method: str,
        *,
        ids: Sequence[int] | None = None,
        arguments: Mapping[str, Any],
        context: Mapping[str, Any],
        told: Mapping[str, str],
        deadline: float,
    ) -> Json | Problem: ...

    async def download(
        self,
        model: str,
        key: int,
        field: str,
        *,
        context: Mapping[str, Any],
        told: Mapping[str, str],
        deadline: float,
    ) -> "Content | bytes | Problem":
        """What a binary field of one record holds: begun, or whole if it is short. It is not repeated."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, read whole. `content_type` is the lower-case media type without parameters."""

    status: int
    content_type: str
    body: bytes
    retry_after: str = ""


class _Watched(BytesPayload):
    """A body that tells when its bytes begin to leave: from then on a call may have had its effect.

    It also keeps its connection out of the pool. Odoo closes each connection after its answer, a proxy before
    it may not, or not say so: a write must never meet a pooled connection that is just being closed, since it
    could not be repeated. (A `Connection: close` of the request alone does not make aiohttp close it.)
    """

    def __init__(self, value: bytes, content_type: str, leaving: Callable[[], None]) -> None:
        super().__init__(value, content_type=content_type)
        self._leaving = leaving

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        if isinstance(writer, StreamWriter) and isinstance(writer.protocol, ResponseHandler):
            writer.protocol.force_close()
        self._leaving()
        await super().write_with_length(writer, content_length)


class Poster:
    """Posts calls to one Odoo, each when the `pace` admits it: JSON objects, or what `content_type` says."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        timeouts: Timeouts,
        headers: Mapping[str, str],
        tls: ssl.SSLContext | None = None,
        pace: Pace | None = None,
        content_type: str = "application/json",
    ) -> None:
        self._content_type = content_type
        self._session = session
        self._pace = pace
        self._ssl = tls or True  # True verifies too, against the machine's authorities
        self._base = url.rstrip("/")
        self._timeouts = timeouts
        self._headers = {
            "accept": content_type,
            "accept-encoding": "identity",
            "connection": "close",
            "user-agent": "ostiary",
            **headers,
        }

    async def post(
        self, path: str, body: bytes, *, writing: bool, told: Mapping[str, str], deadline: float
    ) -> Reply | Problem:
        """The answer to `body` (a JSON object), sent with its Content-Length: Odoo ignores a chunked one."""
        reply, dropped = await self._post_once(path, body, writing, told, deadline)
        if dropped and not writing:
            reply, _ = await self._post_once(path, body, writing, told, deadline)
        return reply

    async def begin(
        self, path: str, body: bytes, *, told: Mapping[str, str], deadline: float
    ) -> aiohttp.ClientResponse | Problem:
        """An answer of which the head has come, to a call that reads. Who has it closes it."""
        now = asyncio.get_running_loop().time
        if self._pace is not None and (refusal := await self._pace.keep(deadline)):
            return refusal

        def leaving() -> None:
            limit.reschedule(min(deadline, now() + self._timeouts.first_byte))

        try:
            async with asyncio.timeout_at(min(deadline, now() + self._timeouts.connect)) as limit:
                return await self._send(path, body, leaving, told)
        except TimeoutError:
            return problem("upstream-timeout", "The upstream did not answer in time.")
        except aiohttp.ClientResponseError:
            return problem("upstream-malformed", "The upstream's answer is not HTTP.")
        except (aiohttp.ClientError, OSError):
            return problem("upstream-unreachable", "The upstream cannot be reached.")

    @property
    def between_bytes(self) -> float:
        """Seconds that an answer may pause."""
        return self._timeouts.between_bytes

    def _send(
        self, path: str, body: bytes, leaving: Callable[[], None], told: Mapping[str, str]
    ) -> "aiohttp.client._RequestContextManager":
        return self._session.post(
            URL(self._base + path, encoded=True),
            data=_Watched(body, self._content_type, leaving),
            headers={**self._headers, **told},
            ssl=self._ssl,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
        )

    async def _post_once(
        self, path: str, body: bytes, writing: bool, told: Mapping[str, str], deadline: float
    ) -> tuple[Reply | Problem, bool]:
        """The answer, and whether the connection was dropped before it was complete."""
        now = asyncio.get_running_loop().time
        times = self._timeouts
        sent = False
        if self._pace is not None and (refusal := await self._pace.keep(deadline)):
            return refusal, False

        def leaving() -> None:
            nonlocal sent
            sent = True
            if not limit.expired():
                limit.reschedule(min(deadline, now() + times.first_byte))

        try:
            async with (
                asyncio.timeout_at(min(deadline, now() + times.connect)) as limit,
                self._send(path, body, leaving, told) as response,
            ):
                data = bytearray()
                while True:
                    limit.reschedule(min(deadline, now() + times.between_bytes))
                    chunk = await response.content.readany()
                    if not chunk:
                        break
                    data += chunk
                    if len(data) > MAX_ANSWER:
                        return broken(writing, "The upstream's answer is too large."), False
                return reply_of(response, bytes(data)), False
        except TimeoutError:
            if sent and writing:
                return unknown("The upstream did not answer in time."), False
            return problem("upstream-timeout", "The upstream did not answer in time."), False
        except aiohttp.ClientResponseError:
            return broken(writing, "The upstream's answer is not HTTP."), False
        except (aiohttp.ClientError, OSError):
            if sent and writing:
                return unknown("The upstream dropped the connection before it answered."), True
            detail = "The upstream dropped the connection." if sent else "The upstream cannot be reached."
            return problem("upstream-unreachable", detail), sent


def reply_of(response: aiohttp.ClientResponse, data: bytes) -> Reply:
    """An answer whose body is `data`."""
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        content_type = ""  # not asked for, so not understood
    return Reply(response.status, content_type, data, response.headers.get("retry-after", ""))


def unknown(what: str) -> Problem:
    """A write whose fate nobody knows; `what` is a sentence that says why."""
    return problem("outcome-unknown", what + " The write may or may not have happened.")


def broken(writing: bool, what: str) -> Problem:
    """An answer that cannot be used: for a write, this too leaves its outcome unknown."""
    return unknown(what) if writing else problem("upstream-malformed", what)
