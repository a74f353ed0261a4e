"""What is to be exposed: the models, fields and operations that were named, held against what there is."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from catalog.odoo.facts import FieldFacts, ModelFacts
from contracts.estate.decode import suggestion
from contracts.openapi.odoo.names import method_fault

OPERATIONS: Final = ("list", "get", "create", "update", "delete")
_RIGHTS: Final = {"list": "read", "get": "read", "create": "create", "update": "write", "delete": "unlink"}

_NEVER: Final = re.compile(
    r"(ir|base|bus|base_import|res\.users|res\.groups|auth|iap|mail\.message|web)(\..*|_.*)?"
)
_SECRET: Final = re.compile(r".*(password|secret|api_?key|access_token|signup_token|oauth).*")
_TYPES: Final = frozenset(
    (
        *("char", "text", "html", "boolean", "integer", "float", "monetary", "date", "datetime"),
        *("selection", "many2one", "one2many", "many2many", "binary"),
    )
)


class WishError(Exception):
    """A wish that cannot be granted; the message quotes it and says why."""


@dataclass(frozen=True, slots=True)
class WantedField:
    """A field that is to be exposed, and those of the records in it: in answers, in requests, or both."""

    facts: FieldFacts
    nested: tuple["WantedField", ...] = ()
    shown: bool = True
    taken: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model that is to be exposed."""

    model: ModelFacts
    fields: tuple[WantedField, ...]
    operations: tuple[str, ...]
    actions: tuple[str, ...]


@dataclass(slots=True)
class Tree:
    """Names of fields, with those below them: `order_line.product_id`. A field is `shown` in answers, and `taken`
    from requests where Odoo lets it be written."""

    below: dict[str, "Tree"] = field(default_factory=dict)
    shown: bool = True
    taken: bool = True


def fields_by_model(models: Sequence[str], given: Iterable[str]) -> Mapping[str, Tree]:
    """What `--fields` says: `name,partner_id`, with `MODEL=` before it where there are several models.

    Raises WishError.
    """
    found: dict[str, Tree] = {}
    for text in given:
        model, equals, names = text.rpartition("=")
        if not equals:
            if len(models) != 1:
                raise WishError(f"--fields {text!r}: of which model? Write MODEL={text}")
            model = models[0]
        if model not in models:
            raise WishError(f"--fields {text!r}: {model!r} is none of the models{suggestion(model, models)}")
        root = found.setdefault(model, Tree())
        for path in filter(None, (part.strip() for part in names.split(","))):
            tree = root
            for token in path.split("."):
                tree = tree.below.setdefault(token, Tree())
    for model in models:
        if not found.get(model, Tree()).below:
            raise WishError(f"no fields of {model!r} were named, and nothing is exposed that was not named")
    return found


def check_model(name: str) -> None:
    """Raises WishError for a model that is how Odoo works, or that decides who may do what in it."""
    if _NEVER.fullmatch(name):
        raise WishError(f"the model {name!r} is technical, or decides who may do what in Odoo: no API exposes it")


def actions_by_model(models: Sequence[ModelFacts], operations: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Which of the methods among the operations are whose. One that no model is known to have is that of the only
    model whose Odoo does not tell its methods. Raises WishError."""
    found: dict[str, list[str]] = {model.name: [] for model in models}
    for action in operations:
        if action in OPERATIONS:
            continue
        if fault := method_fault(action):
            raise WishError(f"--ops: {fault}")
        owners = [model.name for model in models if action in model.methods]
        if not owners and len(models) == 1 and not models[0].told:
            owners = [models[0].name]
        if not owners:
            known = [*OPERATIONS, *(method for model in models for method in model.methods)]
            raise WishError(f"--ops: no model is known to have the method {action!r}{suggestion(action, known)}")
        for owner in owners:
            found[owner].append(action)
    return {name: tuple(actions) for name, actions in found.items()}


def wanted(
    model: ModelFacts,
    tree: Tree,
    related: Mapping[str, ModelFacts],
    operations: Sequence[str],
    actions: tuple[str, ...],
) -> Wanted:
    """The model's part of the wishes. `related` are the models of nested records by name. Raises WishError."""
    operations = tuple(each for each in OPERATIONS if each in operations)
    for operation in (*operations, *actions):
        right = _RIGHTS.get(operation, "write")
        if right not in model.may:
            raise WishError(f"--ops: the key may not {right} {model.name!r}, which {operation!r} needs")
    chosen = _fields(model, tree, related)
    return Wanted(model, chosen, operations, actions)


def _fields(model: ModelFacts, tree: Tree, related: Mapping[str, ModelFacts]) -> tuple[WantedField, ...]:
    chosen: list[WantedField] = []
    for name, below in tree.below.items():
        facts = model.fields.get(name)
        if facts is None:
            raise WishError(f"--fields: {model.name!r} has no field {name!r}{suggestion(name, model.fields)}")
        if fault := field_fault(model, facts):
            raise WishError(f"--fields: {fault}")
        if below.below and facts.type not in ("one2many", "many2many"):
            raise WishError(f"--fields: {name!r} of {model.name!r} is a {facts.type} and has no records in it")
        nested = _fields(related[facts.relation], below, related) if below.below else ()
        if any(inner.facts.type == "binary" for inner in nested):
            raise WishError(f"--fields: a file in the records of {name!r} has no place: import their model")
        chosen.append(WantedField(facts, nested, below.shown, below.taken))
    return tuple(chosen)


def field_fault(model: ModelFacts, facts: FieldFacts) -> str:
    """Why a field cannot be exposed; empty where it can."""
    if _SECRET.fullmatch(facts.name):
        return f"{facts.name!r} of {model.name!r} looks like a secret, which stays in Odoo"
    if facts.type not in _TYPES:
        return f"{facts.name!r} of {model.name!r} is of the type {facts.type!r}, which has no mapping"
    return ""


def relations(model: ModelFacts, tree: Tree) -> Iterable[tuple[str, Tree]]:
    """The models of the records that are named in it, with what is wanted of them."""
    for name, below in tree.below.items():
        facts = model.fields.get(name)
        if facts is not None and facts.relation and below.below:
            yield facts.relation, below
