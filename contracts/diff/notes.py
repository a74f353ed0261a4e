"""What extensions say of a schema: open lists of values (`x-extensible-enum`), and classifications of properties.

Containment knows nothing of them. Both schemas are walked side by side, through references, each pair once.
"""

from collections.abc import Iterator
from typing import Any, Final

from contracts.diff.changes import Where, said
from contracts.diff.context import Context
from contracts.diff.extensions import protection
from contracts.diff.rule import DiffRule, Direction, row
from contracts.documents.document import Node, escape
from contracts.findings import Severity
from contracts.openapi.classification import CLASSIFICATION, LEVELS
from contracts.openapi.keywords import NAMED_SCHEMAS, ONE_SCHEMA, SCHEMAS
from contracts.openapi.references import Key, References, has_reference, key_of

EXTENSIBLE: Final = "x-extensible-enum"
_MOST_PAIRS: Final = 10_000


def _rule(name: str, severity: Severity, direction: Direction, why: str, *, undecided: bool = False) -> DiffRule:
    return row(name, severity, why, area="schemas", direction=direction, undecided=undecided)


ROWS: Final = (
    _rule("request-extensible-value-added", "info", "request", "Another value of the open list is known."),
    _rule(
        "request-extensible-value-removed",
        "warning",
        "request",
        "Consumers send a value of the open list that is not known any more.",
    ),
    _rule(
        "response-extensible-value-added",
        "warning",
        "response",
        "Consumers were told to expect more values, and one comes.",
    ),
    _rule(
        "response-extensible-value-removed", "info", "response", "A value of the open list does not come any more."
    ),
    _rule(
        "response-classification-tightened",
        "error",
        "response",
        "Consumers without the clearance do not get the property any more.",
    ),
    _rule("response-classification-loosened", "info", "response", "More consumers get the property."),
    _rule(
        "response-classification-undecided",
        "warning",
        "response",
        "Nobody can tell who is cleared for an unknown class.",
        undecided=True,
    ),
)


def compare_notes(context: Context, direction: Direction, old: Node, new: Node, where: Where) -> None:
    """The extensions of two schemas and of those below them."""
    if not any(
        each.mentions(name) for each in (context.base, context.revision) for name in (EXTENSIBLE, CLASSIFICATION)
    ):
        return
    waiting: list[tuple[Node, Node, Where]] = [(old, new, where)]
    seen: set[tuple[Key, Key]] = set()
    while waiting and len(seen) < _MOST_PAIRS:
        before, after, at = waiting.pop()
        first, second = context.base.references.follow(before), context.revision.references.follow(after)
        if first is None or second is None:
            continue
        if direction == "response":
            was, is_ = _beside(before, context.base.references), _beside(after, context.revision.references)
            _compare_classes(context, was, is_, after, at)
        key = (key_of(first), key_of(second))
        if key in seen or not isinstance(first.value, dict) or not isinstance(second.value, dict):
            continue
        seen.add(key)
        _compare_values(context, direction, first, second, at)
        if direction == "response":
            was, is_ = first.value.get(CLASSIFICATION), second.value.get(CLASSIFICATION)
            _compare_classes(context, was, is_, second, at)
        waiting.extend(_pairs(first, second, at))


def _pairs(old: Node, new: Node, where: Where) -> Iterator[tuple[Node, Node, Where]]:
    for key in sorted(ONE_SCHEMA):
        before, after = old.get(key), new.get(key)
        if before is not None and after is not None:
            yield before, after, where.down(key)
    for key in sorted(NAMED_SCHEMAS):
        before, after = old.get(key), new.get(key)
        if before is not None and after is not None:
            for name, member in before.members():
                if (other := after.get(name)) is not None:
                    yield member, other, where.down(key, name)
    for key in sorted(SCHEMAS):
        before, after = old.get(key), new.get(key)
        if before is not None and after is not None:
            for index, (member, other) in enumerate(zip(before.items(), after.items(), strict=False)):
                yield member, other, where.down(key, index)


def _compare_values(context: Context, direction: Direction, old: Node, new: Node, where: Where) -> None:
    before, after = (_listed(each.value.get(EXTENSIBLE)) for each in (old, new))
    if before is None or after is None:
        return
    at = where.pointer("/" + escape(EXTENSIBLE))
    for action, these, others in (("removed", before, after), ("added", after, before)):
        for value in these:
            if value not in others:
                message = f"the value {said(value)} of the open list was {action}"
                context.changes.add(f"{direction}-extensible-value-{action}", at, message, new, subject=str(value))


def _listed(value: Any) -> list[Any] | None:
    return value if isinstance(value, list) else None


def _beside(node: Node, references: References) -> Any:
    """The class that stands beside references, on the way to what they lead to: the most protected one."""
    found = []
    current: Node | None = node
    while current is not None and has_reference(current.value):
        found.append(current.value.get(CLASSIFICATION))
        current = references.target(current)
    return max(found, key=lambda name: LEVELS.index(name) if name in LEVELS else -1, default=None)


def _compare_classes(context: Context, was: Any, is_: Any, new: Node, where: Where) -> None:
    if was == is_:
        return
    rule = f"response-classification-{protection(was, is_)}"
    message = f"the classification went from {said(was)} to {said(is_)}"
    context.changes.add(rule, where.down(CLASSIFICATION), message, new, before=was, after=is_)
