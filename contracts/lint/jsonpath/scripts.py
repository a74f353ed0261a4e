"""Reads the script of a filter: the part of JavaScript's expressions that rulesets use, and RFC 9535's."""

from typing import Final

from contracts.lint.jsonpath.ast import (
    Binary,
    Call,
    Choice,
    Constant,
    Index,
    ListOf,
    Member,
    Name,
    Path,
    PathSyntaxError,
    Query,
    Regex,
    Script,
    Special,
    Step,
    Type,
    Unary,
)
from contracts.lint.jsonpath.reader import Reader, is_identifier
from contracts.lint.jsonpath.values import UNDEFINED
from contracts.lint.patterns import BadPattern, matcher

TYPES: Final = frozenset(("string", "number", "boolean", "scalar", "array", "null", "object", "integer"))
SPECIALS: Final = frozenset(("", "root", "path", "property", "parent", "parentProperty"))
FUNCTIONS: Final = {"length": 1, "count": 1, "match": 2, "search": 2, "value": 1}
"""RFC 9535 §2.4, with their number of arguments."""
METHODS: Final = {
    **dict.fromkeys(("match", "test", "includes", "startsWith", "endsWith", "indexOf"), (1, 1)),
    **dict.fromkeys(("toLowerCase", "toUpperCase", "trim", "toString"), (0, 0)),
    **dict.fromkeys(("charAt", "hasOwnProperty", "split", "search"), (1, 1)),
    **dict.fromkeys(("slice", "substring", "substr"), (1, 2)),
    "join": (0, 1),
}
"""JavaScript's methods that a script may call, with the least and most of their arguments."""
GLOBALS: Final = {("Array", "isArray"), ("Object", "keys"), ("Object", "values"), ("Number", "isInteger")}

_CONSTANTS: Final = {"true": True, "false": False, "null": None, "undefined": UNDEFINED}
_LEVELS: Final[tuple[tuple[str, ...], ...]] = (
    ("||", "??"),
    ("&&",),
    ("===", "!==", "==", "!=", "=~", "~="),
    ("<=", ">=", "<", ">", "in"),
    ("+", "-"),
    ("*", "/", "%"),
)


def parse_script(reader: Reader) -> Script:
    """The expression that stands here. Raises PathSyntaxError."""
    reader.enter()
    try:
        test = _binary(reader, 0)
        reader.space()
        if reader.peek() != "?" or reader.peek(1) in (".", "?"):
            return test
        reader.expect("?")
        yes = parse_script(reader)
        reader.space()
        reader.expect(":")
        return Choice(test, yes, parse_script(reader))
    finally:
        reader.leave()


def _binary(reader: Reader, level: int) -> Script:
    if level == len(_LEVELS):
        return _unary(reader)
    left = _binary(reader, level + 1)
    while operator := _operator(reader, level):
        right = _binary(reader, level + 1)
        if operator in ("=~", "~="):
            left = Call(_as_regex(right, reader), "test", (left,))
        else:
            left = Binary(operator, left, right)
    return left


def _operator(reader: Reader, level: int) -> str:
    reader.space()
    for operator in _LEVELS[level]:
        if not reader.starts(operator):
            continue
        after = reader.peek(len(operator))
        if operator == "in" and after and is_identifier(after):
            continue
        reader.position += len(operator)
        return operator
    return ""


def _as_regex(script: Script, reader: Reader) -> Regex:
    if isinstance(script, Regex):
        return script
    if isinstance(script, Constant) and isinstance(script.value, str):
        return _checked(Regex(script.value, ""), reader)
    raise reader.fault("expected a regular expression")


def _unary(reader: Reader) -> Script:
    reader.space()
    for operator in ("!", "-", "+"):
        if reader.starts(operator) and not (operator == "!" and reader.peek(1) == "="):
            reader.position += 1
            return _nested_unary(reader, operator)
    for word in ("typeof", "void"):
        if reader.starts(word) and not is_identifier(reader.peek(len(word)) or " "):
            reader.position += len(word)
            return _nested_unary(reader, word)
    return _postfix(reader)


def _nested_unary(reader: Reader, operator: str) -> Script:
    reader.enter()
    try:
        return Unary(operator, _unary(reader))
    finally:
        reader.leave()


def _postfix(reader: Reader) -> Script:
    script = _primary(reader)
    while True:
        reader.space()
        if isinstance(script, Special | Member | Query) and (query := _query(reader, script)) is not None:
            script = query
        elif reader.take("?."):
            script = _member(reader, script)
        elif reader.peek() == "." and reader.peek(1) != ".":
            reader.position += 1
            script = _member(reader, script)
        elif reader.take("["):
            key = parse_script(reader)
            reader.space()
            reader.expect("]")
            script = Member(script, key)
        else:
            return script


