"""Where gateways tell how they are: `POST /gateway/report`, with the gateways' token and one report a request."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.api.delivery import GatewayToken
from catalog.api.gateway_bodies import read_body
from catalog.api.problems import problem_response
from catalog.odoo.drift.told import ToldDrift
from catalog.reporting.intake import ReportIntake
from contracts.problems import Problem
from contracts.usage.report import MAX_REPORT, decode


class ReportEndpoint:
    """204 for a report that is in the store, now or since before; 503 while the store does not answer."""

    def __init__(self, intake: ReportIntake, drift: ToldDrift, token: GatewayToken) -> None:
        self._intake = intake
        self._drift = drift
        self.routes = [Route("/gateway/report", token.guard(self.take), methods=["POST"])]

    async def take(self, request: Request) -> Response:
        report = await read_body(request, MAX_REPORT, decode, "report of a gateway", "gateway-report")
        if isinstance(report, Problem):
            return problem_response(report, request.state.request_id)
        if await self._intake.take(report):
            await self._drift.take(report.mismatched)
        return Response(status_code=204, headers={"cache-control": "no-store"})
