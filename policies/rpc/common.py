"""The service `common` of Odoo's RPC, which the gateway answers itself: who calls, and which version it is."""

from typing import Any, Final

from contracts.odoo_guard import OdooGuard, RpcDialect
from policies.answer import Answer
from policies.rpc.answers import answer_of
from policies.rpc.call import Common, RefusedCallError
from policies.verdict import Reply

USER: Final = 1
"""The user id that log-ins give: clients send it back, and nobody looks at it."""


def reply_to(call: Common, dialect: RpcDialect, guard: OdooGuard, request: Any, policy: str) -> Reply:
    """The answer. `request` is the call's JSON. Raises RefusedCallError.

    To a log-in it is the same for all: who has come so far has shown who it is.
    """
    value = _version(guard) if call.method == "version" else USER
    status, headers, body = answer_of(dialect, request, value)
    return Reply(policy, Answer(status, list(headers), body))


def _version(guard: OdooGuard) -> dict[str, Any]:
    if guard.version is None:
        raise RefusedCallError("The version is not told.")
    numbers = [int(part) for part in guard.version.split(".") if part.isdecimal()]
    return {
        "server_version": guard.version,
        "server_version_info": [*numbers[:2], 0, "final", 0, ""],
        "server_serie": guard.version,
        "protocol_version": 1,
    }
