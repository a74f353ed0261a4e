"""Where gateways get upstream secrets: `POST /gateway/secrets`, with the gateways' token and their own key."""

from typing import Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from catalog.api.delivery import GatewayToken, seconds_of
from catalog.api.problems import problem_response
from catalog.refusal import Refusal
from catalog.upstream_credentials.delivery import SecretDelivery
from contracts.problems import Problem, problem
from contracts.upstream_secrets import SecretsRequest

_MAX_BODY: Final = 1_024


class SecretsEndpoint:
    """200 with a signed bundle; 204 where it is known already, after `wait` seconds at most."""

    def __init__(self, delivery: SecretDelivery, token: GatewayToken) -> None:
        self._delivery = delivery
        self.routes = [Route("/gateway/secrets", token.guard(self.give), methods=["POST"])]

    async def give(self, request: Request) -> Response:
        """For one gateway."""
        asked, seconds = await _read(request), seconds_of(request.query_params.get("wait", "0"))
        if seconds is None:
            violation = {
                "in": "query",
                "pointer": "/wait",
                "rule": "maximum",
                "message": "is no number of seconds",
            }
            asked = problem("schema-violation", "The query is not as it should be.", violations=[violation])
        if isinstance(asked, Problem) or seconds is None:
            assert isinstance(asked, Problem)
            return problem_response(asked, request.state.request_id)
        made = await self._delivery.wait(asked, seconds)
        headers = {"cache-control": "no-store"}
        if isinstance(made, Refusal):
            return problem_response(made.problem(), request.state.request_id)
        if made is None:
            return Response(status_code=204, headers=headers)
        return Response(msgspec.json.encode(made), headers=headers, media_type="application/json")


async def _read(request: Request) -> SecretsRequest | Problem:
    data = bytearray()
    try:
        async for piece in request.stream():
            data += piece
            if len(data) > _MAX_BODY:
                return problem("body-too-large", f"The limit is {_MAX_BODY} bytes.", limit=_MAX_BODY)
        return msgspec.json.decode(data, type=SecretsRequest)
    except ClientDisconnect:
        return problem("request-timeout", "The body did not arrive whole.")
    except msgspec.ValidationError:
        violation = {"in": "body", "pointer": "", "rule": "type", "message": "is no question for secrets"}
        return problem("schema-violation", "The body is not as it should be.", violations=[violation])
    except msgspec.DecodeError:
        return problem("malformed-json", "The body is not acceptable JSON.")
