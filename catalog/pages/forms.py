"""Forms as browsers send them, and whether they come from a page of ours.

A form counts when both hold: the browser says that one of our own pages sent it (`Sec-Fetch-Site`, or `Origin`
where a browser does not send that), and it has the token that was put into the page for this session. Each is a
defence against cross-site request forgery of its own.
"""

import asyncio
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from contracts.problems import Problem, problem

TOKEN_FIELD: Final = "csrf"  # noqa: S105 (a field's name)
MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
MAX_BODY: Final = 65_536
"""Bytes of a form."""
BODY_SECONDS: Final = 10.0
_MAX_FIELDS: Final = 100

FORGED: Final = problem(
    "cross-site-request",
    "The form did not come from a page of this catalog, or the page was of another session. "
    "Go back, load the page again, and send it once more.",
)


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed, by the fields' names. It may hold a password, and so shows nothing of it."""

    values: Mapping[str, str] = field(repr=False)

    def text(self, name: str) -> str:
        """A line that was typed, without the white space around it; empty where there is none."""
        return self.values.get(name, "").strip()

    def secret(self, name: str) -> str:
        """What was typed, exactly."""
        return self.values.get(name, "")


async def read_form(request: Request) -> Form | Problem:
    """The form in a request's body."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        return problem("unsupported-media-type", f"A form is sent as {MEDIA_TYPE}.")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > MAX_BODY:
                    return problem("body-too-large", f"The limit is {MAX_BODY} bytes.", limit=MAX_BODY)
    except (TimeoutError, ClientDisconnect):
        return problem("request-timeout", "The form did not arrive whole, or not in time.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError:
        return problem("malformed-request", "The form is not as browsers send one.")
    values = dict(pairs)
    if len(values) != len(pairs) or any("\0" in value for value in values.values()):
        return problem("malformed-request", "The form is not as browsers send one.")
    return Form(values)


def refuse_forged(request: Request, form: Form, origin: str, token: str) -> Problem | None:
    """The refusal of a form that is not from a page of ours at `origin`, or not with the session's `token`."""
    if not from_us(request, origin) or not token:
        return FORGED
    return None if hmac.compare_digest(form.text(TOKEN_FIELD).encode(), token.encode()) else FORGED


def from_us(request: Request, origin: str) -> bool:
    """Whether the browser says that a page of our own origin made the request (W3C Fetch Metadata; RFC 6454)."""
    site = request.headers.get("sec-fetch-site")
    return site == "same-origin" if site is not None else request.headers.get("origin") == origin
