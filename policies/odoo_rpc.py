"""Odoo's own RPC for legacy clients: a call is read, and made only if the contract's guard opens it.

What was read is kept on the exchange for the upstream's adapter, which makes that call and nothing else of the
request's.
"""

from typing import Final

from contracts.odoo_guard import RpcDialect
from contracts.operations import ApiVersion, OdooBackend, Operation
from contracts.problems import problem
from policies.exchange import Exchange
from policies.policy import NoConfig
from policies.ports import Ports
from policies.rpc import xml_text
from policies.rpc.call import Common, RefusedCallError, RpcCall, read_json2, read_jsonrpc, read_xml
from policies.rpc.common import reply_to
from policies.rpc.judging import judge
from policies.verdict import ALLOW, Deny, Stage, Verdict

POLICY: Final = "odoo-rpc"


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
                return reply_to(call, dialect, guard, exchange.body_value, POLICY)
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


def _scopes(exchange: Exchange) -> frozenset[str]:
    """Those of the token that the subscription grants. A public operation has none, and so opens nothing."""
    if exchange.principal is None or exchange.subscription is None:
        return frozenset()
    return exchange.principal.scopes.intersection(exchange.subscription.scopes)
