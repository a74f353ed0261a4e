"""The serialisation styles of OpenAPI (OAS 3.1 §4.8.12.5, after RFC 6570), as readers of a parameter's raw text.

The delimiter of `simple`, `label`, `matrix` and `form` is the character itself: an encoded comma is a part of
an item. Only where items cannot be strings (so that no item could have a comma) an encoded comma divides too,
since many clients encode the whole value. A space or a pipe cannot stand in a query unencoded, so
`spaceDelimited` and `pipeDelimited` divide after decoding.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from policies.validation.parameter_text import Reader, Rejected, coercion, decode_header, is_integer
from policies.validation.schema_shape import Shape
from policies.validation.violations import escape

Decode: TypeAlias = Callable[[str], str | Rejected]

_AFTER_DECODING: Final = {"spaceDelimited": " ", "pipeDelimited": "|"}


def _style_error(style: str, what: str) -> Rejected:
    return Rejected("style", f"must be {what} in style {style}")


def primitive(shape: Shape, decode: Decode) -> Reader:
    """Reads one value."""
    coerce = coercion(shape.types)
    if coerce is None:
        return decode

    def read(raw: str) -> Any:
        text = decode(raw)
        return coerce(text) if type(text) is str else text

    if shape.types != {"integer"}:
        return read

    def read_digits(raw: str) -> Any:
        # Nearly every integer comes as plain digits, with nothing to decode.
        return int(raw) if is_integer(raw) else read(raw)

    return read_digits


class Items:
    """Reads the raw texts of an array's items."""

    __slots__ = ("_item", "_prefix", "strings")

    def __init__(self, shape: Shape, decode: Decode) -> None:
        self._item = primitive(shape.items or Shape(), decode)
        self._prefix = tuple(primitive(one, decode) for one in shape.prefix)
        self.strings = any(
            not one.types or "string" in one.types for one in (*shape.prefix, shape.items or Shape())
        )

    def __call__(self, raws: Iterable[str]) -> list[Any] | Rejected:
        values: list[Any] = []
        for index, raw in enumerate(raws):
            read = self._prefix[index] if index < len(self._prefix) else self._item
            value = read(raw)
            if type(value) is Rejected:
                return Rejected(value.rule, value.message, f"/{index}{value.below}")
            values.append(value)
        return values

    def of_pairs(self, pairs: Iterable[tuple[str, str]]) -> list[Any] | Rejected:
        """As a call, from the pairs of a query."""
        return self([raw for _, raw in pairs])


class Members:
    """Reads the raw texts of an object's members; a name that comes twice is refused."""

    __slots__ = ("_decode", "_extra", "_readers", "names")

    def __init__(self, shape: Shape, decode: Decode) -> None:
        self._decode = decode
        self._readers = {name: primitive(one, decode) for name, one in shape.properties.items()}
        # A name that the contract does not have is read all the same: the schema is what refuses it.
        self._extra = primitive(shape.extra or Shape(), decode)
        self.names = frozenset(shape.properties)

    def __call__(self, pairs: Iterable[tuple[str, str]]) -> dict[str, Any] | Rejected:
        decoded: list[tuple[str, str]] = []
        for raw_name, raw in pairs:
            name = self._decode(raw_name)
            if type(name) is Rejected:
                return name
            assert isinstance(name, str)
            decoded.append((name, raw))
        return self.of_pairs(decoded)

    def of_pairs(self, pairs: Iterable[tuple[str, str]]) -> dict[str, Any] | Rejected:
        """As a call, where the names have been decoded already."""
        values: dict[str, Any] = {}
        for name, raw in pairs:
            if name in values:
                return Rejected("repeated-property", "has a property twice")
            value = self._readers.get(name, self._extra)(raw)
            if type(value) is Rejected:
                return Rejected(value.rule, value.message, f"/{escape(name)}" if name in self.names else "")
            values[name] = value
        return values


def is_array(shape: Shape) -> bool:
    """Whether the parameter is to be read as an array: it may be one, and it may not be an object."""
    return "array" in shape.types and "object" not in shape.types


def is_object(shape: Shape) -> bool:
    return "object" in shape.types


def reader(style: str, *, explode: bool, name: str, shape: Shape, decode: Decode) -> Reader:
    """The reader of a parameter that is one raw text (all but exploded or deepObject query parameters).

    Where the schema admits a primitive beside the array or object (`oneOf: [string, array]`), a text without
    a delimiter is the primitive.
    """
    if style in ("label", "matrix"):
        return _prefixed(style, explode, name, shape, decode)
    composites = shape.types & {"array", "object"}
    if not composites:
        return primitive(shape, decode)
    delimiter = _AFTER_DECODING.get(style, ",")
    composite = _delimited(delimiter, explode, shape, decode, style)
    others = shape.types - composites
    if not others:
        return composite
    single = primitive(Shape(others), decode)

    def read(raw: str) -> Any:
        if delimiter in raw:
            return composite(raw)
        value = single(raw)
        return composite(raw) if type(value) is Rejected else value

    return read


def _keep(text: str) -> str | Rejected:
    return text


def _delimited(delimiter: str, explode: bool, shape: Shape, decode: Decode, style: str) -> Reader:
    late = style in _AFTER_DECODING
    if is_object(shape):
        members = Members(shape, _keep if late else decode)

        def read_object(raw: str) -> Any:
            text = decode(raw) if late else raw
            if type(text) is Rejected:
                return text
            assert isinstance(text, str)
            pairs = _assigned(text.split(delimiter)) if explode else _alternating(text.split(delimiter))
            return _style_error(style, "an object") if pairs is None else members(pairs)

        return read_object
    early = Items(shape, decode)
    after = Items(shape, _keep)
    late = late or (not early.strings and decode is not decode_header)

    def read_array(raw: str) -> Any:
        if not late:
            return early(raw.split(delimiter))
        text = decode(raw)
        return after(text.split(delimiter)) if type(text) is str else text

    return read_array


def _alternating(parts: list[str]) -> list[tuple[str, str]] | None:
    """`R,100,G,200`; None for an odd number of parts."""
    return None if len(parts) % 2 else list(zip(parts[::2], parts[1::2], strict=True))


def _assigned(parts: list[str]) -> list[tuple[str, str]] | None:
    """`R=100,G=200`; None where a part has no `=`."""
    pairs = [part.partition("=") for part in parts]
    return [(name, value) for name, _, value in pairs] if all(equals for _, equals, _ in pairs) else None


def _prefixed(style: str, explode: bool, name: str, shape: Shape, decode: Decode) -> Reader:
    """`label` (`.3.4.5`, `.3,4,5`) and `matrix` (`;color=3;color=4`, `;color=3,4`)."""
    wrong = _style_error(style, "written")
    prefix = "." if style == "label" else ";"
    composite = is_array(shape) or is_object(shape)
    # Exploded, the prefix itself divides: what follows the first one is one raw text again.
    single = primitive(shape, decode)
    whole = _delimited(prefix if explode else ",", explode, shape, decode, "simple") if composite else single
    items = Items(shape, decode) if is_array(shape) else None

    def read(raw: str) -> Any:
        if not raw.startswith(prefix):
            return wrong
        text = raw[1:]
        if style == "label":
            return whole(text)
        if explode and composite:
            if items is None:
                return whole(text)
            pairs = _assigned(text.split(";"))
            if pairs is None or any(one != name for one, _ in pairs):
                return wrong
            return items(value for _, value in pairs)
        found, equals, value = text.partition("=")
        # RFC 6570 §3.2.7: an empty value is the bare name.
        return whole(value) if found == name and (equals or not composite) else wrong

    return read
