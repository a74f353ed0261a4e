"""A browser's part in the CORS protocol, step by step as the Fetch standard has it, over a real connection.

It knows nothing of Ostiary. What it lets a page have is what the page would have.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from tests.gateway.http_harness import RawAnswer

Send = Callable[[str, Mapping[str, str], bytes], Awaitable[RawAnswer]]
"""Sends a request by method, header fields and body."""

_SAFELISTED_METHODS = ("GET", "HEAD", "POST")  # §2.2.1, "CORS-safelisted method"
_SAFELISTED_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
_SAFELISTED_ANSWER = frozenset(  # §2.2.2, "CORS-safelisted response-header name"
    ("cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma")
)
_UNSAFE_BYTES = re.compile(rb'[\x00-\x08\x10-\x1f"():<>?@\[\\\]{}\x7f]')  # "CORS-unsafe request-header byte"


class NetworkError(Exception):
    """All that a page learns where an answer is not for it."""


@dataclass
class Page:
    """A page of an origin; `credentials` is its request's credentials mode `include`."""

    origin: str
    send: Send
    credentials: bool = False
    preflights: list[RawAnswer] = field(default_factory=list)

    async def fetch(self, method: str, fields: Mapping[str, str], body: bytes = b"") -> "Shown":
        """§4.5, "HTTP fetch", for a cross-origin request with CORS. Raises NetworkError."""
        unsafe = sorted(name.lower() for name, value in fields.items() if not _is_safelisted(name, value))
        if method not in _SAFELISTED_METHODS or unsafe:
            await self._preflight(method, unsafe)
        answer = await self.send(method, {**fields, "Origin": self.origin}, body)
        self._check(answer)
        return self._shown(answer)

    async def _preflight(self, method: str, unsafe: list[str]) -> None:
        """§4.8, "CORS-preflight fetch"."""
        asking = {"Accept": "*/*", "Access-Control-Request-Method": method, "Origin": self.origin}
        if unsafe:
            asking["Access-Control-Request-Headers"] = ",".join(unsafe)
        answer = await self.send("OPTIONS", asking, b"")
        self.preflights.append(answer)
        self._check(answer)
        if not 200 <= answer.status <= 299:
            raise NetworkError("the preflight has no ok status")
        methods = _listed(answer, "access-control-allow-methods")
        names = [name.lower() for name in _listed(answer, "access-control-allow-headers")]
        if self.credentials and "*" in (*methods, *names):
            raise NetworkError("a wildcard with credentials")
        if method not in methods and method not in _SAFELISTED_METHODS and "*" not in methods:
            raise NetworkError(f"{method} is not allowed")
        if "authorization" in unsafe and "authorization" not in names:
            raise NetworkError("authorization is not allowed")
        missing = [name for name in unsafe if name not in names and "*" not in names]
        if missing:
            raise NetworkError(f"{missing} are not allowed")

    def _check(self, answer: RawAnswer) -> None:
        """§4.10, "CORS check"."""
        origin = _only(answer, "access-control-allow-origin")
        if origin is None:
            raise NetworkError("no Access-Control-Allow-Origin")
        if not self.credentials and origin == "*":
            return
        if origin != self.origin:
            raise NetworkError(f"{origin!r} is not {self.origin!r}")
        if self.credentials and _only(answer, "access-control-allow-credentials") != "true":
            raise NetworkError("no credentials")

    def _shown(self, answer: RawAnswer) -> "Shown":
        """§2.2.6, "CORS filtered response"."""
        exposed = {name.lower() for name in _listed(answer, "access-control-expose-headers")}
        headers = _fields(answer)
        names = {name for name, _ in headers if name in _SAFELISTED_ANSWER or name in exposed}
        return Shown(answer.status, {name: _only(answer, name) or "" for name in names}, answer.body)


@dataclass
class Shown:
    """What a page gets of an answer."""

    status: int
    fields: Mapping[str, str]
    body: bytes


def _is_safelisted(name: str, value: str) -> bool:
    """§2.2.2, "CORS-safelisted request-header"."""
    if len(value) > 128:
        return False
    match name.lower():
        case "accept":
            return not _UNSAFE_BYTES.search(value.encode())
        case "accept-language" | "content-language":
            return re.fullmatch(r"[0-9A-Za-z *,\-.;=]*", value) is not None
        case "content-type":
            essence = value.partition(";")[0].strip().lower()
            return not _UNSAFE_BYTES.search(value.encode()) and essence in _SAFELISTED_TYPES
        case _:
            return False


def _fields(answer: RawAnswer) -> list[tuple[str, str]]:
    """As they came, several of one name too."""
    lines = answer.head.decode("latin-1").split("\r\n")[1:]
    return [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]


def _only(answer: RawAnswer, name: str) -> str | None:
    """§2.2.2, "get": several fields are one, joined."""
    return ", ".join(value for each, value in _fields(answer) if each == name) or None


def _listed(answer: RawAnswer, name: str) -> list[str]:
    return [part.strip() for part in (_only(answer, name) or "").split(",") if part.strip()]
