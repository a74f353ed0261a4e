"""From what a legacy client uses of Odoo by RPC to the contract that it can move to.

The contract has what the client uses and nothing else, within the domains that the guard forces on it: methods
become operations, what is read is in answers, what is written in requests, and what is filtered by are filters.
What has no place in such a contract is told.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from catalog.odoo.facts import ModelFacts
from catalog.odoo.filtering import is_filterable
from catalog.odoo.importing import Heading, Part, contract_of_parts
from catalog.odoo.looking import Looking
from catalog.odoo.offers import PLAIN
from catalog.odoo.wanted import Tree, WishError, field_fault
from contracts.odoo_guard import GuardedModel, OdooGuard
from contracts.operations import is_claimed

Used = Literal["method", "read", "filter", "write"]

_OPERATIONS: Final[Mapping[str, str]] = {
    "search": "list",
    "search_read": "list",
    "search_count": "list",
    "read_group": "list",
    "read": "get",
    "create": "create",
    "write": "update",
    "unlink": "delete",
}
_DESCRIBING: Final = "fields_get"
_NEEDS_VALUES: Final = frozenset({"create", "update"})


@dataclass(frozen=True, slots=True)
class Use:
    """A method of a model that a client calls, or a field that it reads, filters by or writes."""

    model: str
    used: Used
    name: str


@dataclass(slots=True)
class Draft:
    """The contract, and in sentences what of the uses it has no place for."""

    document: dict[str, Any]
    left_out: list[str]


async def draft(
    looking: Looking,
    uses: Collection[Use],
    guard: OdooGuard,
    heading: Heading,
    *,
    context: Mapping[str, Any],
    examples: bool = True,
) -> Draft:
    """A contract of all that is used; `context` goes with every call, and for `examples` a record is looked at.

    Raises WishError, OdooError."""
    called = sorted({each.model for each in uses if each.used == "method" and each.name != _DESCRIBING})
    if not called:
        raise WishError("the client called no method of a model, so there is nothing to draft")
    left_out: list[str] = []
    parts = []
    for model in called:
        facts = await looking.look(model)
        drafting = _Drafting(uses, facts, guard.models.get(model, GuardedModel()), left_out)
        related = {name: await looking.look(name) for name in sorted(drafting.related())}
        parts.append(drafting.part(related))
    document = await contract_of_parts(looking, parts, context, heading, PLAIN, examples=examples)
    return Draft(document, left_out)


@dataclass(slots=True)
class _Drafting:
    """One model's part of the draft."""

    uses: Collection[Use]
    facts: ModelFacts
    guarded: GuardedModel
    left_out: list[str]

    def related(self) -> set[str]:
        """Models whose records are written in those of this one."""
        return {self.facts.fields[name].relation for name in self._nested()}

    def part(self, related: Mapping[str, ModelFacts]) -> Part:
        tree = Tree()
        for name in self._names("read", "filter", "write"):
            if (below := self._field(name, related)) is not None:
                tree.below[name] = below
        operations = self._operations(tree)
        if not tree.below:
            tree.below["id"] = Tree()  # of a client that only deletes, or counts
        actions = tuple(each for each in self._names("method") if each not in (*_OPERATIONS, _DESCRIBING))
        if not operations and not actions:
            raise WishError(f"nothing that the client does with {self.facts.name!r} has a place in a contract")
        filters = tuple(name for name in self._filters() if name in tree.below)
        return Part(self.facts, tree, operations, actions, filters, self.guarded.domain)

    def _operations(self, tree: Tree) -> tuple[str, ...]:
        methods = self._names("method")
        found = {_OPERATIONS[each] for each in methods if each in _OPERATIONS}
        if "id" in self._names("filter"):
            found.add("get")
        if "read_group" in methods:
            self._leave("its aggregates (`read_group`): who lists the records can sum them up")
        forced = {term[0].partition(".")[0] for term in self.guarded.domain if is_claimed(term)}
        taken = [
            name
            for name, below in tree.below.items()
            if below.taken and name not in forced and (below.below or self._is_taken(name))
        ]
        for operation in sorted(found & _NEEDS_VALUES) if not taken else ():
            found.discard(operation)
            self._leave(f"{operation!r}: none of the fields that it sets has a place")
        if "create" in found:
            for term in self.guarded.domain:
                if not is_claimed(term):
                    self._leave(f"that a new record gets {term!r}, as the guard gives it")
        return tuple(sorted(found))

    def _is_taken(self, name: str) -> bool:
        facts = self.facts.fields[name]
        return not facts.readonly and facts.type not in ("one2many", "binary")

    def _field(self, name: str, related: Mapping[str, ModelFacts]) -> Tree | None:
        facts = self.facts.fields.get(name)
        if facts is None:
            self._leave(f"the field {name!r}, which this Odoo does not have")
            return None
        if fault := field_fault(self.facts, facts):
            self._leave(fault)
            return None
        below: dict[str, Tree] = {}
        if name in self._nested():
            model = related[facts.relation]
            below = {
                each: Tree(shown=each in _names(self.uses, model.name, "read"), taken=True)
                for each in _names(self.uses, model.name, "write")
                if each in model.fields and not field_fault(model, model.fields[each])
            }
        taken = name in self._names("write")
        if taken and facts.type == "one2many" and not below:
            self._leave(f"writing {name!r}: none of the fields of its records has a place")
        # What is only written is shown neither; a list is filtered by what it shows.
        return Tree(below, shown=bool(below) or name in self._names("read", "filter"), taken=taken)

    def _filters(self) -> Iterator[str]:
        for name in self._names("filter"):
            facts = self.facts.fields.get(name)
            if facts is None or name == "id":
                continue
            if is_filterable(facts):
                yield name
            else:
                self._leave(
                    f"filtering by {name!r}, a field of the type {facts.type!r} that no list is filtered by"
                )
        for name in self._names("filter"):
            target = self.guarded.relations.get(name)
            if target is not None and (paths := _names(self.uses, target, "filter")):
                inner = ", ".join(repr(each) for each in paths)
                self._leave(f"filtering by a path through {name!r} (such as to {inner}): filter by its id")

    def _nested(self) -> list[str]:
        """Lists of records whose own fields the client writes through them."""
        return [
            name
            for name in self._names("write")
            if (facts := self.facts.fields.get(name)) is not None
            and facts.type == "one2many"
            and self.guarded.relations.get(name) == facts.relation
            and _names(self.uses, facts.relation, "write")
        ]

    def _names(self, *used: Used) -> list[str]:
        return _names(self.uses, self.facts.name, *used)

    def _leave(self, what: str) -> None:
        sentence = f"{self.facts.name}: {what}"
        if sentence not in self.left_out:
            self.left_out.append(sentence)


def _names(uses: Collection[Use], model: str, *used: Used) -> list[str]:
    found: Sequence[Use] = [each for each in uses if each.model == model and each.used in used]
    return sorted({each.name for each in found})
