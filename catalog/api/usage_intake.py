"""Where gateways tell of usage: `POST /gateway/usage`, with the gateways' token and one batch a request."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.api.delivery import GatewayToken
from catalog.api.gateway_bodies import read_body
from catalog.api.problems import problem_response
from catalog.usage.ingest import UsageIntake
from contracts.problems import Problem
from contracts.usage.batch import MAX_BATCH, decode


class UsageEndpoint:
    """204 for a batch that is in the store, now or since before; 503 while the store does not answer."""

    def __init__(self, intake: UsageIntake, token: GatewayToken) -> None:
        self._intake = intake
        self.routes = [Route("/gateway/usage", token.guard(self.take), methods=["POST"])]

    async def take(self, request: Request) -> Response:
        batch = await read_body(request, MAX_BATCH, decode, "batch of usage", "usage-batch")
        if isinstance(batch, Problem):
            return problem_response(batch, request.state.request_id)
        await self._intake.take(batch)
        return Response(status_code=204, headers={"cache-control": "no-store"})
