"""A JSON Schema said in types, for a decoder that judges what it reads.

What types can say: `type`, `enum` of texts and integers, the bounds of numbers and of lengths, `required`,
`properties`, `items`, one schema for all members, and `$ref` to such. Whatever else a schema says is left to its
validator, there where it stands, so that the rest of the document is read by types all the same.
"""

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal, NotRequired, TypeAlias, TypedDict, Union

import msgspec

from contracts.openapi.keywords import ANNOTATIONS, absolute
from contracts.operations import JsonSchema
from policies.validation.json_text import MAXIMUM_DEPTH
from policies.validation.typed_json import Checked, Date, Form, Items, Members, TypedJson, Values

IsValid: TypeAlias = Callable[[Any], bool]

_BOUNDS: Final = {
    "minimum": ("ge", math.ceil),
    "maximum": ("le", math.floor),
    "exclusiveMinimum": ("gt", math.floor),
    "exclusiveMaximum": ("lt", math.ceil),
}
_KINDS: Final = {str: "string", int: "integer", type(None): "null"}
_EXACT: Final = 2**53
"""Up to it every integer is a double."""
MOST: Final = 200
"""Places of one schema, each reference followed. Its types are made while requests wait: a place takes 30 µs."""
_TEXT: Final = Form()

_encode_key: Final = msgspec.json.Encoder(order="deterministic").encode

# Types that are known at run time only.
_list: Final[Any] = list
_dict: Final[Any] = dict
_typed_dict: Final[Any] = TypedDict


class _UntypableError(Exception):
    """The schema says what types cannot."""


class _TooLargeError(Exception):
    """There are more places in it than types are made for."""


class Typed(msgspec.Struct, frozen=True):
    """A type, and what is to be looked at in what was decoded by it: None where no string is in it. `is_text`: of
    which no more is asked than that it is one string."""

    type: Any
    form: Form | None
    is_text: bool = False


