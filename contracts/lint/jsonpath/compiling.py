"""Turns the script of a filter into a function, and finds out which values it can never hold for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from contracts.lint.jsonpath import foresight, values
from contracts.lint.jsonpath.ast import (
    Binary,
    Call,
    Choice,
    Constant,
    Filter,
    ListOf,
    Member,
    Query,
    Regex,
    Script,
    Special,
    Type,
    Unary,
)
from contracts.lint.jsonpath.calls import call_function, call_method
from contracts.lint.jsonpath.values import UNDEFINED, truthy

Key = str | int
Follow = Callable[[Any], Any]
"""What a `$ref` stands for, where the document is seen with its references resolved; else the value itself."""
Evaluate = Callable[["Scope"], Any]


@dataclass(slots=True)
class Scope:
    """What a script sees of one value. `key` is where it stands, and `path` leads to it from the root.

    `above` is what `@parent` means to Spectral: not the object that holds the value, but the one above that
    (undefined where there is none). Rulesets were written against that.
    """

    root: Any
    follow: Follow
    value: Any = None
    key: Key = ""
    above: Any = UNDEFINED
    path: list[Key] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Test:
    """A compiled filter. `guards`: the value is an object with one of these members, or the filter is false;
    `words`: the member that is its only guard is one of these texts, or holds one. `keys`: it is false under every
    other key. None where nothing is known. `local`: it looks at the value and its key, and not further up."""

    holds: Callable[[Scope], bool]
    guards: frozenset[str] | None
    words: frozenset[str] | None
    keys: frozenset[Key] | None
    local: bool


def compile_filter(filter_: Filter) -> Test:
    """A test that is false for whatever the script fails on, such as a member of nothing."""
    evaluate = _compile(filter_.script, strict=filter_.strict)
    exists = filter_.strict and isinstance(filter_.script, Member | Query | Special)

    def holds(scope: Scope) -> bool:
        result = evaluate(scope)
        return result is not UNDEFINED if exists else truthy(result)

    guards = None if filter_.strict else foresight.guards(filter_.script)
    keys = None if filter_.strict else foresight.keys(filter_.script)
    specials = {part.name for part in foresight.parts(filter_.script) if isinstance(part, Special)}
    local = not specials & {"path", "parent", "parentProperty"}
    words = None if guards is None or len(guards) > 1 else foresight.words(filter_.script, next(iter(guards)))
    return Test(holds, guards, words, keys, local)


def _compile(script: Script, *, strict: bool) -> Evaluate:
    match script:
        case Constant(value):
            return lambda _: value
        case Regex() as regex:
            return lambda _: regex
        case ListOf(items):
            compiled = tuple(_compile(item, strict=strict) for item in items)
            return lambda scope: [item(scope) for item in compiled]
        case Special(name):
            return _SPECIALS[name]
        case Type(name):
            test = _TYPES[name]
            return lambda scope: test(scope.value)
        case Member(of, Constant(value)):
            return _constant_member(_compile(of, strict=strict), value)
        case Member(of, key):
            return _computed_member(_compile(of, strict=strict), _compile(key, strict=strict))
        case Query():
            return _query(script, strict=strict)
        case Unary(operator, operand):
            return _unary(operator, _compile(operand, strict=strict), operand, strict=strict)
        case Binary(operator, left, right):
            return _binary(operator, script, _compile(left, strict=strict), _compile(right, strict=strict), strict)
        case Choice(test_script, yes, no):
            test_, yes_, no_ = (_compile(each, strict=strict) for each in (test_script, yes, no))
            return lambda scope: (yes_ if truthy(test_(scope)) else no_)(scope)
        case Call(None, name, arguments):
            compiled = tuple(_compile(each, strict=strict) for each in arguments)
            many = name == "count" and bool(arguments) and isinstance(arguments[0], Query)
            if many:
                listed = _query_all(arguments[0])
                return lambda scope: len(listed(scope))
            return lambda scope: call_function(name, [each(scope) for each in compiled])
        case Call(of, name, arguments):
            assert of is not None
            target = _compile(of, strict=strict)
            compiled = tuple(_compile(each, strict=strict) for each in arguments)
            return lambda scope: call_method(target(scope), name, [each(scope) for each in compiled])


def member(of: Any, key: Any, follow: Follow) -> Any:
    """`of[key]`, as JavaScript has it for JSON; undefined where it would fail or be missing."""
    if isinstance(of, dict):
        name = key if isinstance(key, str) else values.text_of(key)
        if name in of:
            return follow(of[name])
        return _CONSTRUCTORS["dict"] if name == "constructor" else UNDEFINED
    if key == "length" and isinstance(of, str | list):
        return len(of)
    if key == "constructor":
        return _CONSTRUCTORS.get(type(of).__name__, UNDEFINED)
    if isinstance(of, list):
        index = int(key) if isinstance(key, str) and key.isdecimal() and len(key) < 10 else key
        if isinstance(index, int) and not isinstance(index, bool) and 0 <= index < len(of):
            return follow(of[index])
    elif isinstance(of, str) and isinstance(key, int) and 0 <= key < len(of):
        return of[key]
    return UNDEFINED


_CONSTRUCTORS: Final[dict[str, dict[str, str]]] = {
    python: {"name": name}
    for python, name in (
        ("dict", "Object"),
        ("list", "Array"),
        ("str", "String"),
        ("int", "Number"),
        ("float", "Number"),
        ("bool", "Boolean"),
    )
}


def _constant_member(of: Evaluate, key: object) -> Evaluate:
    if isinstance(key, str) and key not in ("length", "constructor"):

        def named(scope: Scope) -> Any:
            target = of(scope)
            if isinstance(target, dict):
                return scope.follow(target[key]) if key in target else UNDEFINED
            return member(target, key, scope.follow)

        return named
    return lambda scope: member(of(scope), key, scope.follow)


def _computed_member(of: Evaluate, key: Evaluate) -> Evaluate:
    return lambda scope: member(of(scope), key(scope), scope.follow)


def _query_all(query: Script) -> Callable[[Scope], list[Any]]:
    # A query may hold a filter, and a filter a query.
    from contracts.lint.jsonpath.selecting import Selection

    assert isinstance(query, Query)
    of = _compile(query.of, strict=True)
    path = query.path

    def every(scope: Scope) -> list[Any]:
        return [found.value for found in Selection(scope.root, scope.follow).select(path, of(scope))]

    return every


def _query(query: Query, *, strict: bool) -> Evaluate:
    every = _query_all(query)

    def first(scope: Scope) -> Any:
        found = every(scope)
        # A JSONPath-Plus script would see the first; to RFC 9535 what counts is that there is one.
        return found[0] if found else UNDEFINED

    return first


def _parent_property(scope: Scope) -> Any:
    return scope.path[-2] if len(scope.path) > 1 else UNDEFINED


def _path(scope: Scope) -> str:
    return "$" + "".join(f"[{key}]" if isinstance(key, int) else f"['{key}']" for key in scope.path)


_SPECIALS: Final[dict[str, Evaluate]] = {
    "": lambda scope: scope.value,
    "root": lambda scope: scope.root,
    "property": lambda scope: scope.key,
    "parent": lambda scope: scope.above,
    "parentProperty": _parent_property,
    "path": _path,
}

_TYPES: Final[dict[str, Callable[[Any], bool]]] = {
    "string": lambda value: isinstance(value, str),
    "number": values.is_number,
    "boolean": lambda value: isinstance(value, bool),
    "scalar": lambda value: not isinstance(value, dict | list),
    "array": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
    # To JavaScript an array is an object too.
    "object": lambda value: isinstance(value, dict | list),
    "integer": lambda value: values.is_number(value) and float(value).is_integer(),
}


def _unary(operator: str, operand: Evaluate, script: Script, *, strict: bool) -> Evaluate:
    if operator == "!":
        if strict and isinstance(script, Member | Query | Special):
            return lambda scope: operand(scope) is UNDEFINED
        return lambda scope: not truthy(operand(scope))
    if operator == "-":
        return lambda scope: -values.number_of(operand(scope))
    if operator == "+":
        return lambda scope: values.number_of(operand(scope))
    if operator == "typeof":
        return lambda scope: values.type_name(operand(scope))
    return lambda _: UNDEFINED


def _is_query(script: Script) -> bool:
    return isinstance(script, Member | Query | Special)


def _binary(operator: str, script: Binary, left: Evaluate, right: Evaluate, strict: bool) -> Evaluate:
    if operator in ("&&", "||") and strict:
        # RFC 9535 §2.3.5.1: what is no comparison asks whether something is there.
        one, other = _existence(script.left, left), _existence(script.right, right)
        if operator == "&&":
            return lambda scope: one(scope) and other(scope)
        return lambda scope: one(scope) or other(scope)
    match operator:
        case "&&":
            return lambda scope: right(scope) if truthy(value := left(scope)) else value
        case "||":
            return lambda scope: value if truthy(value := left(scope)) else right(scope)
        case "??":
            return lambda scope: right(scope) if (value := left(scope)) in (None, UNDEFINED) else value
        case "in":
            return lambda scope: _within(left(scope), right(scope))
        case "+":
            return lambda scope: _sum(left(scope), right(scope))
        case _:
            compare = (_STRICT if strict else _LOOSE).get(operator) or _ARITHMETIC[operator]
            return lambda scope: compare(left(scope), right(scope))


def _existence(script: Script, evaluate: Evaluate) -> Callable[[Scope], bool]:
    if _is_query(script):
        return lambda scope: evaluate(scope) is not UNDEFINED
    return lambda scope: truthy(evaluate(scope))


def _within(left: Any, right: Any) -> bool:
    """nimma's `in`: whether a list or text holds the left side; of an object, whether it has that member."""
    if isinstance(right, list):
        return any(values.same(left, item) for item in right)
    if isinstance(right, str):
        return values.text_of(left) in right
    return isinstance(right, dict) and values.text_of(left) in right


