"""The settings that a policy takes, key by key, as its config type has them: for its documentation, for
`ostiary policies show`, and to tell a plug-in whose settings nobody could check.

What a key means is the string below its field, in the source.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec

_WORDS: Final = {Any: "any value", str: "text", int: "integer", float: "number", bool: "true or false"}
_REQUIRED: Final = "required"


@dataclass(frozen=True, slots=True)
class Key:
    """One key: `path` leads to it from the policy's settings, `*` for any name and `[]` for each item. `default`
    is as YAML has it, empty where leaving it out is a setting of its own."""

    path: str
    kind: str
    default: str
    bounds: str
    meaning: str


class UnfitType(TypeError):
    """A config type that no file can be checked against."""


def keys_of(config: type[msgspec.Struct]) -> tuple[Key, ...]:
    """All keys, those of inner mappings behind their own; once of mappings that are alike. Raises UnfitType."""
    return tuple(_keys(config, "", {config: ""}))


def _keys(config: type[msgspec.Struct], prefix: str, told: dict[type, str]) -> Iterator[Key]:
    """`told` is where the keys of each type stand."""
    meanings = _meanings(config)
    for field in msgspec.structs.fields(config):
        path = f"{prefix}{field.encode_name}"
        bare, metas = _bare(field.type)
        inner, way = _struct_in(bare, path)
        meaning = meanings.get(field.name, "")
        if inner is not None and told.get(inner):
            meaning = f"{meaning} Its keys are those of `{told[inner]}`.".lstrip()
        yield Key(path, _kind(bare, path), _default(field), _bounds(metas), meaning)
        if inner is not None and inner not in told:
            told[inner] = way
            yield from _keys(inner, f"{way}.", told)


def _bare(annotation: Any) -> tuple[Any, tuple[msgspec.Meta, ...]]:
    """The type without `Annotated` and without None, and what is said of its values."""
    metas: tuple[msgspec.Meta, ...] = ()
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *said = get_args(annotation)
            metas += tuple(each for each in said if isinstance(each, msgspec.Meta))
        elif origin in (Union, UnionType):
            options = [each for each in get_args(annotation) if each is not NoneType]
            if len(options) != 1:
                return annotation, metas
            annotation = options[0]
        else:
            return annotation, metas


def _kind(bare: Any, path: str) -> str:
    if bare in _WORDS:
        return _WORDS[bare]
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
        return "mapping"
    origin, arguments = get_origin(bare), get_args(bare)
    if origin is Literal:
        return ", ".join(f"`{each}`" for each in arguments)
    if origin is dict and _bare(arguments[0])[0] is str:
        return f"mapping of names to {_each(arguments[1], path)}"
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return f"list of {_each(arguments[0], path)}"
    raise UnfitType(f"the key {path!r} has the type {bare}, which settings cannot have")


def _each(annotation: Any, path: str) -> str:
    bare, metas = _bare(annotation)
    kind = _kind(bare, path)
    bounds = _bounds(metas)
    return {"mapping": "mappings", "true or false": kind}.get(kind, kind) + (f" ({bounds})" if bounds else "")


def _struct_in(bare: Any, path: str) -> tuple[type[msgspec.Struct] | None, str]:
    """The struct that a key's value is or has, and the way to its keys."""
    if isinstance(bare, type):
        return (bare, path) if issubclass(bare, msgspec.Struct) else (None, path)
    origin, arguments = get_origin(bare), get_args(bare)
    if origin is dict:
        return _struct_in(_bare(arguments[1])[0], f"{path}.*")
    if origin is tuple:
        return _struct_in(_bare(arguments[0])[0], f"{path}[]")
    return None, path


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return _REQUIRED
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    if value is None or value is msgspec.UNSET or isinstance(value, msgspec.Struct):
        return ""
    return "[]" if value == () else msgspec.json.encode(value).decode()


def _bounds(metas: tuple[msgspec.Meta, ...]) -> str:
    """In words, such as `1 to 100`."""
    said = []
    for meta in metas:
        said += _range(meta.ge, meta.le, "")
        said += _range(meta.min_length, meta.max_length, " long")
        said += [f"more than {meta.gt}"] * (meta.gt is not None) + [f"less than {meta.lt}"] * (meta.lt is not None)
        if meta.pattern is not None or meta.description is not None:
            said.append(meta.description or f"`{meta.pattern}`")
    return ", ".join(said)


def _range(low: float | None, high: float | None, unit: str) -> list[str]:
    if low is not None and high is not None:
        return [f"{low} to {high}{unit}"]
    return [f"at least {low}{unit}"] * (low is not None) + [f"at most {high}{unit}"] * (high is not None)


def _meanings(config: type[msgspec.Struct]) -> dict[str, str]:
    """What the strings below the fields say, of the type and of those that it is made of."""
    found: dict[str, str] = {}
    for kind in reversed(config.__mro__):
        if issubclass(kind, msgspec.Struct) and kind is not msgspec.Struct:
            found |= _texts(kind.__module__).get(kind.__qualname__, {})
    return found


@cache
def _texts(module: str) -> dict[str, dict[str, str]]:
    """The strings below the annotated assignments of a module's classes; none where its source is not there."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        return {}
    compiled = Path(file)
    source = compiled.with_name(compiled.name.partition(".")[0] + ".py")  # beside an extension module, too
    try:
        tree = ast.parse(source.read_text(encoding="utf-8"))
    except OSError:
        return {}
    return {
        node.name: {
            above.target.id: " ".join(below.value.value.split())
            for above, below in pairwise(node.body)
            if isinstance(above, ast.AnnAssign)
            and isinstance(above.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        }
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
