"""Origins (RFC 6454 §6.2) as settings list them: a page's own, all below a domain, or all there are."""

import re
from collections.abc import Callable, Iterable
from typing import Annotated, Final

from msgspec import Meta

ANY_ORIGIN: Final = "*"

OriginText = Annotated[
    str,
    Meta(max_length=300, description="an origin, such as `https://shop.example.com` or `https://*.example.com`"),
]

_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = rf"{_LABEL}(\.{_LABEL})*"
_ADDRESS: Final = r"\[[0-9a-f:.]+\]"
_ORIGIN: Final = re.compile(
    rf"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:{_NAME}|{_ADDRESS})(?::(?P<port>[1-9]\d{{0,4}}))?"
)
_BELOW: Final = re.compile(rf"(?P<scheme>[a-z][a-z0-9+.-]*)://\*\.{_NAME}(?::(?P<port>[1-9]\d{{0,4}}))?")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


def origin_fault(text: str) -> str:
    """Why no browser would ever send an origin that it means; empty where one would."""
    if text == ANY_ORIGIN:
        return ""
    match = _ORIGIN.fullmatch(text) or _BELOW.fullmatch(text)
    if match is None:
        if text == "null":
            return "`null` is the origin of any sandboxed page, whoever made it"
        return f"{text!r} is no origin: a scheme and a host in lower case, and a port, with nothing behind them"
    if match["port"] is not None and match["port"] == _DEFAULT_PORTS.get(match["scheme"]):
        return f"browsers leave out the port {match['port']} of {match['scheme']}"
    return ""


def admitting(origins: Iterable[str]) -> Callable[[bytes], bool]:
    """Whether an `Origin`, as it was sent, is one of them."""
    exact: set[bytes] = set()
    below: list[tuple[bytes, bytes]] = []
    for text in origins:
        scheme, wildcard, domain = text.partition("://*.")
        if wildcard:
            below.append((f"{scheme}://".encode(), f".{domain}".encode()))
        else:
            exact.add(text.encode())
    names = re.compile(_NAME.encode())

    def admits(origin: bytes) -> bool:
        if origin in exact:
            return True
        return any(
            origin.startswith(scheme)
            and origin.endswith(domain)
            and names.fullmatch(origin, len(scheme), len(origin) - len(domain)) is not None
            for scheme, domain in below
        )

    return admits
