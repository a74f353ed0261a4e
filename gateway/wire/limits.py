"""What the listener admits, and how long it waits."""

from typing import Final

import msgspec

from gateway.wire.proxies import TrustedProxies

SLOWEST: Final = 500.0
"""Bytes a second below which a request's body counts as one that stops arriving. A byte now and then would hold a
connection for as long as its client likes ("slow POST"; the figure is that of Apache's mod_reqtimeout)."""


class ListenerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits in bytes and counts, times in seconds. `body_timeout` is how long a request's body may fall behind
    `SLOWEST`, `idle_timeout` a connection's rest between requests, `websocket_idle_timeout` the silence in both
    directions of a WebSocket. `proxies` are believed what they say of their clients."""

    max_head: int = 32_768
    max_target: int = 8_192
    max_fields: int = 100
    max_connections: int = 1 << 20
    head_timeout: float = 10.0
    body_timeout: float = 30.0
    idle_timeout: float = 75.0
    websocket_idle_timeout: float = 300.0
    proxies: TrustedProxies | None = None
