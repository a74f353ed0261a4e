"""`then.field`: which values below the one that `given` found a function is asked about."""

import re
from collections.abc import Iterator
from typing import Any, Final

from contracts.lint.functions.base import Context, Path
from contracts.lint.jsonpath.compiling import member
from contracts.lint.jsonpath.selecting import Selection
from contracts.lint.jsonpath.values import UNDEFINED
from contracts.lint.ruleset.model import Then

# As lodash's `toPath` splits: names between dots, and brackets with an index or a quoted name.
_PART: Final = re.compile(
    r"""[^.\[\]]+|\[(?:([^"'][^\[]*)|(["'])((?:(?!\2)[^\\]|\\.)*?)\2)\]|(?=(?:\.|\[\])(?:\.|\[\]|$))"""
)


def targets(value: Any, then: Then, context: Context) -> Iterator[tuple[Any, Path]]:
    """Each value with the keys that lead to it from `value`; undefined where nothing is there."""
    field = then.field
    if field is None or not isinstance(value, dict | list):
        yield value, ()
    elif field == "@key":
        keys = list(value) if isinstance(value, dict) else [str(index) for index in range(len(value))]
        for key in keys:
            yield key, (key,)
        if not keys:
            yield UNDEFINED, ()
    elif then.path is not None:
        found = Selection(value, context.follow).select(then.path, value)
        for each in found:
            yield each.value, each.path
        if not found:
            yield UNDEFINED, ()
    elif isinstance(value, dict) and field in value:
        # A name with a dot in it is found before it is taken for a path.
        yield context.follow(value[field]), parts_of(field)
    else:
        found_value: Any = value
        for key in parts_of(field):
            if not isinstance(found_value, dict | list):
                found_value = UNDEFINED
                break
            found_value = member(found_value, key, context.follow)
        yield found_value, parts_of(field)


def parts_of(field: str) -> tuple[str, ...]:
    """`a.b[0]['c.d']` as its keys."""
    parts = [""] if field.startswith(".") else []
    for match in _PART.finditer(field):
        if match[2]:
            parts.append(re.sub(r"\\(\\)?", r"\1", match[3]))
        else:
            parts.append(match[1].strip() if match[1] else match[0])
    return tuple(parts)
