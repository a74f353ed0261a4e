"""One parameter, bound: how its text is read, and what its value is checked against."""

from dataclasses import dataclass
from typing import Any

from contracts.operations import Parameter
from policies.exchange import Violation
from policies.validation import parameter_styles as styles
from policies.validation.json_text import Malformed, parse
from policies.validation.media_types import declares_json
from policies.validation.parameter_text import Reader, Rejected, decode_header, decode_path, decode_query
from policies.validation.schema_shape import Shape, shape_of
from policies.validation.validators import Check, Validators
from policies.validation.violations import escape, violations_of

_DECODERS = {"path": decode_path, "query": decode_query, "header": decode_header, "cookie": decode_path}


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Slot:
    """`read` takes the parameter's raw text; `check` is None where reading it has already said all."""

    name: str
    location: str
    pointer: str
    required: bool
    read: Reader
    check: Check | None
    shape: Shape
    decode: styles.Decode

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
    return Slot(
        parameter.name,
        parameter.location,
        "/" + escape(parameter.name),
        parameter.required,
        read,
        check,
        shape,
        decode,
    )


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
