"""Odoo's own RPC for legacy clients: a call is read, and made only if the contract's guard opens it.

What was read is kept on the exchange for the upstream's adapter, which makes that call and nothing else of the
request's.
"""

from typing import Final

from contracts.odoo_guard import OdooGuard, RpcDialect
from contracts.operations import ApiVersion, OdooBackend, Operation
from contracts.problems import problem
from policies.answer import Answer
from policies.exchange import Exchange
from policies.policy import NoConfig
from policies.ports import Ports
from policies.rpc import xml_text
from policies.rpc.answers import answer_of
from policies.rpc.call import Common, RefusedCallError, RpcCall, read_json2, read_jsonrpc, read_xml
from policies.rpc.judging import judge
from policies.verdict import ALLOW, Deny, Reply, Stage, Verdict

POLICY: Final = "odoo-rpc"

USER: Final = 1
"""The user id that log-ins give: clients send it back, and nobody looks at it."""


def reads_whole(config: NoConfig, version: ApiVersion, operation: Operation) -> bool:
    """A call is judged before a byte of it goes anywhere."""
    return isinstance(operation.backend, OdooBackend) and operation.backend.action == "rpc"


def bind(config: NoConfig, version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """None where the operation speaks no RPC."""
    backend = operation.backend
    if not isinstance(backend, OdooBackend) or backend.dialect is None or backend.guard is None:
        return None
    dialect, guard = backend.dialect, backend.guard

    def odoo_rpc(exchange: Exchange) -> Verdict:
        try:
            call = _read(dialect, exchange)
            if isinstance(call, Common):
                return _common(call, dialect, guard, exchange)
            exchange.note(POLICY, judge(call, guard, _scopes(exchange)))
        except RefusedCallError as refused:
            if refused.malformed:
                return Deny(POLICY, problem("odoo-rpc-malformed", str(refused)))
            return Deny(POLICY, problem("odoo-rpc-refused", str(refused)))
        return ALLOW

    return odoo_rpc


def _read(dialect: RpcDialect, exchange: Exchange) -> RpcCall | Common:
    if dialect == "jsonrpc":
        return read_jsonrpc(exchange.body_value)
    if dialect == "json2":
        path = exchange.parameters["path"]
        return read_json2(path["model"], path["method"], exchange.body_value)
    return read_xml(dialect, *xml_text.read(exchange.body or b""))


def _common(call: Common, dialect: RpcDialect, guard: OdooGuard, exchange: Exchange) -> Reply:
    """Who has come so far has shown who it is: the log-in's own password says nothing."""
    if call.method != "version":
        return _reply(dialect, exchange, USER)
    if guard.version is None:
        raise RefusedCallError("The version is not told.")
    numbers = [int(part) for part in guard.version.split(".") if part.isdecimal()]
    told = {
        "server_version": guard.version,
        "server_version_info": [*numbers[:2], 0, "final", 0, ""],
        "server_serie": guard.version,
        "protocol_version": 1,
    }
    return _reply(dialect, exchange, told)


def _reply(dialect: RpcDialect, exchange: Exchange, value: object) -> Reply:
    status, headers, body = answer_of(dialect, exchange.body_value, value)
    return Reply(POLICY, Answer(status, list(headers), body))


def _scopes(exchange: Exchange) -> frozenset[str]:
    """Those of the token that the subscription grants. A public operation has none, and so opens nothing."""
    if exchange.principal is None or exchange.subscription is None:
        return frozenset()
    return exchange.principal.scopes.intersection(exchange.subscription.scopes)
