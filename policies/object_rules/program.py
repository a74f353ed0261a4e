"""A rule, compiled: the text is checked for what can be known of it, and asked for its word on requests."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from cel_expr_python import cel

from policies.object_rules.cost import BUDGET, ROUNDS, CostlyError, estimate, value_of
from policies.object_rules.declared import Declared
from policies.object_rules.reads import MOST_VALUES, Taking, Unfit, most_values, reads_of
from policies.object_rules.request import BODY
from policies.object_rules.syntax import Call, Const, Entries, Node, Tree, all_of, tree_of
from policies.object_rules.types import TypedEnvironment

MOST_NODES: Final = 400
"""Nodes of a rule's syntax tree, with its macros expanded."""

NOW: Final = "now"
_PATTERN: Final = "pattern"
_OTHERS: Final = {NOW: cel.Type.TIMESTAMP}
_ERROR: Final = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_UNDEFINED: Final = re.compile(r"undefined field '([^']*)' not found in struct '([^']*)'")
_UNDECLARED: Final = re.compile(r"undeclared reference to '([A-Za-z_][A-Za-z0-9_]*)[^']*'")
_TWO_NUMBERS: Final = re.compile(r"applied to '\((?:double, int|int, double)\)'")
_CONTAINER: Final = " (in container '')"


class RuleError(Exception):
    """A rule that cannot be held; the message says why, and where in its text."""


class Rule:
    """A rule over the `values` that an operation declares. Raises RuleError for one that no gateway would run."""

    __slots__ = ("_program", "_reads", "_values", "cost", "text", "tree")

    def __init__(self, text: str, values: Mapping[str, Declared]) -> None:
        self.text = text
        self._program, self.tree = _compiled(text, tuple(values))
        self._values = values
        self._reads = reads_of(self.tree.root)
        self.cost = self._bound()
        """Units that it may cost at most."""

    def admits(self, given: Mapping[str, Any], now: float) -> bool | None:
        """Its word on a request; None where it has none: a value is not there, or not what was declared."""
        try:
            return self._word(self._taken(given, now))
        except (Unfit, RecursionError):
            return None

    def _taken(self, given: Mapping[str, Any], now: float) -> dict[str, Any]:
        taking = Taking()
        values: dict[str, Any] = {}
        for name, wanted in self._reads.members.items():
            declared = self._values.get(name)
            if declared is None:
                values[NOW] = datetime.fromtimestamp(now, UTC)
            elif name in given:
                values[name] = taking.take(given[name], declared, wanted)
        return values

    def _word(self, values: dict[str, Any]) -> bool | None:
        try:
            found = self._program.eval(data=values).value()
        except RuntimeError:  # more rounds than there may be, or no value that CEL could have
            return None
        return found if isinstance(found, bool) else None

    def _bound(self) -> int:
        for node in all_of(self.tree.root):
            if isinstance(node, Entries) and node.message:
                raise self._error(node, f"a rule makes no messages, such as {node.message}")
        for name, wanted in self._reads.members.items():
            declared = self._values.get(name)
            if declared is not None and most_values(declared, wanted) > MOST_VALUES:
                raise RuleError(
                    f"it may have to be given more than {MOST_VALUES} values of `{name}`: say in the contract how "
                    "many items its lists have (`maxItems`), or read less of it"
                )
        try:
            found = estimate(self.tree.root, {name: value_of(each) for name, each in self._values.items()})
        except CostlyError as error:
            raise self._error(error.node, str(error)) from None
        if found.rounds > ROUNDS or found.cost > BUDGET:
            raise RuleError(
                f"it may cost {found.cost} units and {found.rounds} rounds, more than {BUDGET} or {ROUNDS}: say "
                "in the contract how long its lists and strings may be (`maxItems`, `maxLength`)"
            )
        return found.cost

    def _error(self, node: Node, message: str) -> RuleError:
        return RuleError(f"{message} (at character {self.tree.positions.get(node.id, 0) + 1})")


def check_types(text: str, values: Mapping[str, Declared]) -> None:
    """Whether a rule is true or false whatever it is given. Raises RuleError for names that are not declared, for
    types that do not go together, and for a rule that says something else."""
    tree = _compiled(text, tuple(values))[1]
    named = reads_of(tree.root).members
    typed = TypedEnvironment({name: values[name] for name in values if name in named}, _OTHERS)
    try:
        kind = typed.environment.compile(text).return_type()
    except RuntimeError as error:
        raise RuleError(_message(str(error), typed.places, tuple(values))) from None
    if kind.name() != cel.Type.BOOL.name():
        raise RuleError(f"it says {kind.name().lower()}, and has to say true or false")
    for node in all_of(tree.root):
        if isinstance(node, Call) and node.function == "matches" and isinstance(node.arguments[-1], Const):
            _check_pattern(str(node.arguments[-1].value))


def _check_pattern(pattern: str) -> None:
    """The library looks at a pattern when it is used, and not before."""
    found = _environment((_PATTERN,)).compile(f"''.matches({_PATTERN})").eval(data={_PATTERN: pattern})
    if found.type() == cel.Type.ERROR:
        raise RuleError(f"{pattern!r} is no pattern (RE2): {found.value()}")


@lru_cache(4_096)
def _compiled(text: str, names: tuple[str, ...]) -> tuple[cel.Expression, Tree]:
    """Raises RuleError."""
    try:
        program = _environment(names).compile(text)
    except RuntimeError as error:
        raise RuleError(_message(str(error), {}, names)) from None
    try:
        tree = tree_of(program.serialize())
    except RecursionError:
        raise RuleError("it is nested too deeply") from None
    if sum(1 for _ in all_of(tree.root)) > MOST_NODES:
        raise RuleError(f"it has more than {MOST_NODES} parts")
    return program, tree


@lru_cache(16)
def _environment(names: tuple[str, ...]) -> cel.Env:
    return cel.NewEnv(variables={**dict.fromkeys(names, cel.Type.DYN), **_OTHERS})


def _message(said: str, places: Mapping[str, str], names: tuple[str, ...]) -> str:
    """The first of what the library says, in the words of contracts."""
    match = _ERROR.search(said)
    if match is None:
        return said.partition("\n")[0]
    line, column, text = match.groups()
    text = text.removesuffix(_CONTAINER)
    undefined = _UNDEFINED.fullmatch(text)
    if undefined is not None:
        text = f"the contract declares no `{undefined[1]}` in `{places.get(undefined[2], undefined[2])}`"
    undeclared = _UNDECLARED.fullmatch(text)
    if undeclared is not None and undeclared[1] not in names:
        known = (
            "the contract has no JSON here" if undeclared[1] == BODY else f"there are {', '.join(names)}, {NOW}"
        )
        text = f"there is no `{undeclared[1]}`: {known}"
    if _TWO_NUMBERS.search(text) is not None:
        text += ": a number of JSON is a double, as `100.0` is"
    for message, place in places.items():
        text = text.replace(message, place)
    where = f"line {line}, character {column}" if line != "1" else f"character {column}"
    return f"{text} (at {where})"
