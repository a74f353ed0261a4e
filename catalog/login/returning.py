"""Where a log-in leads back to: a path of ours, never another's address (an open redirect, CWE-601)."""

import re
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from catalog.pages.pages import Pages

HOME: Final = "/portal"
"""Where a log-in leads that nothing asked for."""
ACCOUNT: Final = "/account"
LOG_IN_PATH: Final = "/login"

_MAX: Final = 8192
# One slash and then none and no backslash, which browsers read as a second: `//host` and `/\host` are other hosts.
# And only what stands in a URL anyway: white space and control characters are taken out of it by browsers.
_PATH: Final = re.compile(r"/(?:[!#-\.0-;=?-\[\]_a-z~][!#-;=?-\[\]-~]*)?")


def safe_path(text: str) -> str:
    """The path and query to go to, or `HOME` for anything that is not one of ours."""
    return text if len(text) <= _MAX and _PATH.fullmatch(text) else HOME


def login_redirect(request: Request, pages: Pages, *, again: bool = False) -> Response:
    """To the log-in page, and from there back to what the request asked for. With `again` also one who is logged
    in proves itself anew. Only for GET: what a form held is not asked for twice."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    wanted = (raw + (b"?" + query if query else b"")).decode("latin-1")
    target = f"{LOG_IN_PATH}?next={quote(safe_path(wanted), safe='')}{'&again=1' if again else ''}"
    return RedirectResponse(pages.link(target), 303, {"cache-control": "no-store"})
