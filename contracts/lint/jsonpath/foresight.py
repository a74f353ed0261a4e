"""What a script needs to be true, read from the script alone, so that most values need not be tried on it."""

from collections.abc import Iterator

from contracts.lint.jsonpath.ast import (
    Binary,
    Call,
    Choice,
    Constant,
    ListOf,
    Member,
    Query,
    Regex,
    Script,
    Special,
    Unary,
)
from contracts.lint.jsonpath.values import UNDEFINED


def parts(script: Script) -> Iterator[Script]:
    """The script and everything in it."""
    yield script
    match script:
        case Member(of, key):
            inner: tuple[Script, ...] = (of, key)
        case Query(of, _):
            inner = (of,)
        case Call(of_or_none, _, arguments):
            inner = arguments if of_or_none is None else (of_or_none, *arguments)
        case Unary(_, operand):
            inner = (operand,)
        case Binary(_, left, right):
            inner = (left, right)
        case Choice(test, yes, no):
            inner = (test, yes, no)
        case ListOf(items):
            inner = items
        case _:
            inner = ()
    for each in inner:
        yield from parts(each)


def guards(script: Script) -> frozenset[str] | None:
    """Members of which one must be there for the script to be true."""
    match script:
        case Member(Special(""), Constant(str() as name)) if name not in ("length", "constructor"):
            return frozenset((name,))
        case Member(of, _):
            return guards(of) if isinstance(of, Member) else None
        case Call(Member() as of, _, _):
            return guards(of)
        case Call(Regex(), "test", (argument,)):
            return guards(argument)
        case Binary("&&", left, right):
            return guards(left) or guards(right)
        case Binary("||", left, right):
            one, other = guards(left), guards(right)
            return one | other if one and other else None
        case Binary("===" | "==", left, Constant(value)) if value is not UNDEFINED and value is not None:
            return guards(left)
        case Binary("!==" | "!=", left, Constant(value)) if value is UNDEFINED:
            return guards(left)
        case Binary("!==" | "!=", left, Unary("void")):
            return guards(left)
        case _:
            return None


def words(script: Script, guard: str) -> frozenset[str] | None:
    """Texts of which the member `guard` must be or hold one for the script to be true."""
    match script:
        case Binary("===" | "==", Member(Special(""), Constant(name)), Constant(str() as word)) if name == guard:
            return frozenset((word,))
        case Call(Member(Special(""), Constant(name)), "includes", (Constant(str() as word),)) if name == guard:
            return frozenset((word,))
        case Binary("&&", left, right):
            return words(left, guard) or words(right, guard)
        case Binary("||", left, right):
            one, other = words(left, guard), words(right, guard)
            return one | other if one and other else None
        case _:
            return None


def keys(script: Script) -> frozenset[str] | None:
    """Keys outside of which the script is false."""
    match script:
        case Binary("===" | "==", Special("property"), Constant(str() as name)):
            return frozenset((name,))
        case Binary("in", Special("property"), ListOf(items)):
            names = [item.value for item in items if isinstance(item, Constant)]
            if len(names) == len(items) and all(isinstance(name, str) for name in names):
                return frozenset(str(name) for name in names)
            return None
        case Binary("&&", left, right):
            one, other = keys(left), keys(right)
            if one is None or other is None:
                return one if other is None else other
            return one & other
        case Binary("||", left, right):
            one, other = keys(left), keys(right)
            return one | other if one is not None and other is not None else None
        case _:
            return None
