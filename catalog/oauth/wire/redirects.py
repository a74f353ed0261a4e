"""Where a client's answers may go (RFC 6749 §3.1.2, RFC 9700 §4.1): to what is registered, to the letter."""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

# RFC 8252 §7.3: the port of a native app's listener is the operating system's choice, and of nothing else.
_LOOPBACK: Final = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?(/.*)?")


def is_registered(uri: str, registered: Iterable[str], *, public: bool) -> bool:
    """Whether it is one of those that are registered, compared as text; with any port where it is the loopback
    address of a public client."""
    known = tuple(registered)
    if uri in known:
        return True
    ours = _LOOPBACK.fullmatch(uri) if public else None
    if ours is None:
        return False
    return any(
        (theirs := _LOOPBACK.fullmatch(each)) is not None and theirs.groups() == ours.groups() for each in known
    )


def is_claimed(uri: str) -> bool:
    """Whether nobody else can take what is sent there: a private scheme or a local port is anybody's on the same
    device (RFC 8252 §8.6)."""
    return urlsplit(uri).scheme == "https"


def with_answer(uri: str, answer: Mapping[str, str]) -> str:
    """The URI with the answer's parameters after those that it has."""
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(answer)}"


def form_target(uri: str) -> str:
    """The source expression by which a Content-Security-Policy names where the URI leads (CSP 3 §2.3.1)."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
