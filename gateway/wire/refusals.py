"""What the listener itself answers where there is no sound request to hand on: problem+json, and the end."""

from typing import Final

from contracts.problems import CONTENT_TYPE, Problem, problem
from gateway.wire.framing import response_head
from policies import request_id
from policies.exchange import Exchange, Header

POLICY: Final = "framing"

HEAD_TIMEOUT: Final = problem("request-timeout", "The request head did not arrive in time.")
BODY_TIMEOUT: Final = problem("request-timeout", "The request body stopped arriving.")


def refusal_parts(exchange: Exchange, refusal: Problem) -> tuple[list[Header], bytes]:
    """The headers and the body of the answer; what it says is noted in the exchange."""
    exchange.request_id = exchange.request_id or request_id.choose(exchange.fields)
    exchange.status, exchange.refusal, exchange.refused_by = refusal.status, refusal, POLICY
    identifier = exchange.request_id
    body = refusal.body(f"urn:ostiary:request:{identifier}")
    headers: list[Header] = [
        (b"content-type", CONTENT_TYPE.encode("ascii")),
        (b"x-request-id", identifier.encode("ascii")),
    ]
    exchange.bytes_out = 0 if exchange.method == "HEAD" else len(body)
    return headers, body


def refusal_answer(exchange: Exchange, refusal: Problem, date: bytes) -> bytes:
    """The whole answer, which says that the connection ends; what it says is noted in the exchange."""
    headers, body = refusal_parts(exchange, refusal)
    framing = b"content-length: %d\r\nconnection: close\r\n" % len(body)
    if exchange.method == "HEAD":
        body = b""
    return response_head(refusal.status, headers, framing, date) + body