def _query(reader: Reader, of: Script) -> Script | None:
    """What only a path can say after a value: `..`, a wildcard, a slice, a list of names or a nested filter."""
    from contracts.lint.jsonpath.parser import parse_segments

    rest = reader.text[reader.position : reader.position + 64].replace(" ", "")
    inside = rest[1:].partition("]")[0]
    if not (
        rest.startswith(("..", ".*", "[*", "[?"))
        or (rest.startswith("[") and ":" in inside and not inside.startswith(("'", '"')))
    ):
        return None
    path: Path = parse_segments(reader)
    if any(not isinstance(segment, Step) for segment in path):
        raise reader.fault("expected a query without `^` and `~`")
    return Query(of, path)


def _member(reader: Reader, of: Script) -> Script:
    reader.space()
    name = reader.identifier()
    if not name:
        raise reader.fault("expected a name")
    reader.space()
    if reader.peek() != "(":
        return Member(of, Constant(name))
    start = reader.position
    arguments = _arguments(reader)
    if isinstance(of, Special) and (of.name, name) in GLOBALS:
        return Call(None, f"{of.name}.{name}", arguments)
    least, most = METHODS.get(name, (0, -1))
    if most < 0:
        raise PathSyntaxError(f"a script cannot call `.{name}()`; known: {', '.join(sorted(METHODS))}", start)
    if not least <= len(arguments) <= most:
        raise PathSyntaxError(f"`.{name}()` does not take {len(arguments)} arguments", start)
    return Call(of, name, arguments)


def _arguments(reader: Reader) -> tuple[Script, ...]:
    reader.expect("(")
    return _listed(reader, ")")


def _listed(reader: Reader, end: str) -> tuple[Script, ...]:
    items: list[Script] = []
    reader.space()
    while not reader.take(end):
        if items:
            reader.expect(",")
        items.append(parse_script(reader))
        reader.space()
    return tuple(items)


def _primary(reader: Reader) -> Script:
    reader.space()
    character = reader.peek()
    if character in ("'", '"'):
        return Constant(reader.string())
    if character == "/":
        return _regex(reader)
    if character and character in "0123456789.":
        return _number(reader)
    if reader.take("("):
        script = parse_script(reader)
        reader.space()
        reader.expect(")")
        return script
    if reader.take("["):
        return ListOf(_listed(reader, "]"))
    if reader.take("@"):
        return _special(reader)
    if character == "$" and not is_identifier(reader.peek(1) or " "):
        reader.position += 1
        return Special("root")
    return _word(reader)


def _special(reader: Reader) -> Script:
    start = reader.position
    name = reader.identifier()
    if name in TYPES:
        reader.space()
        reader.expect("(")
        reader.space()
        reader.expect(")")
        return Type(name)
    if name not in SPECIALS:
        raise PathSyntaxError(f"there is no `@{name}`", start)
    return Special(name)


def _word(reader: Reader) -> Script:
    start = reader.position
    word = reader.identifier()
    if word in _CONSTANTS:
        return Constant(_CONSTANTS[word])
    if word == "index":
        return Special("property")
    if word in ("Array", "Object", "Number"):
        reader.space()
        reader.expect(".")
        script = _member(reader, Special(word))
        if isinstance(script, Call):
            return script
        raise PathSyntaxError(f"a script knows of `{word}` only its functions", start)
    if word in FUNCTIONS:
        reader.space()
        arguments = _arguments(reader)
        if len(arguments) != FUNCTIONS[word]:
            raise PathSyntaxError(f"`{word}()` takes {FUNCTIONS[word]} arguments (RFC 9535 §2.4)", start)
        return Call(None, word, arguments)
    if not word:
        raise reader.fault("expected a value")
    raise PathSyntaxError(f"`{word}` is not defined", start)


def _number(reader: Reader) -> Script:
    start = reader.position
    text = reader.text
    end = start
    while end < len(text) and text[end] in "0123456789.eE":
        end += 1
    try:
        value = float(text[start:end])
    except ValueError:
        raise PathSyntaxError("this is no number", start) from None
    reader.position = end
    return Constant(int(value) if value.is_integer() else value)


def _regex(reader: Reader) -> Script:
    start = reader.position
    reader.position += 1
    in_class = False
    while not reader.at_end:
        character = reader.peek()
        if character == "\\":
            reader.position += 1
        elif character == "[":
            in_class = True
        elif character == "]":
            in_class = False
        elif character == "/" and not in_class:
            pattern = reader.text[start + 1 : reader.position]
            reader.position += 1
            return _checked(Regex(pattern, reader.identifier()), reader)
        reader.position += 1
    raise PathSyntaxError("the regular expression has no end; expected `/`", start)


def _checked(regex: Regex, reader: Reader) -> Regex:
    try:
        matcher(regex.pattern, regex.flags)
    except BadPattern as error:
        raise PathSyntaxError(str(error), reader.position) from None
    return regex


def singular(script: Script) -> bool:
    """Whether a query names at most one value (RFC 9535 §2.3.5.1)."""
    if isinstance(script, Query):
        return all(
            isinstance(segment, Step)
            and not segment.deep
            and len(segment.selectors) == 1
            and isinstance(segment.selectors[0], Name | Index)
            for segment in script.path
        )
    return True
