"""Our extensions of OpenAPI, all under one prefix, and `x-sunset` as other tools write it.

==========================  ======================  =======================================================
``x-ostiary-limit``         document or operation   ``{cost: 5, max-body: 65536}``: units that a call takes
                                                    from its plan's limits, and the body's limit in bytes
``x-ostiary-upstream``      document or operation   the name of another upstream of the estate
``x-ostiary-retry``         operation               ``safe``: a call that was not answered may be
                                                    repeated, whatever its method; ``never``: not even
                                                    a GET. For HTTP upstreams alone
``x-ostiary-websocket``     operation (GET)         ``true``: the operation is the handshake of a WebSocket,
                                                    and its contract has a response ``101``. For HTTP
                                                    upstreams alone
``x-ostiary-signature``     security scheme         ``true``: of a scheme ``{type: apiKey, in: header, name:
                            (``apiKey``)            Signature}``, the key is not sent but signs the request
                                                    (RFC 9421)
``x-ostiary-policies``      document or operation   settings by policy: see ``contracts.policy_settings``
``x-ostiary-rule``          document or operation   rules in CEL that calls have to meet: see
                                                    ``contracts.openapi.object_rules``
``x-ostiary-classification``
                            schema                  how well the value is protected in answers: see
                                                    ``contracts.openapi.classification``
``x-ostiary-odoo``          operation               see ``contracts.openapi.odoo.mapping``
``x-ostiary-odoo-guard``    document                see ``contracts.openapi.odoo.guard``
``x-ostiary-lint-ignore``   any object              findings of ``ostiary lint`` that are let pass there, each
                                                    with its reason; nothing is enforced by it
``x-sunset``                document or operation   a date, which must be the one that ``api.yaml`` gives
==========================  ======================  =======================================================

What stands at an operation holds before what stands at the document. Any other ``x-ostiary-…`` is refused:
an extension that nothing enforces would look as if it did.
"""

import difflib
from datetime import UTC, datetime
from typing import Final, Literal

from contracts.dates import timestamp, written
from contracts.documents.builder import quote
from contracts.documents.document import Node
from contracts.openapi.classification import CLASSIFICATION
from contracts.openapi.object_rules import RULE, rules_of
from contracts.openapi.references import References
from contracts.openapi.rules import Report
from contracts.operations import Lifecycle
from contracts.policy_settings import PolicyUse, used

LIMIT: Final = "x-ostiary-limit"
UPSTREAM: Final = "x-ostiary-upstream"
ODOO: Final = "x-ostiary-odoo"
ODOO_GUARD: Final = "x-ostiary-odoo-guard"
RETRY: Final = "x-ostiary-retry"
WEBSOCKET: Final = "x-ostiary-websocket"
SIGNATURE: Final = "x-ostiary-signature"
LINT_IGNORE: Final = "x-ostiary-lint-ignore"
POLICIES: Final = "x-ostiary-policies"
SUNSET: Final = "x-sunset"
_ALLOWED: Final = {
    "openapi": (LIMIT, UPSTREAM, ODOO_GUARD, POLICIES, RULE),
    "operation": (LIMIT, UPSTREAM, ODOO, RETRY, WEBSOCKET, POLICIES, RULE),
    "securityScheme": (SIGNATURE,),
    "schema": (CLASSIFICATION,),
}
_COST: Final = (1, 1_000_000)
_MAX_BODY: Final = (0, 1 << 30)


def check_known(references: References, report: Report) -> None:
    """Reports every extension under our prefix that does not exist, or not in its place."""
    for node, kind in references.extensions:
        allowed = _ALLOWED.get(kind, ())
        if node.key in allowed or node.key == LINT_IGNORE:
            continue
        everywhere = sorted({name for names in _ALLOWED.values() for name in names})
        if node.key in everywhere:
            reason = f"the extension {quote(node.key)} means nothing in this place ({kind})"
        else:
            close = difflib.get_close_matches(node.key, everywhere, n=1, cutoff=0.75)
            hint = f"; did you mean {quote(close[0])}?" if close else ""
            reason = f"there is no extension {quote(node.key)}{hint}"
        report.add("unknown-extension", node.key_place, reason)


def limit_of(root: Node, operation: Node, default_body: int, report: Report) -> tuple[int, int]:
    """The cost of a call and the most bytes of its body."""
    cost, body = 1, default_body
    for holder in (root, operation):
        node = holder.get(LIMIT)
        if node is None:
            continue
        if not isinstance(node.value, dict):
            report.add("extension-invalid", node.place, f"`{LIMIT}` takes a mapping of `cost` and `max-body`")
        for key, member in node.members():
            if key == "cost":
                cost = _integer(member, _COST, cost, report)
            elif key == "max-body":
                body = _integer(member, _MAX_BODY, body, report)
            else:
                report.add(
                    "extension-invalid",
                    member.key_place,
                    f"`{LIMIT}` has no key {quote(key)}; it takes `cost` and `max-body`",
                )
    return cost, body


