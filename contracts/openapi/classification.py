"""`x-ostiary-classification`: how well a value is protected, marked where its schema stands.

Any schema may have it: a property's, an item's, that of a whole answer. It holds for the value and all that is in
it. In OAS 3.0, where what stands beside a `$ref` counts for nothing, it counts all the same: a mark that is read
over would show what it is there to protect.

A mark holds by itself: it names the policy `classification` for all operations of its version, as settings would.
"""

from collections.abc import Iterator
from typing import Final, get_args

from contracts.documents.builder import quote
from contracts.documents.document import Node
from contracts.estate_words import Classification
from contracts.openapi.references import Key, References, key_of
from contracts.openapi.rules import Report
from contracts.policy_settings import PolicyUse

CLASSIFICATION: Final = "x-ostiary-classification"
LEVELS: Final[tuple[str, ...]] = get_args(Classification)
"""The least protected first."""
_POLICY: Final = "classification"


def classes_of(references: References) -> tuple[PolicyUse, ...]:
    """The layer of settings that a contract has by what it marks: below all others, and with nothing set."""
    for node, kind in references.extensions:
        if node.key == CLASSIFICATION and kind == "schema" and node.value in LEVELS[1:]:
            return (PolicyUse(_POLICY, sources=(f"{node.document.file}#{node.pointer}",)),)
    return ()


def check_classes(references: References, report: Report) -> None:
    """Reports marks that name no class."""
    for node, kind in references.extensions:
        if node.key == CLASSIFICATION and kind == "schema" and node.value not in LEVELS:
            known = ", ".join(quote(level) for level in LEVELS)
            report.add("extension-invalid", node.place, f"`{CLASSIFICATION}` is one of {known}")


def check_unfiltered(schema: Node | None, what: str, references: References, report: Report) -> None:
    """Reports marks in the schema of something that nothing is ever taken out of; `what` names it."""
    for mark in _marks(schema, references):
        report.add(
            "classification-without-effect", mark.key_place, f"{what} go to clients as they are, classified or not"
        )


def _marks(schema: Node | None, references: References) -> Iterator[Node]:
    """All that a schema has, in itself and by reference."""
    waiting = [] if schema is None else [schema]
    seen: set[Key] = set()
    while waiting:
        node = waiting.pop()
        if key_of(node) in seen:
            continue
        seen.add(key_of(node))
        mark = node.get(CLASSIFICATION)
        if mark is not None and isinstance(mark.value, str):
            yield mark
        target = references.target(node)
        if target is not None:
            waiting.append(target)
        waiting += (child for child in node.children() if isinstance(child.value, dict | list))
