"""What has to be asked of usage about a change of a contract: who is touched by it, as far as a gateway can see.

A change stands at a place of the document; that place is walked down among the places that gateways observe
(`contracts.usage.fields`), and the deepest that is on the way is asked for. Where nothing on the way is observed,
and for all that is in responses, the question is about every caller of the operation.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from catalog.usage.queries import Sight
from contracts.diff.changes import Change
from contracts.diff.model import shape
from contracts.documents.document import tokens_of
from contracts.operations import ApiVersion, Operation
from contracts.usage.fields import ANY, Observable, Place, text_of
from contracts.usage.terms import Term

ACCEPTED: Final[Sight] = ("accepted", "", "")

RESPONSE: Final = "every caller: a gateway cannot see which parts of a response a client reads"
VALUES: Final = "which values they sent is not recorded"

_LOCATIONS: Final = ("query", "header", "cookie")
_BRANCHES: Final = frozenset(("allOf", "anyOf", "oneOf"))
_ITEMS: Final = frozenset(
    ("items", "contains", "additionalProperties", "unevaluatedItems", "unevaluatedProperties")
)
_NAMED: Final = frozenset(("patternProperties", "prefixItems"))
_APPLIED: Final = frozenset(("then", "else", "if", "not"))


@dataclass(frozen=True, slots=True)
class Question:
    """Of callers of `operation` (empty: of any): those whose calls had `having`, of which some had not `lacking`.

    None asks for nothing. `scope` asks for applications whose subscription does not grant it. `basis` says in
    words who is meant, and what is not known of them.
    """

    operation: str
    basis: str
    having: Sight | None = None
    lacking: Sight | None = None
    scope: str = ""

    def sights(self) -> Iterator[tuple[str, Sight]]:
        """What has to be looked up to answer it."""
        if self.having is not None:
            yield self.operation, self.having
        if self.lacking is not None:
            yield self.operation, self.lacking
            if self.having is None:
                yield self.operation, ACCEPTED


class Questions:
    """The questions about changes from one version of an API. `base` is what is in force, and observed."""

    def __init__(self, base: ApiVersion) -> None:
        self._base = base
        self._operations = {(each.method, shape(each.path)): each for each in base.operations}
        self._observable: dict[str, Observable] = {}

    def about(self, change: Change) -> Question:
        name = change.where.operation
        operation = None if name is None else self._operations.get((name.method, shape(name.path)))
        if operation is None:
            return Question("", "every caller of the version")
        tokens = tokens_of(change.where.stable)[3:]  # behind paths, template and method
        if tokens[:1] == ["security"]:
            return _about_security(operation, change)
        if tokens[:1] == ["responses"] or "callbacks" in tokens[:1]:
            return Question(operation.id, RESPONSE)
        if tokens[:1] == ["requestBody"]:
            return self._about_body(operation, change, tokens[1:])
        if tokens[:1] == ["parameters"] and len(tokens) > 1:
            return self._about_parameter(operation, change, tokens[1], tokens[2:])
        return Question(operation.id, "every caller of the operation")

    def observable(self, operation: Operation) -> Observable:
        known = self._observable.get(operation.id)
        if known is None:
            known = self._observable[operation.id] = Observable(operation, self._base.documents)
        return known

    def _about_parameter(self, operation: Operation, change: Change, key: str, rest: list[str]) -> Question:
        location, _, name = key.partition(":")
        if location not in _LOCATIONS:
            return Question(operation.id, "every caller of the operation")
        observable = self.observable(operation)
        places: Mapping[str, Place] = {
            "query": observable.query,
            "header": {known.lower(): place for known, place in observable.header.items()},
            "cookie": observable.cookie,
        }[location]
        place = places.get(name)
        said = f"the {location} parameter `{name}`"
        if place is None:
            return Question(operation.id, f"every caller of the operation: {said} is new, or is not observed")
        if change.rule.id.endswith("-became-required"):
            return Question(operation.id, f"callers without {said}", lacking=_sight(place.term))
        return self._below(operation, change, place, _schema(rest), said)

    def _about_body(self, operation: Operation, change: Change, rest: list[str]) -> Question:
        root = self.observable(operation).body
        if root is None:
            return Question(operation.id, "every caller of the operation: nobody could send a body")
        if change.rule.id.endswith("-became-required"):
            return Question(operation.id, "callers without a body", lacking=_sight(root.term))
        return self._below(operation, change, root, _schema(rest), "a body")

    def _below(self, operation: Operation, change: Change, place: Place, way: list[str], said: str) -> Question:
        """About a place below a parameter or the body, found by the keywords and names of a schema."""
        found = _walk(place, way)
        term = found.term
        if found is not place:
            said = f"`{_shown(term)}` in {said}"
        if change.rule.id == "request-enum-value-removed":
            value = _value_of(found, change.before)
            if value is not None:
                return Question(operation.id, f"callers that sent {said} with {value.value}", having=_sight(value))
        if change.rule.id == "request-required-added":
            wanted = _required(found, change.after)
            # Of several items one may lack what another has, which counts of calls do not tell.
            if wanted is not None and ANY not in tokens_of(term.name):
                basis = f"callers that sent {said} without `{_shown(wanted.term)}`"
                return Question(operation.id, basis, having=_sight(term), lacking=_sight(wanted.term))
        basis = f"callers that sent {said}"
        if not change.rule.id.startswith(("request-property-removed", "request-body-removed")) and (
            "-parameter-removed" not in change.rule.id
        ):
            basis += f"; {VALUES}"
        return Question(operation.id, basis, having=_sight(term))


def _about_security(operation: Operation, change: Change) -> Question:
    if change.rule.id == "security-scope-added":
        scope = json.loads(change.after)
        return Question(operation.id, f"callers whose subscription does not grant `{scope}`", scope=scope)
    return Question(operation.id, "every caller of the operation")


def _schema(rest: list[str]) -> list[str]:
    """What follows the schema of a parameter or of a media type."""
    if rest[:1] == ["content"]:
        rest = rest[2:]
    return rest[1:] if rest[:1] in (["schema"], ["itemSchema"]) else []


def _walk(place: Place, way: Iterable[str]) -> Place:
    """The deepest observed place on the way."""
    steps = iter(way)
    for step in steps:
        below: Place | None
        if step == "properties":
            name = next(steps, None)
            if name is None:
                break
            below = place.properties.get(name, place.other)
        elif step in _BRANCHES or step == "dependentSchemas":
            next(steps, None)
            continue
        elif step in _APPLIED:
            continue
        elif step in _ITEMS:
            below = place.other
        elif step in _NAMED:
            next(steps, None)
            below = place.other
        else:
            break
        if below is None:
            break
        place = below
    return place


def _value_of(place: Place, quoted: str) -> Term | None:
    """The enumerated value that a change quotes; None where it was too long to be quoted or observed."""
    try:
        value = json.loads(quoted)
    except ValueError:
        return None
    if isinstance(value, str):
        return place.texts.get(value)
    return None if isinstance(value, dict | list) else place.scalars.get(text_of(value))


def _required(place: Place, quoted: str) -> Place | None:
    """The declared property whose name a change quotes."""
    try:
        return place.properties.get(json.loads(quoted))
    except ValueError:
        return None


def _sight(term: Term) -> Sight:
    return term.kind, term.name, term.value


def _shown(term: Term) -> str:
    """A place's pointer; of a parameter, below it."""
    if term.kind == "body":
        return term.name
    _, slash, rest = term.name.partition("/")
    return slash + rest
