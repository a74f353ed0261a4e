"""A change of a schema: which keyword, where, from what to what, and whether it takes or gives instances."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

from contracts.containment.verdict import Answer, Witness

Action = Literal["added", "removed", "changed"]

KINDS: Final[dict[str, str]] = {
    "type": "a type of the `type` list; `subject` is its name",
    "nullable": "whether null is admitted, in either dialect",
    "enum": "a value of `enum` (`subject` is its JSON text), or the whole list",
    "const": "`const`",
    "format": "`format`; one that is not asserted is an annotation",
    "pattern": "`pattern`",
    "min-length": "`minLength`",
    "max-length": "`maxLength`",
    "minimum": "the lower bound, exclusive or not",
    "maximum": "the upper bound, exclusive or not",
    "multiple-of": "`multipleOf`",
    "items": "`items`",
    "prefix-items": "an item of `prefixItems`; `subject` is its index",
    "min-items": "`minItems`",
    "max-items": "`maxItems`",
    "unique-items": "`uniqueItems`",
    "contains": "`contains`",
    "min-contains": "`minContains`",
    "max-contains": "`maxContains`",
    "unevaluated-items": "`unevaluatedItems`",
    "property": "a member of `properties`; `subject` is its name",
    "required": "a name in `required`; `subject` is the name",
    "additional-properties": "`additionalProperties`",
    "pattern-property": "a member of `patternProperties`; `subject` is the pattern",
    "property-names": "`propertyNames`",
    "min-properties": "`minProperties`",
    "max-properties": "`maxProperties`",
    "unevaluated-properties": "`unevaluatedProperties`",
    "dependent-required": "a member of `dependentRequired`; `subject` is the property",
    "dependent-schema": "a member of `dependentSchemas`; `subject` is the property",
    "any-of": "a branch of `anyOf`",
    "one-of": "a branch of `oneOf`",
    "not": "`not`",
    "if": "`if`, `then`, `else`",
    "schema": "the schema as a whole, where no single keyword tells the difference",
    "default": "`default`; an annotation",
    "read-only": "`readOnly`; an annotation, which directions give a meaning",
    "write-only": "`writeOnly`; an annotation, which directions give a meaning",
    "deprecated": "`deprecated`; an annotation",
    "discriminator": "`discriminator.propertyName`; an annotation",
    "discriminator-mapping": "a value of `discriminator.mapping`; `subject` is the value",
}
"""Every kind of change, with what it is about."""


class Effect(StrEnum):
    """What a change does to the set of instances."""

    NARROWED = "narrowed"
    WIDENED = "widened"
    CHANGED_BOTH = "changed-both"
    EQUIVALENT = "equivalent"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One change.

    `narrowed` says whether instances were lost: `NOT_CONTAINED` is proof of a loss, `CONTAINED` that there is
    none, `UNDECIDED` that nobody knows (`reason` says why). `widened` says the same of instances gained. A
    request breaks by `narrowed`, a response by `widened`. Only annotations change with neither.

    `path` leads from the schemas that were compared to the place of the change, by keywords and names as a JSON
    pointer, through `$ref` as if the target stood there: it stays the same when definitions move. `base` and
    `revision` are file and JSON pointer in the documents, None where there is nothing. `before` and `after` are
    JSON values (a schema, a bound, a name…), `None` where there is nothing. `reason` says why an answer is
    undecided, or quotes an instance. `undeclared`: a property was added to (or removed from) an object that said
    nothing of unnamed members; instances are lost (or gained) only if the name was used without being declared.
    """

    kind: str
    action: Action
    path: str
    narrowed: Answer
    widened: Answer
    subject: str = ""
    before: Any = None
    after: Any = None
    base: tuple[str, str] | None = None
    revision: tuple[str, str] | None = None
    reason: str = ""
    undeclared: bool = False
    lost: Witness | None = None
    gained: Witness | None = None

    @property
    def effect(self) -> Effect:
        """Both answers as one word; UNDECIDED if either is."""
        if Answer.UNDECIDED in (self.narrowed, self.widened):
            return Effect.UNDECIDED
        lost, gained = self.narrowed is Answer.NOT_CONTAINED, self.widened is Answer.NOT_CONTAINED
        if lost:
            return Effect.CHANGED_BOTH if gained else Effect.NARROWED
        return Effect.WIDENED if gained else Effect.EQUIVALENT


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two schemas compared. `narrowed` is about all instances of the base in the revision, `widened` the other
    way; the changes never say anything else than these two: where either has a loss or is undecided, at least
    one change does and is, and where it is `CONTAINED`, all changes are."""

    narrowed: Answer
    widened: Answer
    changes: tuple[SchemaChange, ...] = ()
