"""Calls that an Odoo serves: to the one that the contract names, or to another that a policy has chosen first."""

import structlog

from contracts.operations import OdooBackend
from contracts.problems import Problem, problem
from gateway.redirection import fall_back, may_fall_back, may_have_been_done, mediated, mediated_exchange
from gateway.routes import Route
from gateway.upstreams.odoo.answer import Answer
from gateway.upstreams.odoo.mismatch import NOTE
from policies.exchange import Exchange

log = structlog.get_logger()


async def mediate(exchange: Exchange, route: Route) -> Answer | Problem:
    """The answer, or why there is none. The contract's own Odoo is called where nothing was done at another."""
    backend, forward = route.odoo_backend, exchange.forward
    assert backend is not None
    answer = await _once(exchange, route, backend)
    if (
        forward is not None
        and isinstance(answer, Problem)
        and may_fall_back(forward, may_have_been_done(answer, exchange, backend), route)
    ):
        fall_back(forward)
        answer = await _once(exchange, route, backend)
    return answer


async def _once(exchange: Exchange, route: Route, backend: OdooBackend) -> Answer | Problem:
    service, unusable = mediated(exchange.forward, route)
    if service is None or unusable is not None:
        return unusable or problem("mediation-failed", "The gateway could not mediate this call.")
    sent = mediated_exchange(exchange)
    try:
        answer = await service.call(sent, backend)
    except Exception:
        log.exception("mediation failed", request_id=exchange.request_id)
        return problem("mediation-failed", "The gateway could not mediate this call.")
    if sent is not exchange and (found := sent.noted(NOTE)) is not None:
        exchange.note(NOTE, found)  # for the record, which has the exchange that came
    return answer
