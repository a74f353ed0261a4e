"""Calls to an Odoo that look and change nothing, in the dialect it speaks: JSON-2 (from 19 on) or JSON-RPC."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

import aiohttp
import msgspec

JSON2_SINCE: Final = 19

_TIMEOUT: Final = aiohttp.ClientTimeout(total=60, connect=10)
_MOST_BYTES: Final = 64 * 1024 * 1024

Dialect = Literal["json2", "jsonrpc"]


def dialect_of(protocol: Literal["json2", "jsonrpc", "xmlrpc"]) -> Dialect:
    """What an upstream's Odoo is looked at by: every Odoo that speaks XML-RPC speaks JSON-RPC, too."""
    return "json2" if protocol == "json2" else "jsonrpc"


class OdooError(Exception):
    """An Odoo that cannot be asked; the message says why, for the person who named it."""


class RefusedError(Exception):
    """Odoo refuses one call: no right to it, or no such model or method. `name` is the class of its exception."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Login:
    """Where an Odoo is and who asks. `key` is an API key or, over JSON-RPC, a password. `tls` is whom an https URL
    is trusted by, in place of the machine's authorities; `pace` the least seconds from one call to the next."""

    url: str
    database: str
    user: str
    key: str
    tls: ssl.SSLContext | None = None
    pace: float = 0.0


class Remote(Protocol):
    """An Odoo that answers. `major` is its major version."""

    major: int
    dialect: Dialect

    async def on_model(self, model: str, method: str, **arguments: Any) -> Any:
        """Calls a method of a model. Raises RefusedError, OdooError."""
        ...

    async def on_records(self, model: str, method: str, ids: list[int], **arguments: Any) -> Any:
        """Calls a method of records. Raises RefusedError, OdooError."""
        ...

    async def document(self, path: str) -> Any:
        """A JSON document that Odoo has about itself (19 and later); None where it has none. Raises OdooError."""
        ...


@asynccontextmanager
async def connected(login: Login, dialect: Dialect | None = None) -> AsyncIterator[Remote]:
    """Asks for the version and logs in; the dialect is the newest that the version speaks unless it is given.

    Raises OdooError.
    """
    async with aiohttp.ClientSession(
        timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar(), headers={"User-Agent": "ostiary"}
    ) as session:
        wire = _Wire(session, login)
        major = await _version(wire, dialect)
        if dialect is None:
            dialect = "json2" if major >= JSON2_SINCE else "jsonrpc"
        if dialect == "json2":
            if major < JSON2_SINCE:
                raise OdooError(f"Odoo {major} has no JSON-2; it came with {JSON2_SINCE}. Use jsonrpc")
            yield _Json2(wire, major)
            return
        uid = await wire.rpc("common", "authenticate", login.database, login.user, login.key, {})
        if not isinstance(uid, int) or isinstance(uid, bool):
            raise OdooError(f"Odoo does not accept the key of {login.user!r} in the database {login.database!r}")
        yield _JsonRpc(wire, major, uid)


async def _version(wire: "_Wire", dialect: Dialect | None) -> int:
    if dialect != "json2":
        try:
            told = await wire.rpc("common", "version")
            return int(told["server_version_info"][0])
        except (RefusedError, OdooError, TypeError, KeyError, ValueError, IndexError):
            if dialect == "jsonrpc":
                raise
    told = await wire.get("/web/version")
    try:
        return int(told["version_info"][0])
    except (TypeError, KeyError, ValueError, IndexError):
        raise OdooError(f"{wire.login.url} does not answer as an Odoo does") from None


