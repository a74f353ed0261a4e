"""From wishes to a contract: looks at the models that were named, and makes what was asked for, nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.odoo.contract import contract_of
from catalog.odoo.examples import answer_example, request_example
from catalog.odoo.naming import pascal
from catalog.odoo.operations import Resource
from catalog.odoo.reflection import ModelFacts, look_at, models, sample
from catalog.odoo.remote import OdooError, RefusedError, Remote
from catalog.odoo.schemas import Property, properties_of
from catalog.odoo.wanted import Tree, WishError, actions_by_model, check_model, relations, wanted


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
    seen = [await _seen(remote, name, labels.get(name, "")) for name in wishes.models]
    actions = actions_by_model(seen, wishes.operations)
    resources = []
    for model in seen:
        name = model.name
        related = {name: model}
        await _look_below(remote, model, wishes.fields[name], related)
        made = wanted(model, wishes.fields[name], related, wishes.operations, actions[name])
        properties = properties_of(made.fields)
        filters = _suitable(properties) if wishes.filters is None else wishes.filters.get(name, ())
        resource = Resource(made, properties, filters, wishes.domain, wishes.context)
        looked_at = {each.facts.name for each in properties}
        _exemplify(resource, await sample(remote, name, looked_at) if wishes.examples else None)
        resources.append(resource)
    nouns = [resource.many for resource in resources]
    for index, noun in enumerate(nouns):
        if noun in nouns[:index]:
            raise WishError(f"{wishes.models[index]!r} would be a second resource /{noun}; import it by itself")
    return contract_of(heading.title, heading.base_path, heading.contact, resources)


async def _labels(remote: Remote) -> Mapping[str, str]:
    """What models are called; nothing where the key may not know."""
    try:
        return await models(remote)
    except OdooError:
        return {}


async def _seen(remote: Remote, name: str, label: str = "") -> ModelFacts:
    try:
        return await look_at(remote, name, label)
    except RefusedError as refusal:
        raise WishError(f"the model {name!r}: {refusal}") from None


async def _look_below(remote: Remote, model: ModelFacts, tree: Tree, found: dict[str, ModelFacts]) -> None:
    for name, below in relations(model, tree):
        check_model(name)
        if name not in found:
            found[name] = await _seen(remote, name)
        await _look_below(remote, found[name], below, found)


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
