"""Which parts of two documents are the same, down to everything that they refer to, without looking into them.

Most operations of two versions are. A part is a component, an operation, or another file; it is untouched if it
reads the same on both sides and refers to untouched parts alone.
"""

import marshal
from collections import defaultdict, deque
from typing import Any, Final

from contracts.diff.contract import Contract
from contracts.diff.model import Operation
from contracts.documents.document import Node, escape
from contracts.openapi.references import Key, has_reference

_SCHEMES: Final = "/components/securitySchemes"


class Sameness:
    """Compares two contracts once; then says of each operation whether it needs to be looked at."""

    def __init__(self, base: Contract, revision: Contract) -> None:
        self._base, self._revision = base, revision
        # In another dialect the same words mean something else; nothing is known to be the same then.
        self._dialect = base.minor == revision.minor and self._root("/jsonSchemaDialect")
        self._inherited = all(map(self._root, self._inherited_pointers()))
        self._tainted = self._taint() if self._dialect else frozenset[Key]()
        # A scheme may lie in another file.
        self._inherited &= not any(pointer.startswith(f"{_SCHEMES}/") for _, pointer in self._tainted)

    def holds_for(self, old: Operation, new: Operation) -> bool:
        """Whether an operation is the same, with all that it inherits and refers to."""
        if not (self._dialect and self._inherited) or old.path != new.path:
            return False
        if self._unit(new.node) in self._tainted:
            return False
        if self._place(old.node) != self._place(new.node) or self._place(old.item) != self._place(new.item):
            return False
        if not _alike(old.node.value, new.node.value):
            return False
        for key in ("parameters", "servers"):
            was, is_ = old.item.get(key), new.item.get(key)
            if (was is None) != (is_ is None):
                return False
            if was is None or is_ is None:
                continue
            if not _alike(was.value, is_.value) or self._unit(is_) in self._tainted:
                return False
        return True

    def holds_for_part(self, old: Node, new: Node) -> bool:
        """Whether a schema or another part reads the same and refers to untouched parts alone."""
        if not self._dialect or not _alike(old.value, new.value):
            return False
        return all(
            self._leads_to_same(contract, node) for contract, node in ((self._base, old), (self._revision, new))
        )

    def _leads_to_same(self, contract: Contract, node: Node) -> bool:
        waiting = [node]
        while waiting:
            each = waiting.pop()
            if has_reference(each.value):
                target = contract.references.target(each)
                # What looks like a reference and is none may be one in the other document.
                if target is None or self._unit(target) in self._tainted:
                    return False
            waiting.extend(child for child in each.children() if isinstance(child.value, dict | list))
        return True

    def _inherited_pointers(self) -> list[str]:
        """Of the document, what operations inherit. A change there touches them all."""
        roots = (self._base.document.value, self._revision.document.value)
        extensions = {key for root in roots for key in root if key.startswith("x-")}
        return ["/security", _SCHEMES, *(f"/{escape(key)}" for key in sorted(extensions))]

    def _root(self, pointer: str) -> bool:
        first, second = (each.document.at(pointer) for each in (self._base, self._revision))
        return _alike(first.value if first else None, second.value if second else None)

    def _taint(self) -> frozenset[Key]:
        users: defaultdict[Key, set[Key]] = defaultdict(set)
        for contract in (self._base, self._revision):
            for reference in contract.references.references.values():
                users[self._unit(reference.target)].add(self._unit(reference.source))
        tainted = {unit for unit in users if not self._is_same(unit)}
        waiting = deque(tainted)
        while waiting:
            for user in users.get(waiting.popleft(), ()):
                if user not in tainted:
                    tainted.add(user)
                    waiting.append(user)
        return frozenset(tainted)

    def _place(self, node: Node) -> Key:
        """The entry goes by no name, since its two versions may lie in two files."""
        is_entry = node.document in (self._base.document, self._revision.document)
        return "" if is_entry else node.document.file, node.pointer

    def _unit(self, node: Node) -> Key:
        """`/components/<section>/<name>` or `/paths/<template>/<method>` of the entry, or all of another file."""
        file, pointer = self._place(node)
        return (file, "") if file else ("", "/".join(pointer.split("/", 4)[:4]))

    def _is_same(self, unit: Key) -> bool:
        file, pointer = unit
        sides = []
        for contract in (self._base, self._revision):
            document = contract.documents.get(file) if file else contract.document
            node = document.at(pointer) if document is not None else None
            sides.append(node.value if node is not None else _Missing)
        return sides[0] is not _Missing and sides[1] is not _Missing and _alike(*sides)


class _Missing:
    """Stands for a part that is not there, since null is a value."""


def _alike(first: Any, second: Any) -> bool:
    """Equal, and of the same types all through: in Python 1 equals true, in JSON it does not."""
    return first == second and marshal.dumps(first, 2) == marshal.dumps(second, 2)