def _sum(left: Any, right: Any) -> Any:
    if isinstance(left, str | list | dict) or isinstance(right, str | list | dict):
        return values.text_of(left) + values.text_of(right)
    return values.number_of(left) + values.number_of(right)


def _quotient(left: Any, right: Any) -> float:
    divisor = values.number_of(right)
    return values.number_of(left) / divisor if divisor else float("nan")


def _remainder(left: Any, right: Any) -> float:
    divisor = values.number_of(right)
    return values.number_of(left) % divisor if divisor else float("nan")


def _comparable(left: Any, right: Any) -> bool:
    return (isinstance(left, str) and isinstance(right, str)) or (
        values.is_number(left) and values.is_number(right)
    )


Compare = Callable[[Any, Any], Any]
_ARITHMETIC: Final[dict[str, Compare]] = {
    "-": lambda left, right: values.number_of(left) - values.number_of(right),
    "*": lambda left, right: values.number_of(left) * values.number_of(right),
    "/": _quotient,
    "%": _remainder,
}
_LOOSE: Final[dict[str, Compare]] = {
    "===": values.same,
    "!==": lambda left, right: not values.same(left, right),
    "==": values.alike,
    "!=": lambda left, right: not values.alike(left, right),
    "<": values.less,
    ">": lambda left, right: values.less(right, left),
    "<=": lambda left, right: values.less(left, right) or values.alike(left, right),
    ">=": lambda left, right: values.less(right, left) or values.alike(left, right),
}
# RFC 9535 §2.3.5.2.2: by value, and order only among numbers or among strings.
_STRICT: Final[dict[str, Compare]] = {
    "===": values.equal,
    "!==": lambda left, right: not values.equal(left, right),
    "==": values.equal,
    "!=": lambda left, right: not values.equal(left, right),
    "<": lambda left, right: _comparable(left, right) and left < right,
    ">": lambda left, right: _comparable(left, right) and left > right,
    "<=": lambda left, right: values.equal(left, right) or (_comparable(left, right) and left < right),
    ">=": lambda left, right: values.equal(left, right) or (_comparable(left, right) and left > right),
}
