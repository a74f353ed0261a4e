"""What guards of Odoo's own RPC need of an Odoo: all that they open, whoever calls it."""

from typing import Final

from catalog.odoo.drift.needs import Creates, FieldNeed, Needs, domain_needs
from contracts.documents.document import escape
from contracts.odoo_guard import GuardedModel, OdooGuard
from contracts.openapi.extensions import ODOO_GUARD
from contracts.operations import ApiVersion, OdooBackend

_EVERY: Final = "rpc"
"""A guard is of the document: it is no single operation's."""


def guard_needs_of(version: ApiVersion, upstream: str) -> tuple[Needs, ...]:
    """Those of the version's guard, where the upstream serves guarded calls."""
    for operation in version.operations:
        backend = operation.backend
        if isinstance(backend, OdooBackend) and backend.upstream == upstream and backend.guard is not None:
            return _needs(backend.guard)
    return ()


def _needs(guard: OdooGuard) -> tuple[Needs, ...]:
    return tuple(_of_model(name, model) for name, model in guard.models.items())


def _of_model(name: str, model: GuardedModel) -> Needs:
    at = f"/{ODOO_GUARD}/models/{escape(name)}"
    rights = [
        right
        for right, open_ in (
            ("read", bool(model.read)),
            ("write", bool(model.write)),
            ("create", model.create),
            ("unlink", model.delete),
        )
        if open_
    ]
    fields = [
        *(FieldNeed(each, f"{at}/read/{index}", "read") for index, each in enumerate(model.read)),
        *(FieldNeed(each, f"{at}/write/{index}", "write") for index, each in enumerate(model.write)),
        *(
            FieldNeed(each, f"{at}/relations/{escape(each)}", "relation", relation=target)
            for each, target in model.relations.items()
        ),
        *domain_needs(model.domain, f"{at}/domain"),
    ]
    methods = tuple((each, f"{at}/call/{index}") for index, each in enumerate(model.call))
    forced = frozenset(term[0] for term in model.domain if isinstance(term, list | tuple))
    creates = Creates(f"{at}/write", frozenset(model.write) | forced, forced) if model.create else None
    return Needs(_EVERY, name, at, tuple(rights), tuple(fields), methods, creates)
