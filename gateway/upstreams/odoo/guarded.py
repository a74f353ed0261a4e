"""A legacy client's call that the guard has let through: made within the forced domain, as the gateway's user."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from contracts.odoo_guard import GuardedModel
from contracts.operations import OdooBackend
from contracts.problems import Problem, problem
from gateway.upstreams.odoo import claims
from gateway.upstreams.odoo.answer import Answer
from gateway.upstreams.odoo.domains import forced
from gateway.upstreams.odoo.told import told
from gateway.upstreams.odoo.transport import Json, Transport
from policies.exchange import Exchange
from policies.odoo_rpc import POLICY
from policies.rpc.answers import answer_of
from policies.rpc.call import FORMS, RpcCall

_Ask = Callable[[RpcCall], Awaitable[Json | Problem]]
_ELSEWHERE: Final = problem("record-not-found", "A record does not exist, or is not open.")


async def run(exchange: Exchange, backend: OdooBackend, transport: Transport, deadline: float) -> Answer | Problem:
    """The answer, in the client's dialect, to the call that the policy has kept on the exchange."""
    call: RpcCall = exchange.noted(POLICY)
    assert backend.guard is not None
    assert backend.dialect is not None
    model = backend.guard.models[call.model]
    beside = told(exchange)

    async def ask(each: RpcCall) -> Json | Problem:
        return await transport.execute(
            each.model,
            each.method,
            ids=each.ids,
            arguments=each.arguments,
            context=each.context,
            told=beside,
            deadline=deadline,
        )

    try:
        domain = claims.bound(model.domain, exchange.principal)
    except claims.MissingClaimError as missing:
        return problem("claim-missing", f"The credential has no usable claim {missing.claim!r}.")
    outcome = await _within(call, model, domain, ask)
    if isinstance(outcome, Problem):
        return outcome
    if call.method not in FORMS and not isinstance(outcome, bool | int | str):
        outcome = True  # an action may answer with a window of Odoo's, which tells of models that are not open
    if call.single and backend.dialect != "json2" and isinstance(outcome, list) and len(outcome) == 1:
        outcome = outcome[0]  # who gave one record gets one id; JSON-2 has a list in any case
    return Answer(*answer_of(backend.dialect, exchange.body_value, outcome))


async def _within(call: RpcCall, model: GuardedModel, domain: list[Any], ask: _Ask) -> Json | Problem:
    """The call's result, on records of the forced domain alone."""
    if not domain or call.method == "fields_get":
        return await ask(call)
    if call.method == "create":
        held = {field: value for field, _, value in domain}
        records = [{**values, **held} for values in call.arguments["vals_list"]]
        return await ask(replace(call, arguments={"vals_list": records}))
    if call.ids is None:
        narrowed = forced(domain, call.arguments["domain"])
        return await ask(replace(call, arguments={**call.arguments, "domain": narrowed}))
    # Odoo has no condition on a call of records: that they are of the domain is looked up right before it.
    wanted = sorted(set(call.ids))
    looking = {"domain": forced(domain, [["id", "in", wanted]]), "limit": len(wanted)}
    found = await ask(RpcCall(call.model, "search", None, looking, call.context))
    if isinstance(found, Problem):
        return found
    if not isinstance(found, list) or sorted(set(found)) != wanted:
        return _ELSEWHERE
    return await ask(call)
