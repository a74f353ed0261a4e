"""What a rule may cost at most, worked out before any request: CEL ends always, but not always soon.

As Kubernetes does it for its validation rules: the syntax tree is gone through with the most items and characters
that each value may have, and each loop counts as often as its list is long. A unit is about a nanosecond of the
library on a machine of 2024; what it was measured by is said at each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from policies.object_rules.declared import ANY, MOST_CHARACTERS, MOST_ITEMS, Declared
from policies.object_rules.reads import MOST_VALUES
from policies.object_rules.syntax import Call, Const, Entries, Ident, Items, Loop, Node, Select, parts_of

BUDGET: Final = 5_000_000
"""The most that all rules of an operation may cost: 5 ms, in which nobody else is served."""
ROUNDS: Final = MOST_VALUES
"""Rounds of all loops of a rule; the library breaks off after as many."""

_NODE: Final = 50
_ITEM: Final = 20  # to compare an item, or to copy it, which `map` and `filter` do with all of them in each round
_PATTERN: Final = 5_000  # a pattern is compiled again each time
_MATCHED: Final = 10  # a character against a pattern, in the linear-time engine
_SEARCHED: Final = 100  # `contains` compares as many characters in a unit, and each with each at worst


@dataclass(frozen=True, slots=True)
class Estimate:
    """`size`: items or characters of the value at most; `rounds` of loops on the way to it."""

    cost: int
    rounds: int = 0
    size: int = 0
    declared: Declared | None = None

    @property
    def items(self) -> int:
        """Its size as a list or a map."""
        kind = None if self.declared is None else self.declared.kind
        return min(self.size, MOST_ITEMS) if kind in ("any", "map") else self.size


class CostlyError(Exception):
    """Something that no bound can be given for; `node` is where."""

    def __init__(self, node: Node, message: str) -> None:
        super().__init__(message)
        self.node = node


def estimate(node: Node, scope: Mapping[str, Estimate]) -> Estimate:
    """What a node costs; `scope` has the values that it may name. Raises CostlyError."""
    match node:
        case Const(value=str() | bytes() as value):
            return Estimate(_NODE, size=len(value))
        case Ident(name=name):
            return scope.get(name, Estimate(_NODE))
        case Select(operand=operand, field=field):
            below = estimate(operand, scope)
            return _value(_member(below.declared, field), below.cost + _NODE, below.rounds)
        case Call():
            return _call(node, scope)
        case Loop():
            return _loop(node, scope)
        case Items() | Entries():
            parts = [estimate(each, scope) for each in parts_of(node)]
            return Estimate(_NODE + _cost(parts), _rounds(parts), len(parts))
        case _:
            return Estimate(_NODE)


def value_of(declared: Declared) -> Estimate:
    """One of the values that a rule starts from."""
    return _value(declared, _NODE, 0)


def _value(declared: Declared | None, cost: int, rounds: int) -> Estimate:
    declared = declared or ANY
    return Estimate(cost, rounds, MOST_CHARACTERS if declared.kind in ("any", "map") else declared.most, declared)


def _member(declared: Declared | None, name: str) -> Declared | None:
    return None if declared is None else declared.members.get(name)


def _compared(parts: list[Estimate]) -> int:
    """To compare two values, as texts or item by item."""
    lists = all(each.declared is None or each.declared.kind in ("any", "map", "list") for each in parts)
    return min(each.size for each in parts) // _SEARCHED + lists * min(each.items for each in parts) * _ITEM


def _cost(parts: list[Estimate]) -> int:
    return sum(each.cost for each in parts)


def _rounds(parts: list[Estimate]) -> int:
    return sum(each.rounds for each in parts)


def _call(node: Call, scope: Mapping[str, Estimate]) -> Estimate:
    parts = [estimate(each, scope) for each in parts_of(node)]
    cost, rounds = _NODE + _cost(parts), _rounds(parts)
    sizes = [each.size for each in parts]
    match node.function:
        case "_&&_" | "_||_" | "!_" | "@not_strictly_false" | "size":
            return Estimate(cost + sum(sizes) * (node.function == "size"), rounds)
        case "_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_" | "startsWith" | "endsWith":
            return Estimate(cost + _compared(parts), rounds)
        case "_?_:_":
            longest = max(parts[1:], key=lambda each: each.size)
            return Estimate(cost, rounds, longest.size, longest.declared)
        case "_[_]":
            return _value(None if parts[0].declared is None else parts[0].declared.of, cost, rounds)
        case "@in":
            return Estimate(cost + parts[1].items * (_ITEM + min(sizes[0], MOST_CHARACTERS) // _SEARCHED), rounds)
        case "_+_":
            return Estimate(cost + sum(sizes) * _ITEM, rounds, sum(sizes))
        case "matches":
            if not isinstance(node.arguments[-1], Const):
                raise CostlyError(node, "a pattern stands in the rule; one that comes with a request may be any")
            return Estimate(cost + _PATTERN + sizes[0] * _MATCHED, rounds)
        case "contains":
            return Estimate(cost + sizes[0] * (1 + sizes[1] // _SEARCHED), rounds)
        case _:
            return Estimate(cost + sum(sizes), rounds, max(sizes, default=0))


def _loop(node: Loop, scope: Mapping[str, Estimate]) -> Estimate:
    over = estimate(node.range, scope)
    times = over.items
    item = None if over.declared is None else over.declared.of
    initial = estimate(node.initial, scope)
    # What a loop gathers is at its end as long as what it goes over: `map` and `filter` make lists.
    gathered = Estimate(_NODE, size=times if isinstance(node.initial, Items) else 0)
    inner = {**scope, node.variable: _value(item, _NODE, 0), node.accumulator: gathered}
    each = [estimate(part, inner) for part in (node.condition, node.step)]
    result = estimate(node.result, {**scope, node.accumulator: gathered})
    return Estimate(
        over.cost + initial.cost + times * _cost(each) + result.cost,
        over.rounds + times * (1 + _rounds(each)),
        result.size,
    )
