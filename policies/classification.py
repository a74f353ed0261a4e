"""What callers without the clearance do not get to see: what the contract marks (`x-ostiary-classification`).

Classes are ordered: `public`, `internal`, `confidential`, `restricted`. A scope opens a class and all below it,
for callers whose token has it and whose subscription grants it. What is above a caller's clearance is taken out of
the answer, or masked where the class says so. What the contract does not know counts as `restricted`: members that
a closed object does not declare, and answers that are not of a declared form. Operations in whose answers nothing
is marked have no such filter.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Final, Literal

import msgspec

from contracts.openapi.classification import LEVELS
from contracts.operations import ApiVersion, Operation
from policies.classifying.clearance import FULL, Clearances
from policies.classifying.entity_tags import unmarked
from policies.classifying.filtering import POLICY as POLICY
from policies.classifying.filtering import ClassificationFilter, DeclaredAnswer
from policies.classifying.places import Place, Places
from policies.classifying.views import Effect, Mask, View, take
from policies.exchange import Exchange
from policies.policy import Fault, PolicyConfig, Setting
from policies.ports import Ports
from policies.validation.media_types import content_of
from policies.validation.validators import validators_of
from policies.verdict import ALLOW, AnswerFilter, Stage, Verdict

EXAMPLE: Final = """\
confidential: {scope: orders.confidential, action: mask}
restricted: {scope: orders.restricted}
unknown-fields: remove
"""

_CONDITIONS: Final = ((b"if-match", False), (b"if-none-match", True))
"""Fields with entity tags, and whether they are about what a caller was shown (RFC 9110 §13.1)."""

Scope = Annotated[str, msgspec.Meta(pattern=r"^[\x21\x23-\x5B\x5D-\x7E]+$", description="one scope")]


class ClassRule(PolicyConfig, frozen=True):
    """What holds for the values of one class."""

    scope: Scope | None = None
    """Who has it sees the class and those below it. Without one, the scopes of the classes above open it."""
    action: Literal["remove", "mask"] = "remove"
    """`mask`: the value is replaced where its schema admits `mask`, or null; where it admits neither, removed."""
    mask: str = "***"
    """The text in place of a value."""


class ClassificationConfig(PolicyConfig, frozen=True):
    """Settings of `classification`."""

    without_scope: Literal["public", "internal", "confidential", "restricted"] = "public"
    """The most protected class that everybody sees who may call."""
    internal: ClassRule = ClassRule()
    """What holds for values that are `internal`."""
    confidential: ClassRule = ClassRule()
    """What holds for values that are `confidential`."""
    restricted: ClassRule = ClassRule()
    """What holds for values that are `restricted`."""
    unknown_fields: Literal["as-declared", "remove"] = "as-declared"
    """Members that no schema declares: `as-declared` removes them where the object is closed
    (`additionalProperties` or `unevaluatedProperties` is false), `remove` everywhere."""

    def rule(self, level: int) -> ClassRule:
        """That of a class above `public`, by its index in `LEVELS`."""
        return (self.internal, self.confidential, self.restricted)[level - 1]


def bind(config: ClassificationConfig, version: ApiVersion, operation: Operation, ports: Ports) -> Stage | None:
    """On any operation: what is written may depend on the entity tag of what was read elsewhere."""
    clearances = _clearances(config)
    return None if clearances.least == FULL else _Tags(clearances).check


def bind_answer(
    config: ClassificationConfig, version: ApiVersion, operation: Operation, ports: Ports
) -> AnswerFilter | None:
    """None where nothing can be taken out of any answer."""
    clearances = _clearances(config)
    declared = _declared(config, version, operation, clearances.least)
    if not any(each.concerned for each in declared.values()):
        return None
    views = {level: _view(config, level) for level in clearances.below_full}
    return ClassificationFilter(declared, clearances, views)


def check(setting: Setting[ClassificationConfig], version: ApiVersion, operation: Operation) -> Iterable[Fault]:
    """What a contract promises and would not be kept."""
    config = setting.config
    clearances = _clearances(config)
    found: dict[Fault, None] = {}
    for status, answer in _declared(config, version, operation, clearances.least).items():
        where = f"the answer {status}"
        if not answer.concerned:
            continue
        for media in answer.content.ranges:
            if media not in answer.places:
                message = f"{where} holds classified values, and as {media!r} it could not be read and is refused"
                found[Fault("", message)] = None
        for level in clearances.below_full:
            view = _view(config, level)
            for place in answer.places.values():
                found.update(dict.fromkeys(_broken(view, level, place, where)))
    yield from found


def _broken(view: View, level: int, root: Place, where: str) -> Iterator[Fault]:
    """Members that are required, and gone for callers of a clearance."""
    waiting, above = [root], {root: root}
    while waiting:
        place = waiting.pop()
        if place.level > level or not place.touches((level, False, False)):
            continue
        for name in sorted(place.required & place.declared):
            member = place.member(name)
            if member is not None and member.level > level and view.effect(member) is take:
                class_ = LEVELS[member.level]
                yield Fault(
                    f"/{class_}",
                    f"{where} requires {f'{_path(place, above)}/{name}'!r}, which is {class_} and is taken out of "
                    "it: make it optional, or mask it (a mask that its schema admits, or null)",
                )
        for below in place.below:
            if below not in above:
                above[below] = place
                waiting.append(below)


def _path(place: Place, above: Mapping[Place, Place]) -> str:
    """The way to a place, by names; `*` for items and for names that are not declared."""
    path, parent = "", above[place]
    while parent is not place:
        name = next((each for each in sorted(parent.declared) if parent.member(each) is place), "*")
        path = f"/{name}{path}"
        place, parent = parent, above[parent]
    return path


def _clearances(config: ClassificationConfig) -> Clearances:
    rules = {name: config.rule(level) for level, name in enumerate(LEVELS) if level}
    return Clearances(config.without_scope, {name: rule.scope for name, rule in rules.items() if rule.scope})


def _declared(
    config: ClassificationConfig, version: ApiVersion, operation: Operation, least: int
) -> dict[str, DeclaredAnswer]:
    """The answers of an operation, by status."""
    if least == FULL:
        return {}
    validators = validators_of(version)
    places = Places.of_operation(validators)
    declared: dict[str, DeclaredAnswer] = {}
    for response in operation.responses:
        known = {
            each.range: places.of([(each.schema, "")]) for each in response.content if each.schema is not None
        }
        # Something in it is more protected than what everybody sees, or may be.
        concerned = bool(known) and (
            config.unknown_fields == "remove"
            or any(each.touches((least, False, False)) for each in known.values())
        )
        declared[response.status] = DeclaredAnswer(content_of(response.content, validators), known, concerned)
    return declared


def _view(config: ClassificationConfig, level: int) -> View:
    def hidden(place: Place) -> Effect:
        rule = config.rule(place.level)
        if rule.action == "mask":
            for value in (rule.mask, None):
                if place.admits(value):
                    return Mask(value)
        return take

    return View(level, hidden, unknown_goes=config.unknown_fields == "remove")


class _Tags:
    """The stage: entity tags in a request's conditions, as the upstream has them."""

    __slots__ = ("_clearances",)

    def __init__(self, clearances: Clearances) -> None:
        self._clearances = clearances

    def check(self, exchange: Exchange) -> Verdict:
        for name, shown in _CONDITIONS:
            value = exchange.fields.get(name)
            if value is not None and b";class=" in value:
                kept = unmarked(value, self._clearances.of(exchange) if shown else None)
                forward = exchange.forwarded()
                forward.headers = [each for each in forward.headers if each[0].lower() != name]
                if kept:
                    forward.headers.append((name, kept))
        return ALLOW
