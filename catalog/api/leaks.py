"""`POST /leaks`: what a scanner found in public places, in the form of GitHub's secret scanning partner programme.

https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program: an array of found
tokens, signed over the raw body with a key that GitHub publishes. The answer says of each whether it is one of
ours.
"""

import hashlib
from typing import Annotated, Final, Literal

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.api.problems import problem_response
from catalog.credentials.leak_keys import KeysUnavailableError, LeakKeys
from catalog.credentials.leaks import MOST, LeakIntake, Place
from catalog.refusal import Refusal
from contracts import secret_text
from contracts.problems import Problem, problem

MAX_BODY: Final = 1 << 20
KEY_ID: Final = "github-public-key-identifier"
SIGNATURE: Final = "github-public-key-signature"
SCANNER: Final = "github"
"""The actor in the audit log; a member can be called so too, and then the reason tells them apart."""


class Found(msgspec.Struct, frozen=True):
    """A token as it is reported; what else GitHub may tell is not needed."""

    token: Annotated[str, msgspec.Meta(max_length=4096)]
    type: Annotated[str, msgspec.Meta(max_length=255)]
    url: Annotated[str, msgspec.Meta(max_length=2048)] = ""
    source: Annotated[str, msgspec.Meta(max_length=64)] = ""

    def __repr__(self) -> str:
        return f"Found({self.type})"


class Label(msgspec.Struct, frozen=True):
    """What we say of one: by its digest (SHA-256 in hex), so that the answer has no secret in it."""

    token_hash: str
    token_type: str
    label: Literal["true_positive", "false_positive"]


class LeakEndpoint:
    """Open to everyone who can sign as the scanner does."""

    def __init__(self, intake: LeakIntake, keys: LeakKeys) -> None:
        self._intake = intake
        self._keys = keys
        self.routes = [Route("/leaks", self.take, methods=["POST"])]

    async def take(self, request: Request) -> Response:
        """200 with a label for each; 401 for what is not signed by a key of the scanner's."""
        answer = await self._take(request)
        if isinstance(answer, Problem):
            return problem_response(answer, request.state.request_id)
        headers = {"cache-control": "no-store"}
        return Response(msgspec.json.encode(answer), headers=headers, media_type="application/json")

    async def _take(self, request: Request) -> list[Label] | Problem:
        body = await _read(request)
        if isinstance(body, Problem):
            return body
        try:
            known = await self._keys.verify(
                body, request.headers.get(KEY_ID, ""), request.headers.get(SIGNATURE, "")
            )
        except KeysUnavailableError:
            detail = "The keys by which reports are verified cannot be had now; try again."
            return problem("issuer-unavailable", detail, headers=(("Retry-After", "60"),))
        if not known:
            challenge = (("WWW-Authenticate", "GitHub-Public-Key-Signature"),)
            detail = "The report is not signed by a key of the scanner's."
            return problem("client-authentication-failed", detail, headers=challenge)
        try:
            found = msgspec.json.decode(body, type=Annotated[list[Found], msgspec.Meta(max_length=MOST)])
        except msgspec.DecodeError:
            # Its text may repeat what was sent.
            return problem("malformed-json", "The body is no array of found tokens.")
        places = [
            Place(each.token, f"GitHub secret scanning, {each.source or 'content'}: {each.url}") for each in found
        ]
        report = await self._intake.take(places, SCANNER, request_id=request.state.request_id)
        if isinstance(report, Refusal):
            return report.problem()
        return [_label(each, report.matched) for each in found]


def _label(found: Found, matched: frozenset[str]) -> Label:
    ours = any(each.text in matched for each in secret_text.find(found.token))
    digest = hashlib.sha256(found.token.encode()).hexdigest()
    return Label(digest, found.type, "true_positive" if ours else "false_positive")


async def _read(request: Request) -> bytes | Problem:
    data = bytearray()
    try:
        async for piece in request.stream():
            data += piece
            if len(data) > MAX_BODY:
                return problem("body-too-large", f"The limit is {MAX_BODY} bytes.", limit=MAX_BODY)
    except ClientDisconnect:
        return problem("request-timeout", "The report did not arrive whole.")
    return bytes(data)
