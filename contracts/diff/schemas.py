"""Schemas: what the containment of one in the other says about those who send or receive it.

A request breaks where it admits less than before, a response where it admits more. The same change is therefore
two rules, one for each direction, with opposite severities; both come from one row of `schema_rules`.

One thing is decided here that is no question of sets: a name that an object does not mention. Where an object is
open (`additionalProperties` absent or true), any value was admitted under any name, so that declaring a new
optional property narrows it. Nobody sends values under names that a contract never mentioned, and this is how
every API grows; so it counts as harmless, and the other way round it is a warning to those who read it.
"""

from typing import Any, Final

from contracts.containment.changes import SchemaChange
from contracts.containment.source import Schema, Schemas
from contracts.containment.verdict import Answer
from contracts.diff.changes import Where, said
from contracts.diff.context import Context
from contracts.diff.notes import compare_notes
from contracts.diff.origin import origin
from contracts.diff.rule import Direction
from contracts.diff.schema_kinds import KINDS
from contracts.diff.schema_rules import ANNOTATIONS, LABELS, SCHEMA_ROWS
from contracts.diff.wording import holder_of
from contracts.documents.document import Node, tokens_of

_IDS: Final = frozenset(rule.id for rule in SCHEMA_ROWS)
_HARMLESS: Final = frozenset(rule.id for rule in SCHEMA_ROWS if rule.severity == "info")
_OPEN_ENUM: Final = ("x-extensible-enum",)
_STEPS: Final = frozenset(("properties", "patternProperties", "dependentSchemas", "$defs"))


def compare_schemas(context: Context, direction: Direction, old: Node, new: Node, key: str, where: Where) -> None:
    """The schemas that two objects hold under `key`; without one, any value is admitted."""
    before, after = old.get(key), new.get(key)
    if before is None and after is None:
        return
    if before is not None and after is not None and context.sameness.holds_for_part(before, after):
        return
    sent = direction == "request"
    base = _schema(context.base.requests if sent else context.base.responses, old, key)
    revision = _schema(context.revision.requests if sent else context.revision.responses, new, key)
    for change in context.comparer.compare(base, revision).changes:
        _Reading(context, direction, base, revision, change, where.down(key)).report()
    if before is not None and after is not None:
        compare_notes(context, direction, before, after, where.down(key))


def _schema(schemas: Schemas, holder: Node, key: str) -> Schema:
    node = holder.get(key)
    if node is None:
        return Schema(schemas, (holder.document.file, f"{holder.pointer}/{key}"), True)
    return schemas.at(node)


