"""The defaults of a contract, filled in for an upstream that does not know them (`defaults: inject`).

To JSON Schema a default is an annotation (2020-12 Validation §9.2): nothing is filled in unless it was asked for.
Those count that hold whatever the value is: behind `$ref`, `allOf`, `properties` and `items`. Below `anyOf` and
its like a default would depend on what else is there.
"""

import copy
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

import msgspec

from contracts.operations import JsonSchema, Operation, Parameter
from policies.exchange import Exchange
from policies.validation.media_types import declares_json
from policies.validation.validators import Validators

_DELIMITERS: Final = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}
NONE: Final = msgspec.UNSET


def _applying(
    schema: JsonSchema, base: str, validators: Validators, seen: frozenset[tuple[str, str]] = frozenset()
) -> Iterator[tuple[dict[str, Any], str]]:
    """A schema and all that hold with it, each with the document that it stands in."""
    if isinstance(schema, bool):
        return
    yield schema, base
    reference = schema.get("$ref")
    if reference is not None and (base, reference) not in seen:
        target, within = validators.lookup(reference, base)
        yield from _applying(target, within, validators, seen | {(base, reference)})
    for branch in schema.get("allOf", ()):
        yield from _applying(branch, base, validators, seen)


def default_of(schema: JsonSchema, base: str, validators: Validators) -> Any:
    """The nearest default; NONE where there is none."""
    return next((each["default"] for each, _ in _applying(schema, base, validators) if "default" in each), NONE)


class BodyDefaults:
    """What a JSON value of a schema is filled up with: worked out where a value first has something there."""

    __slots__ = ("_base", "_items", "_known", "_properties", "_schema", "_validators")

    def __init__(self, schema: JsonSchema, validators: Validators, base: str = "") -> None:
        self._schema = schema
        self._base = base
        self._validators = validators
        self._known = False
        self._properties: dict[str, tuple[Any, BodyDefaults]] = {}
        self._items: BodyDefaults | None = None

    def fill(self, value: Any) -> bool:
        """Adds what is missing to `value`, in place; whether there was anything."""
        filled = False
        if isinstance(value, dict):
            for name, (default, below) in self._worked_out()._properties.items():
                if name in value:
                    filled = below.fill(value[name]) or filled
                elif default is not NONE:
                    value[name] = copy.deepcopy(default)
                    filled = True
        elif isinstance(value, list):
            items = self._worked_out()._items
            for item in value if items is not None else ():
                assert items is not None
                filled = items.fill(item) or filled
        return filled

    def _worked_out(self) -> "BodyDefaults":
        if self._known:
            return self
        self._known = True
        for schema, base in _applying(self._schema, self._base, self._validators):
            for name, member in schema.get("properties", {}).items():
                default = default_of(member, base, self._validators)
                if name not in self._properties or self._properties[name][0] is NONE:
                    self._properties[name] = (default, BodyDefaults(member, self._validators, base))
            if "items" in schema and self._items is None:
                self._items = BodyDefaults(schema["items"], self._validators, base)
        return self


class ParameterDefaults:
    """What an operation's query and header parameters are filled up with."""

    __slots__ = ("_missing",)

    def __init__(self, operation: Operation, validators: Validators) -> None:
        self._missing: list[tuple[Parameter, Any, str]] = []
        for parameter in operation.parameters:
            default = default_of(parameter.schema, "", validators)
            if default is not NONE and parameter.location in _WRITTEN and not parameter.required:
                self._missing.append((parameter, default, _WRITTEN[parameter.location](parameter, default)))

    def fill(self, exchange: Exchange) -> None:
        """Adds those that are missing to `exchange.parameters`, and to what goes upstream."""
        for parameter, default, text in self._missing:
            values = exchange.parameters[parameter.location]
            if parameter.name in values:
                continue
            given = {location: dict(each) for location, each in exchange.parameters.items()}
            given[parameter.location][parameter.name] = copy.deepcopy(default)
            exchange.parameters = given
            forward = exchange.forwarded()
            if parameter.location == "header":
                forward.headers = [*forward.headers, (parameter.name.encode("ascii"), text.encode())]
            elif text:
                forward.query += (b"&" if forward.query else b"") + text.encode("ascii")


def _is_json(parameter: Parameter) -> bool:
    return parameter.content_type is not None and declares_json(parameter.content_type)


def _scalar(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _query_text(parameter: Parameter, value: Any) -> str:
    """The parameter as its style writes it (RFC 6570 §3.2.8)."""

    def plain(each: Any) -> str:
        return quote(_scalar(each), safe="")

    name, delimiter = plain(parameter.name), _DELIMITERS.get(parameter.style, ",")
    if _is_json(parameter):
        return f"{name}={quote(msgspec.json.encode(value), safe='')}"
    if isinstance(value, dict):
        pairs = [(plain(key), plain(each)) for key, each in value.items()]
        if parameter.style == "deepObject":
            return "&".join(f"{name}[{key}]={each}" for key, each in pairs)
        if parameter.explode:
            return "&".join(f"{key}={each}" for key, each in pairs)
        return f"{name}={delimiter.join(part for pair in pairs for part in pair)}"
    if isinstance(value, list):
        if parameter.explode:
            return "&".join(f"{name}={plain(each)}" for each in value)
        return f"{name}={delimiter.join(map(plain, value))}"
    return f"{name}={plain(value)}"


def _header_text(parameter: Parameter, value: Any) -> str:
    """As style `simple` writes it, which is the only one of header fields."""
    if _is_json(parameter):
        return msgspec.json.encode(value).decode()
    if isinstance(value, dict):
        joint = "=" if parameter.explode else ","
        return ",".join(f"{key}{joint}{_scalar(each)}" for key, each in value.items())
    return ",".join(map(_scalar, value)) if isinstance(value, list) else _scalar(value)


_WRITTEN: Final = {"query": _query_text, "header": _header_text}
"""A path parameter is never missing, and cookies are not sent on."""
