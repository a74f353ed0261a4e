"""One parameter, bound: how its text is read, and what its value is checked against."""

import math
from dataclasses import dataclass
from typing import Any, Final

from contracts.operations import JsonSchema, Parameter
from policies.exchange import Violation
from policies.validation import parameter_styles as styles
from policies.validation.json_text import Malformed, parse
from policies.validation.media_types import declares_json
from policies.validation.parameter_text import Reader, Rejected, decode_header, decode_path, decode_query
from policies.validation.schema_shape import PLAIN, Shape, shape_of
from policies.validation.validators import Check, Validators
from policies.validation.violations import escape, violations_of

_BOUNDED: Final = PLAIN | {"minimum", "maximum"}
_NO_BOUNDS: Final = (math.inf, -math.inf)
_DECODERS = {"path": decode_path, "query": decode_query, "header": decode_header, "cookie": decode_path}


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Slot:
    """`read` takes the parameter's raw text; `check` is None where reading it has already said all.

    Where the schema asks for an integer and at most for bounds, one from `low` to `high` needs no other check.
    Elsewhere no number is between them.
    """

    name: str
    location: str
    pointer: str
    required: bool
    read: Reader
    check: Check | None
    shape: Shape
    decode: styles.Decode
    low: float
    high: float

    def rejected(self, reason: Rejected) -> Violation:
        return Violation(self.location, self.pointer + reason.below, reason.rule, reason.message)

    def missing(self) -> Violation:
        return Violation(self.location, self.pointer, "required", "is required")

    def repeated(self) -> Violation:
        return Violation(self.location, self.pointer, "repeated-parameter", "must be given once")

    def judge(self, value: Any) -> list[Violation]:
        """What is wrong with what `read` gave."""
        if type(value) is Rejected:
            return [self.rejected(value)]
        if self.check is None or self.check.is_valid(value):
            return []
        return violations_of(self.check, value, self.location, self.pointer)


def bind_slot(parameter: Parameter, validators: Validators) -> Slot:
    """All that the contract says of a parameter, worked out; shared by all operations that have it."""
    return validators.share(Slot, parameter, lambda: _bind(parameter, validators))


def _bind(parameter: Parameter, validators: Validators) -> Slot:
    decode = _DECODERS[parameter.location]
    shape = shape_of(parameter.schema, validators)
    check: Check | None = validators.check(parameter.schema)
    if parameter.content_type is not None:
        read = _json(decode) if declares_json(parameter.content_type) else decode
    else:
        read = styles.reader(
            parameter.style, explode=parameter.explode, name=parameter.name, shape=shape, decode=decode
        )
        if shape.plain and not shape.types & {"array", "object"}:
            check = None
        elif "string" in shape.types and shape.types - {"string", "array", "object"}:
            assert check is not None
            read = _else_text(read, decode, check)
    low, high = _bounds(parameter.schema) if parameter.content_type is None else _NO_BOUNDS
    return Slot(
        parameter.name,
        parameter.location,
        "/" + escape(parameter.name),
        parameter.required,
        read,
        check,
        shape,
        decode,
        low,
        high,
    )


def _bounds(schema: JsonSchema) -> tuple[float, float]:
    """Between which an integer is valid, for schemas that ask for nothing else; bounds beyond 2**53 are not taken:
    they would be compared as doubles."""
    if not isinstance(schema, dict) or schema.get("type") != "integer" or not schema.keys() <= _BOUNDED:
        return _NO_BOUNDS
    low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    if not all(type(bound) is float or (type(bound) is int and abs(bound) <= 2**53) for bound in (low, high)):
        return _NO_BOUNDS
    return float(low), float(high)


def _json(decode: styles.Decode) -> Reader:
    def read(raw: str) -> Any:
        text = decode(raw)
        if type(text) is Rejected:
            return text
        assert isinstance(text, str)
        value = parse(text.encode())
        return Rejected("malformed-json", f"must be JSON: {value}") if type(value) is Malformed else value

    return read


def _else_text(read: Reader, decode: styles.Decode, check: Check) -> Reader:
    """`12` may be a number or a string: what the schema says to the number decides."""

    def choose(raw: str) -> Any:
        value = read(raw)
        if type(value) is not Rejected and check.is_valid(value):
            return value
        text = decode(raw)
        return text if type(text) is str and check.is_valid(text) else value

    return choose
