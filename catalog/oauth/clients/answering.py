"""The HTTP side of endpoints to which clients post forms: read a form, answer JSON, and the RFC's errors as they
are."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from authlib.oauth2.rfc6749 import OAuth2Error
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from catalog.api.problems import problem_response, store_unavailable
from catalog.oauth.clients.connection import ClientCertificates
from catalog.oauth.wire.errors import InvalidRequest
from catalog.oauth.wire.request import FormRequest, read_form
from catalog.publishing.published import CurrentPublished
from contracts.problems import problem

MAX_BODY: Final = 16_384
"""Bytes of a request's body."""
BODY_SECONDS: Final = 10.0
"""In which it must arrive."""

# RFC 6749 §5.1; the second is for HTTP/1.0.
_NOT_STORED: Final = {"cache-control": "no-store", "pragma": "no-cache"}

Answer: TypeAlias = Callable[[FormRequest], Awaitable[Mapping[str, Any] | None]]
"""The members of the answer; None is an empty one. Raises OAuth2Error, SQLAlchemyError."""


class Answering:
    """Makes endpoints of answers."""

    def __init__(self, current: CurrentPublished, certificates: ClientCertificates) -> None:
        self._current = current
        self._certificates = certificates

    def endpoint(self, answer: Answer, status: int = 200) -> Callable[[Request], Awaitable[Response]]:
        """A Starlette endpoint for POSTs."""

        async def respond(request: Request) -> Response:
            if self._current() is None:
                refusal = problem("not-ready", "Nothing has been published yet.", headers=(("Retry-After", "1"),))
                return problem_response(refusal, request.state.request_id)
            try:
                body = await _body(request)
                members = await answer(
                    read_form(
                        request.headers.raw,
                        request.scope["query_string"],
                        body,
                        self._certificates.of(request),
                    )
                )
            except OAuth2Error as error:
                return error_response(error)
            except SQLAlchemyError as error:
                return problem_response(store_unavailable(error), request.state.request_id)
            if members is None:
                return Response(status_code=status, headers=_NOT_STORED)
            return JSONResponse(members, status, headers=_NOT_STORED)

        return respond


def error_response(error: OAuth2Error) -> Response:
    """An error as RFC 6749 §5.2 has it."""
    headers = {name.lower(): value for name, value in error.get_headers()}
    headers.pop("content-type", None)
    return JSONResponse(dict(error.get_body()), error.status_code, headers={**headers, **_NOT_STORED})


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY:
                    raise InvalidRequest("The body is too large.")
    except TimeoutError:
        raise InvalidRequest("The body did not arrive in time.") from None
    except ClientDisconnect:
        raise InvalidRequest("The body did not arrive whole.") from None
    return bytes(body)
