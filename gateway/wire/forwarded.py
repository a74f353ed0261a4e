"""What an upstream is told of the client: Forwarded (RFC 7239), X-Forwarded-* and Via (RFC 9110 §7.6.3).

All of it is made anew, from the connection's own peer or, where that is a listed proxy, from what that says of its
client (`wire.proxies`). What a client says of itself here never passes.
"""

from functools import lru_cache


@lru_cache(maxsize=4096)
def forwarded_lines(peer: str, host: bytes, scheme: str) -> bytes:
    """The ready header lines for one client; `host` is the Host it sent, empty where it sent none."""
    address = peer.encode("ascii")
    node = b'"[%b]"' % address if b":" in address else address or b"unknown"
    protocol = scheme.encode("ascii")
    lines = [b"x-forwarded-for: " + (address or b"unknown"), b"x-forwarded-proto: " + protocol]
    pairs = [b"for=" + node, b"proto=" + protocol]
    if host:
        lines.append(b"x-forwarded-host: " + host)
        pairs.append(b'host="%b"' % host)
    lines.append(b"forwarded: " + b";".join(pairs))
    lines.append(b"via: 1.1 ostiary")
    return b"".join(line + b"\r\n" for line in lines)
