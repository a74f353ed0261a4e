"""What an Odoo has, as the key sees it: models, fields, methods and rights."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from catalog.odoo.facts import OPERATIONS, FieldFacts, ModelFacts
from catalog.odoo.remote import OdooError, RefusedError, Remote

_ATTRIBUTES: Final = (
    *("type", "string", "help", "required", "readonly", "relation", "relation_field", "selection", "store"),
    *("searchable", "sortable", "currency_field", "size", "depends"),
)
_NO_ARGUMENT: Final = "ostiary_asks_whether_it_is_there"
"""An argument that no method has: Odoo refuses the call before it does anything, and says of a method that is not
there that it is not."""
_NOT_THERE: Final = ("AttributeError", "NotFound")
_RIGHTS_BY_RECORD_SINCE: Final = 18
"""Before it `check_access_rights` says it of a model."""

ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "account.move": ("action_post", "button_cancel", "button_draft"),
    "crm.lead": ("action_set_lost", "action_set_won"),
    "purchase.order": ("button_approve", "button_cancel", "button_confirm", "button_draft"),
    "sale.order": ("action_cancel", "action_confirm", "action_draft", "action_lock", "action_unlock"),
    "stock.picking": ("action_assign", "action_cancel", "action_confirm", "button_validate"),
}
"""Business actions of Odoo's own modules that run on one record without arguments: for an Odoo that has no word on
its methods (before 19, or without the module `api_doc`)."""


async def models(remote: Remote) -> Mapping[str, str]:
    """The labels of all models that the key may know of, by name. Raises OdooError."""
    try:
        rows = await remote.on_model("ir.model", "search_read", domain=[], fields=["model", "name"], order="model")
    except RefusedError as refusal:
        index = await remote.document("/doc-bearer/index.json")
        found = index.get("models") if isinstance(index, dict) else None
        if not isinstance(found, list):
            raise OdooError(
                f"the key may not list models (`ir.model`: {refusal}); name those that you want to see"
            ) from None
        return {str(each.get("model")): str(each.get("name") or "") for each in found if isinstance(each, dict)}
    return {str(row["model"]): str(row["name"] or "") for row in rows}


async def look_at(remote: Remote, model: str, label: str = "") -> ModelFacts:
    """A model as the key sees it. Raises RefusedError where it may not, or there is none; OdooError."""
    described = await remote.on_model(model, "fields_get", attributes=list(_ATTRIBUTES))
    methods, told = await _methods(remote, model)
    may = frozenset([operation for operation in OPERATIONS if await _may(remote, model, operation)])
    given = await _defaults(remote, model, [name for name, facts in described.items() if facts.get("required")])
    fields = {name: _field(name, facts, name in given) for name, facts in sorted(described.items())}
    return ModelFacts(model, label or model, fields, may, methods, told)


async def sample(remote: Remote, model: str, fields: Collection[str]) -> Mapping[str, Any] | None:
    """One record, the latest; None where there is none or it may not be read."""
    try:
        rows = await remote.on_model(
            model, "search_read", domain=[], fields=sorted(fields), limit=1, order="id desc"
        )
    except RefusedError:
        return None
    return rows[0] if rows else None


async def _may(remote: Remote, model: str, operation: str) -> bool:
    try:
        if remote.major >= _RIGHTS_BY_RECORD_SINCE:
            await remote.on_records(model, "check_access", [], operation=operation)
            return True
        return bool(
            await remote.on_model(model, "check_access_rights", operation=operation, raise_exception=False)
        )
    except RefusedError:
        return False


async def _defaults(remote: Remote, model: str, required: list[str]) -> Collection[str]:
    """Those of the required fields that Odoo fills by itself."""
    try:
        found = await remote.on_model(model, "default_get", fields_list=required)
    except RefusedError:
        return ()
    # A number's default may be 0, which is no `false`.
    return [name for name in required if isinstance(found, dict) and not _is_empty(found.get(name))]


def _is_empty(value: Any) -> bool:
    return value is None or value is False


async def has_method(remote: Remote, model: ModelFacts, method: str) -> bool:
    """Whether a model has it; an Odoo that does not tell is asked by a call that it refuses. Raises OdooError."""
    if model.told:
        return method in model.methods
    arguments: dict[str, Any] = {_NO_ARGUMENT: True}
    try:
        await remote.on_records(model.name, method, [], **arguments)
    except RefusedError as refusal:
        return not refusal.name.endswith(_NOT_THERE)
    return True


async def _methods(remote: Remote, model: str) -> tuple[tuple[str, ...], bool]:
    document = await remote.document(f"/doc-bearer/{model}.json")
    methods = document.get("methods") if isinstance(document, dict) else None
    if isinstance(methods, dict | list):
        return tuple(sorted(str(name) for name in methods if not str(name).startswith("_"))), True
    return ACTIONS.get(model, ()), False


def _field(name: str, facts: Mapping[str, Any], defaulted: bool) -> FieldFacts:
    choices = facts.get("selection")
    return FieldFacts(
        name=name,
        type=str(facts.get("type", "")),
        label=str(facts.get("string") or name),
        help=str(facts.get("help") or ""),
        required=facts.get("required") is True,
        defaulted=defaulted,
        readonly=facts.get("readonly") is True,
        relation=str(facts.get("relation") or ""),
        inverse=str(facts.get("relation_field") or ""),
        selection=tuple((str(key), str(label)) for key, label in choices) if isinstance(choices, list) else (),
        stored=facts.get("store") is not False,
        searchable=facts.get("searchable") is not False,
        sortable=facts.get("sortable") is not False,
        currency=str(facts.get("currency_field") or ""),
        size=facts["size"] if isinstance(facts.get("size"), int) else 0,
        computed=bool(facts.get("depends")),
    )
