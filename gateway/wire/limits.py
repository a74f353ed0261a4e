"""What the listener admits, and how long it waits."""

import msgspec


class ListenerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits in bytes and counts, times in seconds. `idle_timeout` is a connection's rest between requests,
    `websocket_idle_timeout` the silence in both directions of a WebSocket."""

    max_head: int = 32_768
    max_target: int = 8_192
    max_fields: int = 100
    head_timeout: float = 10.0
    body_timeout: float = 30.0
    idle_timeout: float = 75.0
    websocket_idle_timeout: float = 300.0