def upstream_of(root: Node, operation: Node, default: str, report: Report) -> tuple[str, Node | None]:
    """The upstream's name, and the node that says it (None for the default, which `api.yaml` names)."""
    for holder in (operation, root):
        node = holder.get(UPSTREAM)
        if node is not None:
            if isinstance(node.value, str):
                return node.value, node
            report.add("extension-invalid", node.place, f"`{UPSTREAM}` takes the name of an upstream")
    return default, None


def policies_of(root: Node, operation: Node, report: Report) -> tuple[tuple[PolicyUse, ...], ...]:
    """The settings of policies that the document makes, and then the operation's."""
    layers: list[tuple[PolicyUse, ...]] = []
    for holder in (root, operation):
        node = holder.get(POLICIES)
        if node is not None and isinstance(node.value, dict):
            layers.append(used(f"{node.document.file}#{node.pointer}", node.value))
        elif node is not None:
            report.add(
                "extension-invalid", node.place, f"`{POLICIES}` takes a mapping from policies to their settings"
            )
        layers.append(rules_of(holder, node.value if node is not None else None, report))
    return tuple(layers)


def retry_of(operation: Node, report: Report) -> Literal["safe", "never"] | None:
    """Whether calls may be tried again, where the contract says so."""
    node = operation.get(RETRY)
    if node is None:
        return None
    if operation.get(ODOO) is not None:
        # What may be repeated there follows from the mapping's action, and a write never may.
        report.add("extension-invalid", node.key_place, f"`{RETRY}` has no effect beside `{ODOO}`")
        return None
    if node.value == "safe":
        return "safe"
    if node.value == "never":
        return "never"
    report.add("extension-invalid", node.place, f"`{RETRY}` is `safe` or `never`")
    return None


def websocket_of(operation: Node, report: Report) -> bool:
    """Whether the operation opens a WebSocket, by a GET that is answered with 101 (RFC 6455 §1.3)."""
    node = operation.get(WEBSOCKET)
    if node is None or node.value is False:
        return False
    responses = operation.get("responses")
    if node.value is not True:
        report.add("extension-invalid", node.place, f"`{WEBSOCKET}` is `true` or `false`")
    elif operation.get(ODOO) is not None:
        report.add("extension-invalid", node.key_place, f"`{WEBSOCKET}` has no effect beside `{ODOO}`")
    elif operation.key != "get":
        report.add("extension-invalid", node.key_place, f"`{WEBSOCKET}` belongs to a GET: so the handshake begins")
    elif responses is None or responses.get("101") is None:
        report.add("extension-invalid", node.key_place, f"`{WEBSOCKET}` needs a response `101` in the contract")
    else:
        return True
    return False


def signature_of(scheme: Node, report: Report) -> bool:
    """Whether an API key signs the request (RFC 9421) and is not sent."""
    node = scheme.get(SIGNATURE)
    if node is None or node.value is False:
        return False
    if node.value is not True:
        report.add("extension-invalid", node.place, f"`{SIGNATURE}` is `true` or `false`")
    elif (scheme.text("type"), scheme.text("in"), (scheme.text("name") or "").lower()) != (
        "apiKey",
        "header",
        "signature",
    ):
        report.add(
            "extension-invalid",
            node.key_place,
            f"`{SIGNATURE}` belongs to a scheme of type `apiKey`, in the header `Signature`",
        )
    return node.value is True


def check_sunset(holder: Node, lifecycle: Lifecycle, report: Report) -> None:
    """Reports an `x-sunset` at the document or an operation that is not the version's own sunset."""
    node = holder.get(SUNSET)
    if node is None:
        return
    text = node.value
    if lifecycle.sunset is None:
        reason = f"`{SUNSET}` says {quote(str(text))}, but `api.yaml` gives this version no sunset"
    elif not isinstance(text, str) or not _same_moment(text, lifecycle.sunset):
        reason = f"`{SUNSET}` says {quote(str(text))}, but the version's sunset is {written(lifecycle.sunset)}"
    else:
        return
    report.add("sunset-disagrees", node.place, reason)


def _same_moment(text: str, sunset: int) -> bool:
    try:
        if len(text) > len("2026-01-01"):
            return datetime.fromisoformat(text).astimezone(UTC).timestamp() == sunset
        # A day says no more than the day.
        return timestamp(text) == sunset - sunset % 86_400
    except ValueError:
        return False


def _integer(node: Node, bounds: tuple[int, int], default: int, report: Report) -> int:
    low, high = bounds
    value = node.value
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return value
    report.add("extension-invalid", node.place, f"{quote(node.key)} is an integer from {low} to {high}")
    return default
