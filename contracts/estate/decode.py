"""From a parsed file to its typed value, with every error of the file at once.

`msgspec.convert` stops at the first error and does not name a mapping's key. This walk follows the same
types, converts each leaf with msgspec, and reports every unknown key, missing key and bad value at its own
line. What is broken is replaced by a neutral value ("" or an empty mapping), so that the rules over the whole
estate can still look at the rest; the findings forbid publication anyway.
"""

import difflib
from collections.abc import Iterable, Mapping, Sized
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from contracts.documents.document import Document, escape, unescape
from contracts.estate.catalogue import finding
from contracts.findings import Finding

T = TypeVar("T", bound=msgspec.Struct)

_BAD: Any = object()
_KINDS = {
    dict: "a mapping",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


def decode(document: Document, kind: type[T]) -> tuple[T, list[Finding]]:
    """The document as `kind`, complete if there are no findings, else with neutral values for what is broken."""
    walk = _Walk(document)
    value = walk.struct(document.value, kind, "")
    return value, walk.findings


def decode_part(document: Document, pointer: str, kind: type[msgspec.Struct]) -> list[Finding]:
    """What is wrong with the mapping at `pointer`, as a part of a `kind`: what is missing may stand elsewhere."""
    walk = _Walk(document)
    node = document.at(pointer)
    walk.struct(None if node is None else node.value, kind, pointer, partial=True)
    return walk.findings


def quote(value: object) -> str:
    """A value as a message shows it: as it is written in YAML, and short."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…" + text[-1:]


def suggestion(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)` where a known name is near, else what is known, else nothing."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f" (did you mean {near[0]!r}?)"
    if not names:
        return " (none is declared)"
    shown = ", ".join(names[:8])
    return f" (known: {shown}{', …' if len(names) > 8 else ''})"


@cache
def _fields(kind: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """By the key in a file. Kept, as msgspec evaluates their annotations anew each time that it tells them."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


class _Walk:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings: list[Finding] = []

    def _report(self, rule: str, pointer: str, message: str, *, key: bool = False) -> None:
        place = self.document.place_of_key(pointer) if key else self.document.place(pointer)
        self.findings.append(finding(rule, place, message))

    def struct(self, value: object, kind: type[T], pointer: str, *, partial: bool = False) -> T:
        if not isinstance(value, dict):
            self._report("wrong-type", pointer, f"{_what(pointer)} takes a mapping, not {quote(value)}")
            placeholder: T = neutral(kind)
            return placeholder
        fields = _fields(kind)
        for key in value:
            if key not in fields:
                message = f"unknown key {quote(key)}{suggestion(str(key), fields)}"
                self._report("unknown-key", f"{pointer}/{escape(str(key))}", message, key=True)
        values: dict[str, Any] = {}
        for key, field in fields.items():
            if key in value:
                converted = self._value(value[key], field.type, f"{pointer}/{escape(key)}")
                if converted is not _BAD:
                    values[field.name] = converted
                elif field.required:
                    values[field.name] = neutral(field.type)
            elif field.required and partial:
                values[field.name] = neutral(field.type)
            elif field.required:
                self._report("missing-key", pointer, f"the key {key!r} is missing{_in(pointer)}")
                values[field.name] = neutral(field.type)
        return kind(**values)

    def _value(self, value: Any, annotation: Any, pointer: str) -> Any:
        bare, metas = _unwrap(annotation)
        origin = get_origin(bare)
        if origin in (Union, UnionType):
            options = [each for each in get_args(bare) if each is not NoneType]
            if value is None and NoneType in get_args(bare):
                return None
            if (fitting := _fitting(value, options)) is None:
                kinds = " or ".join(_KINDS.get(_plain(each), "a list") for each in options)
                message = f"{_what(pointer)} takes {kinds}, not {_kind_of(value)}{quote(value)}"
                self._report("wrong-type", pointer, message)
                return _BAD
            return self._value(value, fitting, pointer)
        if _is_struct(bare):
            return self.struct(value, bare, pointer)
        if origin is dict:
            return self._mapping(value, bare, metas, pointer)
        if origin is tuple:
            return self._sequence(value, bare, metas, pointer)
        return self._leaf(value, annotation, pointer)

    def _mapping(self, value: Any, bare: Any, metas: tuple[msgspec.Meta, ...], pointer: str) -> Any:
        if not isinstance(value, dict):
            self._report("wrong-type", pointer, f"{_what(pointer)} takes a mapping, not {quote(value)}")
            return _BAD
        self._size(value, metas, pointer, "entry", "entries")
        key_type, value_type = get_args(bare)
        entries: dict[str, Any] = {}
        for key, entry in value.items():
            below = f"{pointer}/{escape(str(key))}"
            if (why := _refusal(key, key_type)) is not None:
                self._report("invalid-name", below, why[1], key=True)
            converted = self._value(entry, value_type, below)
            if converted is not _BAD:
                entries[str(key)] = converted
        return entries

    def _sequence(self, value: Any, bare: Any, metas: tuple[msgspec.Meta, ...], pointer: str) -> Any:
        if not isinstance(value, list):
            self._report("wrong-type", pointer, f"{_what(pointer)} takes a list, not {quote(value)}")
            return _BAD
        self._size(value, metas, pointer, "item", "items")
        item = get_args(bare)[0]
        converted = [self._value(entry, item, f"{pointer}/{index}") for index, entry in enumerate(value)]
        return tuple(each for each in converted if each is not _BAD)

    def _size(self, value: Sized, metas: tuple[msgspec.Meta, ...], pointer: str, one: str, several: str) -> None:
        for meta in metas:
            if meta.min_length and len(value) < meta.min_length:
                self._report("invalid-value", pointer, f"{_what(pointer)} has no {one}; at least one is needed")
            if meta.max_length is not None and len(value) > meta.max_length:
                message = f"{_what(pointer)} has {len(value)} {several}; there may be {meta.max_length}"
                self._report("invalid-value", pointer, message)

    def _leaf(self, value: Any, annotation: Any, pointer: str) -> Any:
        if (why := _refusal(value, annotation)) is not None:
            rule, message = why
            self._report(rule, pointer, f"{_what(pointer)}: {message}")
            return _BAD
        return msgspec.convert(value, annotation)


def _fitting(value: object, options: list[Any]) -> Any:
    """Of a short form and a long one the one that is meant: a mapping is long. Of plain kinds the value's own, or
    None where it is of none of them."""
    if len(options) == 1 or any(map(_is_struct, options)):
        return next((each for each in options if _is_struct(each) is isinstance(value, dict)), options[0])
    return next((each for each in options if _kind_in_yaml(_plain(each)) is type(value)), None)


def _kind_in_yaml(plain: Any) -> Any:
    return list if plain is tuple else plain


def _plain(annotation: Any) -> Any:
    bare, _ = _unwrap(annotation)
    return get_origin(bare) or bare


def _is_struct(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, msgspec.Struct)


def _refusal(value: Any, annotation: Any) -> tuple[str, str] | None:
    """Why a leaf does not fit its type: the rule and the words."""
    bare, metas = _unwrap(annotation)
    try:
        msgspec.convert(value, annotation)
    except msgspec.ValidationError as error:
        if get_origin(bare) is Literal:
            return "invalid-value", f"{quote(value)} is none of {_choices(value, get_args(bare))}"
        try:
            msgspec.convert(value, bare)
        except msgspec.ValidationError:
            wanted = _KINDS.get(bare, str(bare))
            return "wrong-type", f"takes {wanted}, not {_kind_of(value)}{quote(value)}"
        for meta in metas:
            if meta.description:
                return "invalid-value", f"{quote(value)} should be {meta.description}"
            if bounds := [f"{sign} {bound}" for sign, bound in _bounds(meta) if bound is not None]:
                return "invalid-value", f"{quote(value)} should be {' and '.join(bounds)}"
        return "invalid-value", f"{quote(value)} is refused: {error}"
    # `$` of a pattern also matches before a last line break; a name must not carry one into a header.
    if isinstance(value, str) and value.endswith("\n") and any(meta.pattern for meta in metas):
        return "invalid-value", f"{quote(value)} ends with a line break"
    return None


def _bounds(meta: msgspec.Meta) -> tuple[tuple[str, float | None], ...]:
    return ((">", meta.gt), (">=", meta.ge), ("<", meta.lt), ("<=", meta.le))


def _choices(value: object, choices: tuple[Any, ...]) -> str:
    near = suggestion(str(value), [str(each) for each in choices]) if isinstance(value, str) else ""
    shown = ", ".join(quote(each) for each in choices)
    return shown + (near if "did you mean" in near else "")


def _kind_of(value: object) -> str:
    return (
        ""
        if value is None or isinstance(value, bool)
        else _KINDS.get(type(value), type(value).__name__).removeprefix("a ") + " "
    )


def _unwrap(annotation: Any) -> tuple[Any, tuple[msgspec.Meta, ...]]:
    if get_origin(annotation) is Annotated:
        bare, *metas = get_args(annotation)
        return bare, tuple(meta for meta in metas if isinstance(meta, msgspec.Meta))
    return annotation, ()


def neutral(annotation: Any) -> Any:
    """What stands for a missing or broken value: "" for text, empty for a collection, a first choice."""
    bare, _ = _unwrap(annotation)
    origin = get_origin(bare)
    if origin in (Union, UnionType):
        return None
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
        required = {each.name: neutral(each.type) for each in _fields(bare).values() if each.required}
        return bare(**required)
    if origin is Literal:
        return get_args(bare)[0]
    return (origin or bare)()


def _what(pointer: str) -> str:
    return repr(_last(pointer)) if pointer else "the file"


def _in(pointer: str) -> str:
    return f" in {_last(pointer)!r}" if pointer else ""


def _last(pointer: str) -> str:
    """The key at the end of a pointer, with the index where it is an item: `roles[0]`."""
    above, _, token = pointer.rpartition("/")
    return f"{_last(above)}[{token}]" if token.isdecimal() and above else unescape(token)


def declared(document: Document | None, key: str) -> frozenset[str]:
    """The names under a mapping of the file, as they are written: also those whose entry is broken."""
    value = document.value if document is not None else None
    entries = value.get(key) if isinstance(value, Mapping) else None
    return frozenset(map(str, entries)) if isinstance(entries, Mapping) else frozenset()
