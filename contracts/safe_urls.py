"""Which URLs secrets and keys may travel to and from: https, or http that does not leave the machine."""

import re
from typing import Final
from urllib.parse import urlsplit

_LOOPBACK: Final = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")


def is_loopback(host: str) -> bool:
    """Whether a URL's host is this machine itself, by its name alone."""
    return _LOOPBACK.fullmatch(host) is not None


def unsafe(url: str) -> str | None:
    """Why nothing that matters may be fetched from there or sent there (`is …`, `holds …`); None where it may."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        parts.port  # noqa: B018  (reading it is what parses it)
    except ValueError:
        return "is no URL"
    if parts.username is not None or parts.password is not None:
        return "holds a user name or password"
    if not host or parts.fragment or any(not "!" <= each <= "~" for each in url):
        return "is no URL"
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        return "is not https"
    return None
