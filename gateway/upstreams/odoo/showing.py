"""Which operation of a version shows the records that another one writes, and where. Pure."""

from contracts.operations import ApiVersion, OdooBackend, Operation
from policies.exchange import Exchange


def place_of(exchange: Exchange, backend: OdooBackend, key: int) -> str:
    """Where a created record is served; empty unless the version has an operation that serves it."""
    operation, version = exchange.operation, exchange.version
    for other in () if version is None or operation is None else version.operations:
        prefix = operation.path.rstrip("/") + "/{" if operation is not None else ""
        if (
            other.path.startswith(prefix)
            and "/" not in other.path[len(prefix) :]
            and isinstance(other.backend, OdooBackend)
            and other.backend.action == "get"
            and other.backend.model == backend.model
        ):
            return f"{exchange.path.rstrip('/')}/{key}"
    return ""


def shown_by(version: ApiVersion | None, operation: Operation | None, backend: OdooBackend) -> OdooBackend:
    """The mapping that shows the record whose tag a client of `operation` has: that of `GET` on the same path, the
    one above it (`/orders/{id}/confirmation`) or, for a new record, below it. Else the operation's own."""
    for other in () if version is None or operation is None else version.operations:
        found = other.backend
        if (
            isinstance(found, OdooBackend)
            and found.action == "get"
            and found.model == backend.model
            and found.etag != "none"
            and _belong(other.path, operation.path if operation else "", backend)
        ):
            return found
    return backend


def _belong(shown: str, path: str, backend: OdooBackend) -> bool:
    above, _, last = path.rpartition("/")
    if backend.action == "create":
        return shown.rpartition("/")[0] == path.rstrip("/") and shown.endswith("}")
    return shown == path or (backend.action == "call" and shown == above and not last.startswith("{"))