class _Wire:
    """One HTTP exchange after the other."""

    def __init__(self, session: aiohttp.ClientSession, login: Login) -> None:
        self._session = session
        self.login = login
        self._number = 0
        self._next_at = 0.0

    async def rpc(self, service: str, method: str, *args: Any) -> Any:
        self._number += 1
        params = {"service": service, "method": method, "args": args}
        call = {"jsonrpc": "2.0", "method": "call", "params": params, "id": self._number}
        status, body = await self._exchange("POST", "/jsonrpc", call, {})
        answer = _json(body)
        if status != 200 or not isinstance(answer, dict):
            raise OdooError(f"{self.login.url}/jsonrpc answers with {status} and no JSON-RPC")
        if "error" in answer:
            raise _refusal(answer["error"].get("data") if isinstance(answer["error"], dict) else None)
        return answer.get("result")  # a result of None is left out

    async def json2(self, model: str, method: str, arguments: Mapping[str, Any]) -> Any:
        status, body = await self._exchange("POST", f"/json/2/{model}/{method}", arguments, self._bearer())
        answer = _json(body)
        if status == 200:
            return answer
        if status == 401:
            raise OdooError(f"Odoo does not accept the key in the database {self.login.database!r}")
        if isinstance(answer, dict) and "name" in answer:
            raise _refusal(answer)
        raise OdooError(f"{self.login.url}/json/2 answers with {status}")

    async def get(self, path: str, *, authenticated: bool = False) -> Any:
        """None where there is no such document."""
        status, body = await self._exchange("GET", path, None, self._bearer() if authenticated else {})
        return _json(body) if status == 200 else None

    def _bearer(self) -> dict[str, str]:
        fields = {"Authorization": f"bearer {self.login.key}"}
        return fields | ({"X-Odoo-Database": self.login.database} if self.login.database else {})

    async def _exchange(self, method: str, path: str, value: Any, fields: Mapping[str, str]) -> tuple[int, bytes]:
        # JSON-2 takes a chunked body for none, and then answers for all records: bytes have a length.
        body = None if value is None else msgspec.json.encode(value)
        headers = {**fields, **({"Content-Type": "application/json"} if body is not None else {})}
        url = self.login.url.rstrip("/") + path
        await self._in_pace()
        try:
            async with self._session.request(
                method, url, data=body, headers=headers, allow_redirects=False, ssl=self.login.tls or True
            ) as answer:
                found = await answer.content.read(_MOST_BYTES + 1)
                while not answer.content.at_eof() and len(found) <= _MOST_BYTES:
                    found += await answer.content.read(_MOST_BYTES + 1 - len(found))
                if len(found) > _MOST_BYTES:
                    raise OdooError(f"{url} answers with more than {_MOST_BYTES} bytes")
                return answer.status, found
        except (aiohttp.InvalidURL, ValueError):
            raise OdooError(f"{self.login.url!r} is no URL of an Odoo") from None
        except TimeoutError:
            raise OdooError(f"{self.login.url} does not answer in time") from None
        except aiohttp.ClientError as error:
            raise OdooError(f"{self.login.url} cannot be reached: {error}") from None

    async def _in_pace(self) -> None:
        clock = asyncio.get_running_loop().time
        if self._next_at > clock():
            await asyncio.sleep(self._next_at - clock())
        self._next_at = clock() + self.login.pace


class _Json2:
    dialect: Dialect = "json2"

    def __init__(self, wire: _Wire, major: int) -> None:
        self.major = major
        self._wire = wire

    async def on_model(self, model: str, method: str, **arguments: Any) -> Any:
        return await self._wire.json2(model, method, arguments)

    async def on_records(self, model: str, method: str, ids: list[int], **arguments: Any) -> Any:
        return await self._wire.json2(model, method, {"ids": ids, **arguments})

    async def document(self, path: str) -> Any:
        return await self._wire.get(path, authenticated=True)


class _JsonRpc:
    dialect: Dialect = "jsonrpc"

    def __init__(self, wire: _Wire, major: int, uid: int) -> None:
        self.major = major
        self._wire = wire
        self._uid = uid

    async def on_model(self, model: str, method: str, **arguments: Any) -> Any:
        return await self._call(model, method, [], arguments)

    async def on_records(self, model: str, method: str, ids: list[int], **arguments: Any) -> Any:
        return await self._call(model, method, [ids], arguments)

    async def document(self, path: str) -> Any:
        # It takes a key as a bearer, which over JSON-RPC may be a password: that goes nowhere else.
        return None

    async def _call(self, model: str, method: str, args: list[Any], arguments: Mapping[str, Any]) -> Any:
        login = self._wire.login
        return await self._wire.rpc(
            "object", "execute_kw", login.database, self._uid, login.key, model, method, args, arguments
        )


def _refusal(data: Any) -> Exception:
    """By the class of Odoo's exception; never with its `debug`, which holds a traceback."""
    name = str(data.get("name", "")) if isinstance(data, dict) else ""
    message = str(data.get("message", "")).strip() if isinstance(data, dict) else ""
    if name.endswith(("AccessDenied", "OperationalError", "SessionExpiredException")):
        return OdooError("Odoo refuses the log-in, or has no such database")
    return RefusedError(name, message.partition("\n")[0])


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
