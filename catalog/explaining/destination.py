"""Where a request that was let through would go."""

from collections.abc import Mapping
from dataclasses import dataclass

from catalog.explaining.routes import Target
from contracts.operations import OdooBackend
from policies.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Destination:
    """An upstream by name, the method there, and the URL; of an Odoo, the action and the model."""

    upstream: str
    method: str
    where: str


def destination(exchange: Exchange, found: Target, urls: Mapping[str, str]) -> Destination:
    """The contract's, or where a policy sends it. `urls` are those of the upstreams by name."""
    backend, forward = found.operation.backend, exchange.forward
    name = backend.upstream if forward is None or not forward.upstream else forward.upstream
    if isinstance(backend, OdooBackend):
        return Destination(name, backend.method or backend.action, backend.model)
    if forward is None:
        path, query, method = exchange.path[len(found.version.base_path) :], exchange.query, exchange.method
    else:
        path, query, method = forward.path, forward.query, forward.method
    return Destination(name, method, urls[name] + path + (f"?{query.decode('ascii')}" if query else ""))
