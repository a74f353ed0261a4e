"""Schemas that lead back to themselves without going into the value (JSON Schema 2020-12 core, §9.4.1).

A schema may contain itself below a property or an item: each round there is a smaller value. Through `allOf` and
its like there is not, so that a validator would go round for ever, or until its stack is full.
"""

from collections.abc import Iterator
from typing import Final

from contracts.documents.builder import quote
from contracts.documents.document import Node
from contracts.openapi.references import Key, References, has_reference, key_of
from contracts.openapi.rules import Report

_IN_PLACE_ONE: Final = ("not", "if", "then", "else")
_IN_PLACE_MANY: Final = ("allOf", "anyOf", "oneOf", "dependentSchemas")


def check_cycles(references: References, report: Report) -> None:
    """Reports each reference that closes such a circle (`reference-cycle`)."""
    done: set[Key] = set()
    for start in references.schemas:
        if key_of(start) in done:
            continue
        open_: dict[Key, Node] = {key_of(start): start}
        stack = [(start, _in_place(start, references))]
        while stack:
            node, below = stack[-1]
            child = next(below, None)
            if child is None:
                stack.pop()
                done.add(key_of(node))
                del open_[key_of(node)]
            elif key_of(child) in open_:
                circle = list(open_.values())[list(open_).index(key_of(child)) :]
                if not _is_chain(circle, references):
                    # Only a reference leads up.
                    place, text = node.document.place(f"{node.pointer}/$ref"), quote(str(node.value["$ref"]))
                    message = f"the schema {text} leads back to itself without going into the value"
                    report.add("reference-cycle", place, message)
            elif key_of(child) not in done:
                open_[key_of(child)] = child
                stack.append((child, _in_place(child, references)))


def _is_chain(circle: list[Node], references: References) -> bool:
    """Whether references alone make the circle; that is reported where they are resolved."""
    following = [*circle[1:], circle[0]]
    targets = [references.target(node) for node in circle]
    return all(
        target is not None and key_of(target) == key_of(node)
        for target, node in zip(targets, following, strict=True)
    )


def _in_place(node: Node, references: References) -> Iterator[Node]:
    """The schemas that speak about the same value."""
    if not isinstance(node.value, dict):
        return
    if has_reference(node.value) and (target := references.target(node)) is not None:
        yield target
    for key in _IN_PLACE_ONE:
        if (member := node.get(key)) is not None:
            yield member
    for key in _IN_PLACE_MANY:
        if (members := node.get(key)) is not None:
            yield from members.children()
