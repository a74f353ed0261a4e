"""From wishes to a contract: looks at the models that were named, and makes what was asked for, nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catalog.odoo.contract import contract_of
from catalog.odoo.examples import answer_example, request_example
from catalog.odoo.facts import OPERATIONS, ModelFacts
from catalog.odoo.looking import Live, Looking
from catalog.odoo.naming import pascal
from catalog.odoo.offers import PLAIN, Offers
from catalog.odoo.operations import Resource
from catalog.odoo.reflection import has_method, models
from catalog.odoo.remote import OdooError, Remote
from catalog.odoo.schemas import Property, properties_of
from catalog.odoo.wanted import (
    Tree,
    WantedField,
    WishError,
    actions_by_model,
    check_model,
    relations,
    wanted,
)
from contracts.estate.decode import suggestion
from contracts.operations import is_claimed


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to be made. `fields` are trees by model, `filters` fields by model (None: those that suit), `domain`
    is added to every look-up, and `context` to every call. `examples`: a record is looked at for their sake."""

    models: tuple[str, ...]
    fields: Mapping[str, Tree]
    operations: tuple[str, ...]
    filters: Mapping[str, tuple[str, ...]] | None
    domain: tuple[Any, ...]
    context: Mapping[str, Any]
    examples: bool = True
    offers: Offers = PLAIN


@dataclass(frozen=True, slots=True)
class Part:
    """What is made of one model. `filters` are fields, None for those that suit; `domain` is added to every
    look-up."""

    model: ModelFacts
    tree: Tree
    operations: tuple[str, ...]
    actions: tuple[str, ...]
    filters: tuple[str, ...] | None
    domain: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """How the contract is introduced."""

    title: str
    base_path: str
    contact: str


async def make_contract(remote: Remote, wishes: Wishes, heading: Heading) -> dict[str, Any]:
    """The document. Raises WishError, OdooError."""
    for name in wishes.models:
        check_model(name)
    labels = await _labels(remote)
    live = Live(remote)
    models = [await live.look(name, labels.get(name, "")) for name in wishes.models]
    actions = actions_by_model(models, wishes.operations)
    for model in models:
        for action in actions[model.name]:
            if not await has_method(remote, model, action):
                known = suggestion(action, [*OPERATIONS, *model.methods])
                raise WishError(f"--ops: {model.name!r} has no method {action!r}{known}")
    parts = [
        Part(
            model,
            wishes.fields[model.name],
            wishes.operations,
            actions[model.name],
            None if wishes.filters is None else wishes.filters.get(model.name, ()),
            wishes.domain,
        )
        for model in models
    ]
    return await contract_of_parts(live, parts, wishes.context, heading, wishes.offers, examples=wishes.examples)


async def contract_of_parts(
    looking: Looking,
    parts: Sequence[Part],
    context: Mapping[str, Any],
    heading: Heading,
    offers: Offers,
    *,
    examples: bool,
) -> dict[str, Any]:
    """The document, with a resource for each part. Raises WishError, OdooError."""
    resources: list[Resource] = []
    for part in parts:
        name = part.model.name
        related = {name: part.model}
        await _look_below(looking, part.model, part.tree, related)
        made = wanted(part.model, part.tree, related, part.operations, part.actions)
        properties = properties_of(_forced(made.fields, part.domain))
        filters = _suitable(properties) if part.filters is None else part.filters
        resource = Resource(made, properties, filters, part.domain, context, offers)
        if any(resource.many == each.many for each in resources):
            raise WishError(f"{name!r} would be a second resource /{resource.many}; import it by itself")
        looked_at = {each.facts.name for each in properties}
        _exemplify(resource, await looking.sample(name, looked_at) if examples else None)
        resources.append(resource)
    return contract_of(heading.title, heading.base_path, heading.contact, resources)


def _forced(fields: Sequence[WantedField], domain: Sequence[Any]) -> list[WantedField]:
    """Without those from requests that a claim of the caller's token decides."""
    claimed = {term[0].partition(".")[0] for term in domain if is_claimed(term)}
    return [replace(each, taken=False) if each.facts.name in claimed else each for each in fields]


async def _labels(remote: Remote) -> Mapping[str, str]:
    """What models are called; nothing where the key may not know."""
    try:
        return await models(remote)
    except OdooError:
        return {}


async def _look_below(looking: Looking, model: ModelFacts, tree: Tree, found: dict[str, ModelFacts]) -> None:
    for name, below in relations(model, tree):
        check_model(name)
        if name not in found:
            found[name] = await looking.look(name)
        await _look_below(looking, found[name], below, found)


def _exemplify(resource: Resource, record: Mapping[str, Any] | None) -> None:
    """With the shape of `record`; all made up without one."""
    name = pascal(resource.one)
    answer = answer_example(resource.properties, record)
    resource.examples = {
        name: answer,
        f"New{name}": request_example(resource.properties, answer, creating=True),
        f"{name}Changes": request_example(resource.properties, answer, creating=False),
    }


def _suitable(properties: Sequence[Property]) -> tuple[str, ...]:
    """What a list is filtered by where nothing was said: choices, references, and dates."""
    kinds = ("selection", "many2one", "date", "datetime", "boolean")
    return tuple(
        each.facts.name
        for each in properties
        if each.answer is not None
        and each.facts.type in kinds
        and each.facts.searchable
        and each.facts.stored
        and not (each.facts.type == "many2one" and each.facts.relation == "res.currency")
    )
