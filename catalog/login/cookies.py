"""The log-in's cookies: `__Host-`, Secure, HttpOnly, SameSite=Lax (RFC 6265bis §4.1.3).

The prefix makes the browser hold that the cookie was set by this very host, for all of its paths and over a secure
connection: no sibling domain plants one. Over plain http browsers make an exception for this machine alone, whose
addresses they take as trustworthy (tried with Chromium on `localhost` and `127.0.0.1`); on any other http address
they drop these cookies, and nobody can log in. That is as it should be.

Lax, not Strict: who comes back from an external provider, or from a link in a mail, is still logged in. No
change is made by GET, which is all that Lax lets other sites send a cookie with.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

SESSION: Final = "__Host-ostiary-session"
LOG_IN: Final = "__Host-ostiary-log-in"
"""Of a log-in that has begun; the one from before it never becomes the session's."""
KNOWN: Final = "__Host-ostiary-known"
"""Says that this browser has logged in to an account before."""

_MAX_VALUE: Final = 512


def read(request: Request, name: str) -> str | None:
    """The cookie's value; None where there is none that could be ours."""
    value = request.cookies.get(name, "")
    return value if 0 < len(value) <= _MAX_VALUE and value.isascii() else None


def put(response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
    """Sets the cookie, until the browser closes or for some seconds."""
    response.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")


def drop(response: Response, name: str) -> None:
    """Takes it away."""
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")
