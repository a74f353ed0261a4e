"""The mark of a browser that has logged in to an account before: it is counted apart from strangers.

A mark opens nothing. It is bound to the member by a digest under the catalog's pepper, so nobody makes one.
"""

import hmac
import secrets
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from catalog.clock import DAY
from catalog.login import cookies
from catalog.login.keys import LoginKeys

_SECONDS: Final = 180 * DAY


def mark_of(request: Request, member: str, keys: LoginKeys) -> str | None:
    """The mark that the browser has for this member; None for a stranger."""
    mark, _, proof = (cookies.read(request, cookies.KNOWN) or "").partition(".")
    if mark and hmac.compare_digest(proof.encode(), _proof(keys, member, mark).encode()):
        return mark
    return None


def remember(response: Response, request: Request, member: str, keys: LoginKeys) -> None:
    """Gives the browser a mark for this member, or its own for a longer time."""
    mark = mark_of(request, member, keys) or secrets.token_hex(8)
    cookies.put(response, cookies.KNOWN, f"{mark}.{_proof(keys, member, mark)}", seconds=_SECONDS)


def _proof(keys: LoginKeys, member: str, mark: str) -> str:
    return keys.token("known-browser", f"{member}/{mark}")
