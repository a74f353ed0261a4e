"""The password in a call of Odoo's RPC as a credential: an API key or an access token of ours.

Clients that were made for Odoo know no other place for one. What stands there is taken as if it had come in the
header field of its kind, and so goes the way of all credentials: looked up by its digest, counted, slowed down
where it is guessed. The call itself is read once more, and strictly, by the policy `odoo-rpc`.
"""

from collections.abc import Awaitable
from typing import Any, Final

import msgspec

from contracts.odoo_guard import OdooGuard, RpcDialect
from contracts.secret_text import parse
from policies.exchange import Exchange
from policies.rpc import xml_text
from policies.rpc.call import Common, RefusedCallError
from policies.rpc.common import reply_to
from policies.verdict import Stage, Verdict

_AT: Final = 2
"""Of the arguments: `execute_kw(db, uid, password, …)`, `authenticate(db, login, password, …)`."""
_WITH_PASSWORD: Final = {
    "object": frozenset({"execute_kw", "execute"}),
    "common": frozenset({"authenticate", "login"}),
}


class PasswordLogin:
    """A stage around the one that authenticates, whose policy is `policy`; `header` is where that looks for API
    keys. It needs the request's body."""

    __slots__ = ("_dialect", "_guard", "_header", "_policy", "_stage")

    def __init__(
        self, stage: Stage, policy: str, header: bytes | None, dialect: RpcDialect, guard: OdooGuard
    ) -> None:
        self._stage = stage
        self._policy = policy
        self._header = header
        self._dialect = dialect
        self._guard = guard

    def check(self, exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        fields = exchange.fields
        if b"authorization" in fields or (self._header is not None and self._header in fields):
            return self._stage(exchange)
        service, method, args, request = _parts(self._dialect, exchange.body or b"")
        if service == "common" and method == "version" and self._guard.version is not None:
            # Clients ask for it before they log in, and it is the same for everybody.
            return reply_to(Common("version"), self._dialect, self._guard, request, self._policy)
        if method in _WITH_PASSWORD.get(service, ()) and len(args) > _AT and isinstance(args[_AT], str):
            name, value = self._field(args[_AT])
            exchange.fields = {**fields, name: value}
            # What is kept of a connection's field lines says nothing of this one.
            exchange.kept = None
        return self._stage(exchange)

    def _field(self, password: str) -> tuple[bytes, bytes]:
        text = password.encode("utf-8", "surrogatepass")
        secret = parse(password)
        if self._header is not None and secret is not None and secret.is_api_key:
            return self._header, text
        return b"authorization", b"Bearer " + text


def _parts(dialect: RpcDialect, body: bytes) -> tuple[str, str, list[Any], Any]:
    """Service, method and arguments, and the call's JSON; empty where there is no such call."""
    nothing: tuple[str, str, list[Any], Any] = ("", "", [], None)
    if dialect != "jsonrpc":
        try:
            name, given = xml_text.read(body)
        except RefusedCallError:
            return nothing
        return "common" if dialect == "xmlrpc-common" else "object", name, given, None
    try:
        request = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return nothing
    params = request.get("params") if isinstance(request, dict) else None
    if not isinstance(params, dict):
        return nothing
    service, method, args = params.get("service"), params.get("method"), params.get("args")
    if not isinstance(service, str) or not isinstance(method, str) or not isinstance(args, list):
        return nothing
    return service, method, args, request