class _Reading:
    """One change of a schema, read for one direction."""

    def __init__(
        self,
        context: Context,
        direction: Direction,
        base: Schema,
        revision: Schema,
        change: SchemaChange,
        where: Where,
    ) -> None:
        self.context, self.direction, self.change, self.where = context, direction, change, where
        self.base, self.revision = base, revision
        self.before = origin(context.base, change, change.base)
        self.after = origin(context.revision, change, change.revision)
        self.kind = "enum-value" if change.kind == "enum" and change.subject else change.kind
        sent = direction == "request"
        # What breaks in this direction, and what does not.
        self.harm = change.narrowed if sent else change.widened
        self.gain = change.widened if sent else change.narrowed
        self.witness = change.lost if sent else change.gained

    def report(self) -> None:
        rule = f"{self.direction}-{self.kind}-{self.word()}"
        if rule not in _IDS:
            if self.plain_word() == "same":
                return  # an annotation that nobody acts upon in this direction
            rule = f"{self.direction}-schema-{self.plain_word()}"
        change = self.change
        stable = self.where.pointer(change.path)
        at = Where(self.location() or stable.location, stable.stable, stable.operation)
        self.context.changes.add(
            rule,
            at,
            self.message(rule),
            self.node(),
            before=change.before,
            after=change.after,
            subject=change.subject,
        )

    def location(self) -> str:
        """Where it stands, if no reference is on the way there; else the way itself is told."""
        place, root = self.after.place, self.revision.place
        if place is None:
            place, root = self.before.place, self.base.place
        if place is None or place[0] != root[0] or not f"{place[1]}/".startswith(f"{root[1]}/"):
            return ""
        return self.where.location + place[1][len(root[1]) :]

    def word(self) -> str:
        """What happened, as the end of a rule's id."""
        change = self.change
        if self.kind in ANNOTATIONS:
            return change.action
        if self.harm is Answer.UNDECIDED:
            return "undecided"
        if self.kind == "property":
            return self.property_word()
        received = self.direction == "response"
        if received and self.kind == "enum-value" and change.action == "added" and self.is_open_enum():
            return "added-to-open"
        if change.action == "changed":
            return self.plain_word()
        added_narrows = KINDS[self.kind].added_narrows if self.kind in KINDS else True
        narrows = change.action == "added" if added_narrows else change.action == "removed"
        natural = change.narrowed if narrows else change.widened
        other = change.widened if narrows else change.narrowed
        if natural is not Answer.CONTAINED and other is Answer.CONTAINED:
            return change.action
        return self.plain_word()

    def plain_word(self) -> str:
        """What happened to the set of values."""
        if self.harm is Answer.UNDECIDED:
            return "undecided"
        if self.harm is Answer.NOT_CONTAINED:
            if self.gain is Answer.NOT_CONTAINED:
                return "changed"
            return "narrowed" if self.direction == "request" else "widened"
        if self.gain is Answer.CONTAINED:
            return "same"
        return "widened" if self.direction == "request" else "narrowed"

    def property_word(self) -> str:
        action = self.change.action
        if action == "changed":
            return self.plain_word()
        if self.harm is Answer.CONTAINED:
            return action
        if self.direction == "request" and action == "removed":
            return "removed-from-closed"
        if self.direction == "response" and action == "added":
            return "added-to-closed"
        return action if self.change.undeclared else f"{action}-{'to' if action == 'added' else 'from'}-map"

    def is_open_enum(self) -> bool:
        """Whether the author says that the list may grow (`x-extensible-enum`)."""
        found = self.at(self.base, tokens_of(self.change.path))
        return (
            found is not None
            and isinstance(found.value, dict)
            and any(bool(found.value.get(name)) for name in _OPEN_ENUM)
        )

    def at(self, schema: Schema, tokens: list[str]) -> Schema | None:
        """The deepest schema on the way that the tokens describe, through references."""
        current = schema.resolved()
        index = 0
        while index < len(tokens):
            token = tokens[index]
            value = current.value
            if not isinstance(value, dict) or token not in value:
                break
            inner: Any = value[token]
            steps: tuple[str | int, ...] = (token,)
            if isinstance(inner, list) or token in _STEPS:
                if index + 1 >= len(tokens):
                    break
                name = tokens[index + 1]
                if isinstance(inner, list):
                    if not name.isdecimal() or int(name) >= len(inner):
                        break
                    inner, steps = inner[int(name)], (token, int(name))
                elif isinstance(inner, dict) and name in inner:
                    inner, steps = inner[name], (token, name)
                else:
                    break
                index += 1
            index += 1
            if not isinstance(inner, dict | bool):
                break
            current = current.child(inner, *steps).resolved()
        return current

    def node(self) -> Node:
        if self.after.place is not None:
            return self.context.revision.node(self.after.place)
        if self.before.place is not None:
            return self.context.base.node(self.before.place)
        return self.context.revision.node(self.revision.place)

    def message(self, rule: str) -> str:
        change = self.change
        keyword = LABELS.get(self.kind, "the schema")
        what = f"{keyword} {said(change.subject)}" if change.subject and self.kind != "nullable" else keyword
        way = self.location().removeprefix(self.where.location) or change.path
        holder = holder_of(self.where)
        place = (f" at {said(way)}" if way else "") + (f" of {holder}" if holder else "")
        if change.action == "changed":
            before, after = self.before.told(change.before), self.after.told(change.after)
            text = f"{what} went from {before} to {after}{place}"
        elif change.subject:
            text = f"{what} was {change.action}{place}"
        else:
            added = change.action == "added"
            value = self.after.told(change.after) if added else self.before.told(change.before)
            text = f"{what} {value} was {change.action}{place}"
        if self.kind in ANNOTATIONS or rule in _HARMLESS:
            return text
        if self.harm is Answer.UNDECIDED:
            return f"{text}; what that does cannot be decided: {change.reason or 'the schemas are too different'}"
        if self.harm is Answer.NOT_CONTAINED and self.witness is not None:
            example = said(self.witness.value if self.witness.value is not None else "null")
            text += (
                f"; {example} was valid and is not any more"
                if self.direction == "request"
                else f"; {example} can come now, which could not before"
            )
        return text
