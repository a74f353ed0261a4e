"""Values of parameters as the text of a request: what `policies.validation.parameter_styles` reads, written.

The styles are those of OpenAPI (OAS 3.1 §4.8.12.5, after RFC 6570). What an upstream could read differently than
it was meant is not written: a path segment that is empty, a dot segment, or has an encoded slash; a line break in
a header field.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from contracts.operations import Parameter
from policies.mapping.conversions import UnconvertibleError, text_of
from policies.mapping.exact_json import write_exact
from policies.validation.media_types import declares_json

Encode: TypeAlias = Callable[[str], str]

_AMBIGUOUS: Final = re.compile(r"[/\\\x00-\x1f\x7f]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_DELIMITERS: Final = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}


class UnwritableError(Exception):
    """A value that cannot stand where its parameter stands; the message names the parameter, not the value."""


def write_path(template: str, parameters: Mapping[str, Parameter], values: Mapping[str, Any]) -> str:
    """The path with all parameters of its template filled in. Raises UnwritableError."""
    return "/".join(
        _segment(parameters.get(segment[1:-1]), segment[1:-1], values) if segment.startswith("{") else segment
        for segment in template.split("/")
    )


def _segment(parameter: Parameter | None, name: str, values: Mapping[str, Any]) -> str:
    if name not in values or values[name] is None:
        raise UnwritableError(f"the path parameter {name!r} has no value")
    if parameter is None:
        parameter = Parameter(name, "path", "simple", explode=False, schema=True)
    text = _text(parameter, values[name], _in_path)
    if text in ("", ".", ".."):
        raise UnwritableError(f"the path parameter {name!r} would be no segment of its own")
    return text


def write_query(parameter: Parameter, value: Any) -> list[str]:
    """Pairs of a query, encoded; none for null. Raises UnwritableError."""
    if value is None:
        return []
    name = _in_query(parameter.name)
    if parameter.content_type is not None:
        return [f"{name}={_text(parameter, value, _in_query)}"]
    if parameter.style == "deepObject" and isinstance(value, dict):
        return [f"{name}%5B{_in_query(key)}%5D={_item(parameter, each, _in_query)}" for key, each in value.items()]
    if parameter.style == "form" and parameter.explode:
        if isinstance(value, list):
            return [f"{name}={_item(parameter, each, _in_query)}" for each in value]
        if isinstance(value, dict):
            return [f"{_in_query(key)}={_item(parameter, each, _in_query)}" for key, each in value.items()]
    return [f"{name}={_text(parameter, value, _in_query)}"]


def write_header(parameter: Parameter, value: Any) -> bytes | None:
    """The field's value; None for null. Raises UnwritableError."""
    if value is None:
        return None
    text = _text(parameter, value, str)
    if _CONTROL.search(text):
        raise UnwritableError(f"the header parameter {parameter.name!r} would have a control character")
    return text.encode("utf-8")


def _text(parameter: Parameter, value: Any, encode: Encode) -> str:
    if parameter.content_type is not None:
        if declares_json(parameter.content_type):
            return encode(write_exact(value).decode("utf-8"))
        return _item(parameter, value, encode)
    style, explode, name = parameter.style, parameter.explode, parameter.name
    if isinstance(value, list):
        items = [_item(parameter, each, encode) for each in value]
        if style == "matrix" and explode:
            return "".join(f";{name}={each}" for each in items)
        joined = _delimiter(style, explode).join(items)
    elif isinstance(value, dict):
        pairs = [(encode(key), _item(parameter, each, encode)) for key, each in value.items()]
        if explode and style == "matrix":
            return "".join(f";{key}={each}" for key, each in pairs)
        if explode:
            joined = _delimiter(style, explode).join(f"{key}={each}" for key, each in pairs)
        else:
            joined = _delimiter(style, explode).join(part for pair in pairs for part in pair)
    else:
        joined = _item(parameter, value, encode)
    if style == "label":
        return f".{joined}"
    return f";{name}={joined}" if style == "matrix" else joined


def _delimiter(style: str, explode: bool) -> str:
    return "." if style == "label" and explode else _DELIMITERS.get(style, ",")


def _item(parameter: Parameter, value: Any, encode: Encode) -> str:
    try:
        return encode("" if value is None else text_of(value))
    except UnconvertibleError:
        where = f"the {parameter.location} parameter {parameter.name!r}"
        raise UnwritableError(f"{where} has a value that its style cannot write") from None


def _in_query(text: str) -> str:
    return quote(text, safe="")


def _in_path(text: str) -> str:
    if _AMBIGUOUS.search(text):
        raise UnwritableError("a path parameter has a character that servers read differently")
    return quote(text, safe="")
