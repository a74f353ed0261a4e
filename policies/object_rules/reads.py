"""What a rule reads of a request: known before any comes, so that nothing else is handed to it.

The names that a rule starts from (`claims`, `body` and so on) and the members that it selects below them are found
in its syntax tree. Where it says no name (`claims[path.kind]`), or takes a value as a whole, the whole is read.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from policies.object_rules.declared import MOST_CHARACTERS, MOST_ITEMS, Declared
from policies.object_rules.syntax import Call, Const, Ident, Loop, Node, Select, parts_of

ITEM: Final = "[]"
"""In place of a member's name: any item of a list."""

MOST_VALUES: Final = 10_000
"""Values that are handed to a rule at once: as many as the library goes through in one evaluation."""

Path: TypeAlias = tuple[str, ...]
Scope: TypeAlias = Mapping[str, Path | None]


class Wanted:
    """What is read of a value: all of it, or some `members`; with neither, only whether it is there."""

    __slots__ = ("members", "whole")

    def __init__(self) -> None:
        self.whole = False
        self.members: dict[str, Wanted] = {}

    def at(self, path: Path) -> "Wanted":
        """What is read at a place below; it is there from now on."""
        wanted = self
        for name in path:
            wanted = wanted.members.setdefault(name, Wanted())
        return wanted


class Unfit(Exception):
    """A value that is not what was declared, or more than a rule may be given."""


def reads_of(tree: Node) -> Wanted:
    """What a rule reads; the first members are the names that it starts from."""
    wanted = Wanted()
    _walk(tree, {}, wanted)
    return wanted


def path_of(node: Node, scope: Scope) -> Path | None:
    """Where a node's value stands in the request; None for one that the rule works out."""
    match node:
        case Ident(name=name):
            return scope.get(name, (name,))
        case Select(operand=operand, field=field, tested=False):
            below = path_of(operand, scope)
            return None if below is None else (*below, field)
        case Call(function="_[_]", arguments=(operand, Const(value=str(name)))):
            below = path_of(operand, scope)
            return None if below is None else (*below, name)
        case Call(function="_[_]", arguments=(operand, Const(value=int()))):
            below = path_of(operand, scope)
            return None if below is None else (*below, ITEM)
        case _:
            return None


def _walk(node: Node, scope: Scope, wanted: Wanted) -> None:
    path = path_of(node, scope)
    if path is not None:
        wanted.at(path).whole = True
    elif isinstance(node, Select) and node.tested:
        below = path_of(node.operand, scope)
        if below is None:
            _walk(node.operand, scope, wanted)
        else:
            wanted.at((*below, node.field))
    elif isinstance(node, Call) and node.function == "size":
        (operand,) = parts_of(node)
        below = path_of(operand, scope)
        if below is None:
            _walk(operand, scope, wanted)
        else:
            wanted.at((*below, ITEM))
    elif isinstance(node, Loop):
        below = path_of(node.range, scope)
        if below is None:
            _walk(node.range, scope, wanted)
        else:
            wanted.at((*below, ITEM))
        _walk(node.initial, scope, wanted)
        inner = {**scope, node.variable: None if below is None else (*below, ITEM), node.accumulator: None}
        for each in (node.condition, node.step):
            _walk(each, inner, wanted)
        _walk(node.result, {**scope, node.accumulator: None}, wanted)
    else:
        for each in parts_of(node):
            _walk(each, scope, wanted)


def most_values(declared: Declared, wanted: Wanted, above: frozenset[int] = frozenset()) -> int:
    """How many values are handed to the rule at most, as far as the contract bounds it."""
    if declared.kind == "list" and declared.of is not None:
        inner = wanted if wanted.whole else wanted.members.get(ITEM, _NOTHING)
        return 1 + declared.most * most_values(declared.of, inner, above)
    if declared.kind == "record":
        if wanted.whole:
            if id(declared) in above:  # a value may contain its like, as deep as a text may be nested
                return MOST_VALUES + 1
            above |= {id(declared)}
        members = _wanted_of(declared, wanted).items()
        return 1 + sum(most_values(declared.members[name], inner, above) for name, inner in members)
    return 1


_NOTHING: Final = Wanted()


def _wanted_of(declared: Declared, wanted: Wanted) -> Mapping[str, Wanted]:
    if wanted.whole:
        return dict.fromkeys(declared.members, wanted)
    return {name: inner for name, inner in wanted.members.items() if name in declared.members}


class Taking:
    """Takes values over from one request: only what is wanted, and as it was declared."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def take(self, value: Any, declared: Declared, wanted: Wanted) -> Any:
        """Raises Unfit."""
        self._count(1)
        kind = declared.kind
        if value is None and declared.nullable:
            return None
        if kind == "string":
            if not isinstance(value, str) or len(value) > declared.most:
                raise Unfit
        elif kind == "integer":
            return _integer(value)
        elif kind == "number":
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise Unfit
            return float(value)  # a rule that is checked with doubles is given doubles
        elif kind == "boolean":
            if not isinstance(value, bool):
                raise Unfit
        elif kind == "record":
            return self._record(value, declared, wanted)
        elif kind == "list":
            return self._list(value, declared, wanted)
        elif kind == "map" and not isinstance(value, dict):
            raise Unfit
        else:
            return self._free(value)
        return value

    def _record(self, value: Any, declared: Declared, wanted: Wanted) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Unfit
        taken: dict[str, Any] = {}
        for name, inner in _wanted_of(declared, wanted).items():
            written = declared.names[name]
            if written in value:
                taken[name] = self.take(value[written], declared.members[name], inner)
        return taken

    def _list(self, value: Any, declared: Declared, wanted: Wanted) -> list[Any]:
        of = declared.of
        if not isinstance(value, list | tuple) or len(value) > declared.most or of is None:
            raise Unfit
        inner = wanted if wanted.whole else wanted.members.get(ITEM, _NOTHING)
        return [self.take(each, of, inner) for each in value]

    def _free(self, value: Any) -> Any:
        """A value of which nothing is declared: it is as it came, within the bounds of what has none."""
        if isinstance(value, dict):
            self._count(len(value))
            return {str(name): self._free(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            if len(value) > MOST_ITEMS:
                raise Unfit
            self._count(len(value))
            return [self._free(each) for each in value]
        if isinstance(value, str) and len(value) > MOST_CHARACTERS:
            raise Unfit
        return value

    def _count(self, values: int) -> None:
        self._left -= values
        if self._left < 0:
            raise Unfit


def _integer(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():  # to JSON Schema, 1.0 is an integer
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -(1 << 63) <= value < 1 << 63:
        raise Unfit
    return value
