"""How a change is told: from what is known about a facet to changes that say the same."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from contracts.containment.changes import Action, SchemaChange
from contracts.containment.facets import Site
from contracts.containment.verdict import Answer, Witness
from contracts.documents.document import escape

CONTAINED, NOT_CONTAINED, UNDECIDED = Answer.CONTAINED, Answer.NOT_CONTAINED, Answer.UNDECIDED
Sites = tuple[Site | None, Site | None]

INSIDE: Final = {
    "property": "properties",
    "pattern-property": "patternProperties",
    "prefix-items": "prefixItems",
    "items": "items",
    "additional-properties": "additionalProperties",
    "unevaluated-properties": "unevaluatedProperties",
    "unevaluated-items": "unevaluatedItems",
}
"""Facets that narrow when the schema in them narrows, and widen when it widens."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """Half an answer: whether instances were lost (or gained), how that is known, and by which instance."""

    answer: Answer
    reason: str = ""
    witness: Witness | None = None


NOTHING: Final = Side(CONTAINED)


def reason_of(lost: Side, gained: Side) -> str:
    """Why a side is undecided, else what an instance shows."""
    undecided = [side.reason for side in (lost, gained) if side.answer is UNDECIDED]
    return next(filter(None, (*undecided, lost.reason, gained.reason)), "")


def made(
    kind: str,
    action: Action,
    path: str,
    subject: str,
    sites: Sites,
    lost: Side,
    gained: Side,
    undeclared: bool = False,
) -> SchemaChange:
    """A change between two sites."""
    base, revision = sites
    return SchemaChange(
        kind,
        action,
        path,
        lost.answer,
        gained.answer,
        subject,
        base.value if base else None,
        revision.value if revision else None,
        base.place if base else None,
        revision.place if revision else None,
        reason_of(lost, gained),
        undeclared,
        lost.witness,
        gained.witness,
    )


def flagged(
    flag: str, path: str, sites: tuple[Site, Site], hidden: bool, lost: Side, gained: Side
) -> SchemaChange:
    """A property that messages of this direction do not carry any more (`hidden`), or do now. What else changed in
    it, and what that takes or gives, is told by its flag alone: on one of the sides nobody sends it."""
    kind = "read-only" if flag == "readOnly" else "write-only"
    file, pointer = sites[hidden].place
    marked = Site((file, f"{pointer}/{flag}"), True, flag)
    between = (None, marked) if hidden else (marked, None)
    return made(kind, "added" if hidden else "removed", f"{path}/{flag}", "", between, lost, gained)


def path_of(kind: str, subject: str) -> str:
    """Where a facet stands in its schema, as a JSON pointer that no order of lists changes."""
    keyword = INSIDE.get(kind) or _KEYWORDS.get(kind, "")
    steps = keyword.split("/") if keyword else []
    if subject and kind not in ("type", "required"):
        steps.append(subject)
    return "".join("/" + escape(step) for step in steps)


_KEYWORDS: Final = {
    "type": "type",
    "enum": "enum",
    "const": "const",
    "format": "format",
    "pattern": "pattern",
    "min-length": "minLength",
    "max-length": "maxLength",
    "minimum": "minimum",
    "maximum": "maximum",
    "multiple-of": "multipleOf",
    "min-items": "minItems",
    "max-items": "maxItems",
    "unique-items": "uniqueItems",
    "contains": "contains",
    "min-contains": "minContains",
    "max-contains": "maxContains",
    "required": "required",
    "property-names": "propertyNames",
    "min-properties": "minProperties",
    "max-properties": "maxProperties",
    "dependent-required": "dependentRequired",
    "dependent-schema": "dependentSchemas",
    "any-of": "anyOf",
    "one-of": "oneOf",
    "not": "not",
    "if": "if",
    "default": "default",
    "read-only": "readOnly",
    "write-only": "writeOnly",
    "deprecated": "deprecated",
    "discriminator": "discriminator",
    "discriminator-mapping": "discriminator/mapping",
}


def clip(inner: Answer, outer: Answer) -> Answer:
    """What an answer further inside is worth, given the one for the place around it."""
    if outer is CONTAINED or inner is CONTAINED:
        return CONTAINED
    return UNDECIDED if outer is UNDECIDED else inner


def worse(left: Side, right: Side) -> Side:
    order = (NOT_CONTAINED, UNDECIDED, CONTAINED)
    return min(left, right, key=lambda side: order.index(side.answer))


def complete(
    found: list[SchemaChange],
    whole: SchemaChange,
    lost: Side,
    gained: Side,
    lost_elsewhere: list[Answer],
    gained_elsewhere: list[Answer],
) -> Iterable[SchemaChange]:
    """The changes of a facet, with one for the facet as a whole where they say less than what is known of it.

    The last two are answers that are told further inside.
    """
    told = list(found)
    missing = [NOTHING, NOTHING]
    narrowed = {*lost_elsewhere, *(change.narrowed for change in found)}
    widened = {*gained_elsewhere, *(change.widened for change in found)}
    if lost.answer is not CONTAINED and lost.answer not in narrowed:
        index = next((i for i, change in enumerate(told) if change.narrowed is UNDECIDED), None)
        if index is None:
            missing[0] = lost
        else:
            told[index] = replace(told[index], narrowed=lost.answer, reason=lost.reason, lost=lost.witness)
    if gained.answer is not CONTAINED and gained.answer not in widened:
        index = next((i for i, change in enumerate(told) if change.widened is UNDECIDED), None)
        if index is None:
            missing[1] = gained
        else:
            told[index] = replace(told[index], widened=gained.answer, reason=gained.reason, gained=gained.witness)
    left, right = missing
    if left is not NOTHING or right is not NOTHING:
        told.append(
            replace(
                whole,
                narrowed=left.answer,
                widened=right.answer,
                reason=reason_of(left, right),
                lost=left.witness,
                gained=right.witness,
            )
        )
    return told
