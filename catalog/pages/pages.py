"""Pages: Jinja2 templates with automatic escaping, and the header fields that go with each of them.

The Content-Security-Policy admits what we serve ourselves and nothing else: no inline script or style, no frame
around a page, no `base`. So text that got into a page unescaped in spite of all could still run nothing.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from catalog.pages.assets import Assets
from contracts.problems import Problem

TEMPLATES: Final = Path(__file__).with_name("templates")

_HEADERS: Final = {
    "cache-control": "no-store",  # a page is what one person may see, and a form's token is in it
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Not `no-referrer`: browsers then send `Origin: null` with our own forms (Fetch standard, §4.3).
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",  # for what does not know frame-ancestors
}


_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """The origin of a URL as browsers spell it (RFC 6454 §6.2): in lower case, without the scheme's own port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{name}{port}"


def page_headers(form_targets: Iterable[str] = (), connect: Iterable[str] = ()) -> dict[str, str]:
    """The header fields of a page. `form_targets` as for `Pages.page`; `connect` are origins that its scripts
    call."""
    targets, called = (" ".join(("'self'", *each)) for each in (form_targets, connect))
    policy = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        f"connect-src {called}; form-action {targets}; frame-ancestors 'none'; base-uri 'none'"
    )
    return {**_HEADERS, "content-security-policy": policy}


class Pages:
    """Renders templates for the catalog at one address."""

    def __init__(self, url: str, assets: Assets) -> None:
        """`url` is where people reach the catalog; it may have a path."""
        parts = urlsplit(url)
        self.url = url
        self.origin = origin_of(url)
        self.host = parts.hostname or ""
        self.base = parts.path.rstrip("/")
        self.assets = assets
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._environment.globals.update(link=self.link, asset=assets.by_name.__getitem__, session=None)

    def link(self, path: str) -> str:
        """One of our paths as a browser asks for it."""
        return self.base + path

    def page(
        self, template: str, *, status: int = 200, form_targets: Iterable[str] = (), **values: Any
    ) -> Response:
        """The page. `form_targets` are origins to which its forms lead in the end besides our own: browsers hold
        `form-action` against each redirect that follows a form."""
        text = self._environment.get_template(template).render(values)
        return HTMLResponse(text, status, page_headers(form_targets))

    def refusal(self, request: Request, problem: Problem) -> Response:
        """A refusal as a page: what happened, and the id by which an operator finds the request in the log."""
        response = self.page(
            "error.html",
            status=problem.status,
            title=problem.type.title,
            detail=problem.detail,
            request_id=request.state.request_id,
        )
        response.headers.update(dict(problem.headers))
        return response

    def redirect(self, path: str) -> Response:
        """To one of our paths, with GET: what follows a form that was taken (RFC 9110 §15.4.4)."""
        return RedirectResponse(self.link(path), 303, {"cache-control": "no-store"})

    def onward(self, path: str) -> Response:
        """A page that leads on to one of our paths by itself. After a form that may end at another origin (a
        log-in on the way to an application) a redirect would not do: browsers hold `form-action` against all
        that follow."""
        return self.page("onward.html", target=self.link(path))

    def away(self, address: str) -> Response:
        """The same to another's address, which the caller vouches for."""
        return self.page("onward.html", target=address)
