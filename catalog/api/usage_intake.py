"""Where gateways tell of usage: `POST /gateway/usage`, with the gateways' token and one batch a request."""

import re
from typing import Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.api.delivery import GatewayToken
from catalog.api.problems import problem_response
from catalog.usage.ingest import UsageIntake
from contracts.problems import Problem, problem
from contracts.usage.batch import MAX_BATCH, Batch, decode

_VALUE: Final = re.compile(r" '.*'", re.DOTALL)


class UsageEndpoint:
    """204 for a batch that is in the store, now or since before; 503 while the store does not answer."""

    def __init__(self, intake: UsageIntake, token: GatewayToken) -> None:
        self._intake = intake
        self.routes = [Route("/gateway/usage", token.guard(self.take), methods=["POST"])]

    async def take(self, request: Request) -> Response:
        batch = await _read(request)
        if isinstance(batch, Problem):
            return problem_response(batch, request.state.request_id)
        await self._intake.take(batch)
        return Response(status_code=204, headers={"cache-control": "no-store"})


async def _read(request: Request) -> Batch | Problem:
    data = bytearray()
    try:
        async for piece in request.stream():
            data += piece
            if len(data) > MAX_BATCH:
                return problem("body-too-large", f"The limit is {MAX_BATCH} bytes.", limit=MAX_BATCH)
    except ClientDisconnect:
        return problem("request-timeout", "The batch did not arrive whole.")
    try:
        return decode(bytes(data))
    except msgspec.ValidationError as error:
        # Its text names the place and what should be there; the one value that it repeats is left out.
        message = _VALUE.sub("", str(error))
        violation = {"in": "body", "pointer": "", "rule": "usage-batch", "message": message}
        return problem("schema-violation", "The body is no batch of usage.", violations=[violation])
    except msgspec.DecodeError:
        return problem("malformed-json", "The body is not acceptable JSON.")
