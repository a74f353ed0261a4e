"""`x-ostiary-odoo-guard` of a document, and `action: rpc` of its operations: Odoo's own RPC for legacy clients.

::

    x-ostiary-odoo-guard:
      maximum: 200                        # records of one call
      context: [lang, tz]
      version: "19.0"                     # what `common.version` says
      password: true                      # a token or an API key may be the password of a call
      models:
        res.partner:
          read: [name, email, country_id] # read, filter, sort, aggregate
          write: [email]
          create: true
          delete: false
          call: [action_archive]
          relations: {country_id: res.country}
          domain: [[company_id, "=", {claim: company, as: reference-id}]]
    paths:
      /jsonrpc:
        post:
          x-ostiary-odoo: {action: rpc, dialect: jsonrpc}
"""

from collections.abc import Iterator
from typing import Any, Final, get_args

import msgspec

from contracts.documents.builder import quote
from contracts.documents.document import Node
from contracts.odoo_guard import GuardedModel, OdooGuard, RpcDialect, is_never_open
from contracts.openapi.extensions import ODOO_GUARD
from contracts.openapi.odoo.claims import with_kinds
from contracts.openapi.odoo.names import domain_fault, field_fault, method_fault, model_fault
from contracts.openapi.references import References
from contracts.openapi.rules import Report
from contracts.operations import OdooBackend

_DIALECTS: Final[tuple[RpcDialect, ...]] = get_args(RpcDialect)
_PATH: Final = {("path", "model"), ("path", "method")}


def compile_rpc(
    mapping: Node, item: Node, operation: Node, upstream: str, references: References, report: Report
) -> OdooBackend:
    """The backend of an operation that speaks Odoo's RPC; what is wrong is reported."""
    dialect = mapping.get("dialect")
    if dialect is None or dialect.value not in _DIALECTS:
        place = (dialect or mapping).place
        report.add("odoo-mapping-invalid", place, f"`dialect` is one of {', '.join(_DIALECTS)}")
        return OdooBackend(upstream=upstream, model="", action="rpc")
    wanted = _PATH if dialect.value == "json2" else set()
    if _parameters(item, operation, references) != wanted:
        message = "`json2` has the path parameters `model` and `method`, and other dialects have no parameter"
        report.add("odoo-mapping-invalid", mapping.key_place, message)
    guard = _guard(mapping, references.entry.root.get(ODOO_GUARD), report)
    return OdooBackend(upstream=upstream, model="", action="rpc", dialect=dialect.value, guard=guard)


def _parameters(item: Node, operation: Node, references: References) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for holder in (item, operation):
        parameters = holder.get("parameters")
        for written in parameters.items() if parameters is not None else ():
            node = references.follow(written)
            if node is not None:
                found.add((node.text("in") or "", node.text("name") or ""))
    return found


def _guard(mapping: Node, node: Node | None, report: Report) -> OdooGuard | None:
    if node is None:
        report.add(
            "odoo-mapping-invalid", mapping.key_place, f"the action `rpc` needs `{ODOO_GUARD}` at the document"
        )
        return None
    try:
        guard = msgspec.convert(node.value, OdooGuard)
    except msgspec.ValidationError as error:
        report.add("odoo-mapping-invalid", node.key_place, f"`{ODOO_GUARD}`: {error}")
        return None
    if not 1 <= guard.maximum <= 10_000:
        report.add("odoo-mapping-invalid", node.key_place, "`maximum` is between 1 and 10000")
    models = node.get("models")
    for name, model in guard.models.items():
        holder = models.get(name) if models is not None else None
        for fault in _faults(name, model, guard):
            report.add("odoo-mapping-invalid", (holder or node).key_place, fault)
    closed = {name: _with_kinds(model) for name, model in guard.models.items()}
    return msgspec.structs.replace(guard, models=closed)


def _with_kinds(model: GuardedModel) -> GuardedModel:
    if domain_fault(list(model.domain))[0]:
        return model  # it was reported
    return msgspec.structs.replace(model, domain=with_kinds(model.domain))


def _faults(name: str, model: GuardedModel, guard: OdooGuard) -> Iterator[str]:
    if fault := model_fault(name):
        yield fault
    if is_never_open(name):
        yield f"the model {quote(name)} is never open to clients"
    for field in (*model.read, *model.write, *model.relations):
        if fault := field_fault(field):
            yield fault
    for method in model.call:
        if fault := method_fault(method):
            yield fault
    for field, target in model.relations.items():
        if target not in guard.models:
            yield f"{quote(field)} leads to {quote(target)}, which is none of `models`"
    yield from _domain_faults(model)


def _domain_faults(model: GuardedModel) -> Iterator[str]:
    """A forced domain has to hold of what is written, too."""
    if fault := domain_fault(list(model.domain))[0]:
        yield fault
        return
    terms: list[Any] = [term for term in model.domain if isinstance(term, list)]
    for field in sorted({term[0].partition(".")[0] for term in terms}.intersection(model.write)):
        yield f"{quote(field)} is in the forced `domain`: it cannot be written"
    simple = len(terms) == len(model.domain) and all(term[1] == "=" and "." not in term[0] for term in terms)
    if model.create and not simple:
        yield "records can be created only where each term of `domain` is `=` of a field of their own"