class JsonTypes:
    """Says a schema of an API version in types. `look_up` finds what a reference in a document names (raising
    KeyError), and `is_valid_of` gives the validator of what types cannot say."""

    def __init__(
        self,
        look_up: Callable[[str, str], tuple[JsonSchema, str]],
        is_valid_of: Callable[[JsonSchema], IsValid],
    ) -> None:
        self._look_up = look_up
        self._is_valid_of = is_valid_of
        self._valid: dict[bytes, IsValid] = {}
        self._open: set[tuple[str, str]] = set()
        self._places = 0

    def reader(self, schema: JsonSchema) -> TypedJson | None:
        """Reads texts of the schema; None where types cannot say what its outermost value is, or it has too many
        places.

        Raises KeyError for a reference that leads nowhere.
        """
        try:
            typed = self._typed(schema, "", 0)
            return TypedJson(msgspec.json.Decoder(typed.type), typed.form)
        except (_UntypableError, _TooLargeError, TypeError, ValueError, OverflowError):
            return None  # the last three are the decoder's, of numbers that it does not take

    def _below(self, schema: JsonSchema, base: str, depth: int) -> Typed:
        """What stands inside another value. Where types cannot say it, the validator does."""
        if depth > MAXIMUM_DEPTH:
            raise _UntypableError
        try:
            return self._typed(schema, base, depth)
        except _UntypableError:
            return Typed(Any, Checked(self._judge(absolute(schema, base)), MAXIMUM_DEPTH - depth))

    def _judge(self, schema: JsonSchema) -> IsValid:
        key = _encode_key(schema)
        found = self._valid.get(key)
        if found is None:
            found = self._valid[key] = self._is_valid_of(schema)
        return found

    def _typed(self, schema: JsonSchema, base: str, depth: int) -> Typed:
        self._places += 1
        if self._places > MOST:
            raise _TooLargeError
        if not isinstance(schema, dict):
            raise _UntypableError
        said = {keyword: value for keyword, value in schema.items() if keyword not in ANNOTATIONS}
        if "$ref" in said:
            return self._referred(said, base, depth)
        types = said.pop("type", ())
        admitted = {types} if isinstance(types, str) else set(types)
        if "enum" in said:
            return _enumerated(said, admitted)
        # What is looked at in a value is of one kind; beside it there may be numbers, booleans and null.
        if not admitted or len(admitted & {"string", "array", "object"}) > 1:
            raise _UntypableError
        if "number" in admitted:
            admitted.discard("integer")
        branches: list[Any] = []
        form: Form | None = None
        for name in sorted(admitted):
            match name:
                case "string":
                    branch, form = self._text(said)
                case "number":
                    branch = _number(said, int) | _number(said, float)
                case "integer":
                    branch = _number(said, int)
                case "array":
                    branch, form = self._array(said, base, depth)
                case "object":
                    branch, form = self._object(said, base, depth)
                case _:
                    branch = {"boolean": bool, "null": None}[name]
            branches.append(branch)
        for keyword in _BOUNDS:
            said.pop(keyword, None)
        if said:
            raise _UntypableError
        return Typed(Union[tuple(branches)], form, form is _TEXT and len(branches) == 1)  # noqa: UP007

    def _referred(self, said: Mapping[str, Any], base: str, depth: int) -> Typed:
        target, within = self._look_up(said["$ref"], base)
        key = (within, said["$ref"].partition("#")[2])
        if len(said) > 1 or key in self._open:  # a schema within itself has no end
            raise _UntypableError
        self._open.add(key)
        try:
            return self._typed(target, within, depth)
        finally:
            self._open.discard(key)

    def _text(self, said: dict[str, Any]) -> tuple[Any, Form]:
        left: dict[str, Any] = {keyword: said.pop(keyword) for keyword in ("pattern", "format") if keyword in said}
        text = _counted(str, said, "Length")
        if not left:
            return text, _TEXT
        is_valid = self._judge(left)
        return text, Date(is_valid, 0) if left == {"format": "date"} else Checked(is_valid, 0)

    def _array(self, said: dict[str, Any], base: str, depth: int) -> tuple[Any, Form]:
        items = self._below(said.pop("items", True), base, depth + 1)
        return _counted(_list[items.type], said, "Items"), Items(items.form)

    def _object(self, said: dict[str, Any], base: str, depth: int) -> tuple[Any, Form]:
        properties: dict[str, Any] = said.pop("properties", {})
        required = frozenset(said.pop("required", ()))
        other = said.pop("additionalProperties", True)
        if not properties:
            if required or not isinstance(other, dict):
                raise _UntypableError
            values = self._below(other, base, depth + 1)
            return _dict[str, values.type], Values(values.form)
        # The decoder passes over what is not declared: then the text is not cleared, whether that may be or not.
        declared = {name: each for name, each in properties.items() if each is not False}
        inner = {name: self._below(each, base, depth + 1) for name, each in declared.items()}
        if not required <= inner.keys():
            raise _UntypableError
        members = {name: each.type if name in required else NotRequired[each.type] for name, each in inner.items()}
        texts = frozenset(name for name, each in inner.items() if each.is_text)
        forms = {name: each.form for name, each in inner.items() if each.form is not None and not each.is_text}
        return _typed_dict("Members", members), Members(len(members), texts, forms)


def _enumerated(said: Mapping[str, Any], admitted: set[str]) -> Typed:
    """Of texts, integers and null."""
    values = said["enum"]
    kinds = {type(value) for value in values}
    types = {_KINDS.get(kind, "") for kind in kinds}
    if any(type(value) is int and abs(value) > _EXACT for value in values):
        raise _UntypableError
    if len(said) > 1 or "" in types or (admitted and not types <= admitted):
        raise _UntypableError
    return Typed(Literal[tuple(values)], _TEXT if str in kinds else None, kinds == {str})


def _counted(kind: Any, said: dict[str, Any], what: str) -> Any:
    """The type with `minLength` and `maxLength`, or `minItems` and `maxItems`."""
    bounds: dict[str, Any] = {
        f"{end}_length": int(said.pop(f"{end}{what}")) for end in ("min", "max") if f"{end}{what}" in said
    }
    return Annotated[kind, msgspec.Meta(**bounds)] if bounds else kind


def _number(said: Mapping[str, Any], kind: type[int] | type[float]) -> Any:
    """The type with its bounds, as either kind of number compares with them."""
    bounds: dict[str, Any] = {}
    for keyword, (name, rounded) in _BOUNDS.items():
        bound = said.get(keyword)
        if bound is not None:
            if abs(bound) > _EXACT:
                raise _UntypableError
            bounds[name] = rounded(bound) if kind is int else float(bound)
    return Annotated[kind, msgspec.Meta(**bounds)] if bounds else kind
