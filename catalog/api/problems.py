"""Refusals of the catalog over HTTP: problem+json for everything but the OAuth endpoints' own errors."""

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from contracts.problems import CONTENT_TYPE, Problem, problem

log = structlog.get_logger("catalog.api")

_BY_STATUS = {404: "route-not-found", 405: "method-not-allowed"}
_DETAIL = {
    404: "The catalog has nothing at this path.",
    405: "The path exists, but not with this method.",
}


def problem_response(refusal: Problem, request_id: str) -> Response:
    """The problem document; `instance` names the request."""
    return Response(
        refusal.body(f"urn:ostiary:request:{request_id}"),
        refusal.status,
        headers={"cache-control": "no-store", **dict(refusal.headers)},
        media_type=CONTENT_TYPE,
    )


def store_unavailable(error: SQLAlchemyError) -> Problem:
    """A database that does not answer is an outage (503), whatever was asked."""
    log.error("store unavailable", error=type(error).__name__, exc_info=error)
    return problem("store-unavailable", "The catalog's database does not answer.", headers=(("Retry-After", "5"),))


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Starlette's own refusals: an unknown path, a wrong method."""
    assert isinstance(error, HTTPException)
    headers = tuple((error.headers or {}).items())
    refusal = problem(_BY_STATUS.get(error.status_code, "internal-error"), _DETAIL.get(error.status_code, ""))
    return problem_response(Problem(refusal.type, refusal.detail, {}, headers), request.state.request_id)


async def on_store_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SQLAlchemyError)
    return problem_response(store_unavailable(error), request.state.request_id)
