"""The WebSocket handshake, both halves of it (RFC 6455 §4), for operations whose contract opens a WebSocket.

Everything before it is as for any request. What is asked for is checked as a server has to (§4.2.1), and what the
upstream answers as a client has to (§4.1), so that a connection only ever stops being HTTP where both ends agreed.
"""

import base64
import hashlib
import re
from typing import Final

from contracts.operations import ApiVersion, Operation
from contracts.problems import problem
from policies.exchange import Exchange, Header
from policies.ports import Ports
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "websocket"

NOT_CARRIED: Final = problem("method-not-implemented", "The contract has no WebSocket here.")

# 16 bytes in base64: 22 characters, of which the last holds four bits that are zero, and the padding.
_KEY: Final = re.compile(rb"[A-Za-z0-9+/]{21}[AQgw]==\Z")
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_ASK: Final = (("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13"))

_REQUIRED: Final = Deny(
    POLICY,
    problem("websocket-required", "The operation is a WebSocket; ask for it by its handshake.", headers=_ASK),
)
# RFC 6455 §4.2.2: a server names the versions that it understands.
_VERSION: Final = Deny(
    POLICY, problem("websocket-required", "The only WebSocket version spoken here is 13.", headers=_ASK)
)
_METHOD: Final = Deny(POLICY, problem("malformed-request", "A WebSocket is asked for by GET."))
_BAD_KEY: Final = Deny(
    POLICY, problem("malformed-request", "A WebSocket handshake has one Sec-WebSocket-Key: 16 bytes in base64.")
)


def bind(version: ApiVersion, operation: Operation, ports: Ports | None = None) -> Stage | None:
    """None where the contract opens no WebSocket. A plain GET passes if the contract has a 2xx answer to it."""
    if not operation.websocket:
        return None
    plain = ALLOW if any(response.status.startswith("2") for response in operation.responses) else _REQUIRED

    def websocket(exchange: Exchange) -> Verdict:
        if not exchange.upgrade:
            return plain
        if exchange.method != "GET":
            return _METHOD
        fields = exchange.fields
        if fields.get(b"sec-websocket-version") != b"13":
            return _VERSION
        return ALLOW if _KEY.match(fields.get(b"sec-websocket-key", b"")) is not None else _BAD_KEY

    return websocket


def accept_of(key: bytes) -> bytes:
    """The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key` (RFC 6455 §4.2.2)."""
    return base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())


class Handshake:
    """What one client asked for, to hold the upstream's 101 against (RFC 6455 §4.1)."""

    __slots__ = ("_accept", "_extensions", "_protocols")

    def __init__(self, exchange: Exchange) -> None:
        fields = exchange.fields
        self._accept = accept_of(fields[b"sec-websocket-key"])
        self._protocols = _names(fields.get(b"sec-websocket-protocol", b""))
        self._extensions = _names(fields.get(b"sec-websocket-extensions", b""))

    def fault(self, headers: list[Header], connection: bytes, upgrade: bytes) -> str | None:
        """What is wrong with a 101, for the log and the problem. `connection` and `upgrade` are those fields."""
        if upgrade.strip().lower() != b"websocket" or b"upgrade" not in _names(connection.lower()):
            return "The upstream switched to something else than a WebSocket."
        fields = [(name.lower(), value) for name, value in headers]
        if [value for name, value in fields if name == b"sec-websocket-accept"] != [self._accept]:
            return "The upstream's Sec-WebSocket-Accept does not answer the client's key."
        protocols = [value for name, value in fields if name == b"sec-websocket-protocol"]
        if len(protocols) > 1 or not self._protocols.issuperset(protocols):
            return "The upstream chose a WebSocket subprotocol that was not offered."
        chosen = b",".join(value for name, value in fields if name == b"sec-websocket-extensions")
        if not self._extensions.issuperset(_names(chosen)):
            return "The upstream chose a WebSocket extension that was not offered."
        return None


def _names(value: bytes) -> frozenset[bytes]:
    """The names of a list, without their parameters. A quoted comma makes two of one, which no offer contains."""
    return frozenset(part.partition(b";")[0].strip() for part in value.split(b",") if part.strip())
