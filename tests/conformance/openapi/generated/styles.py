"""Values written as RFC 6570 and OpenAPI's table of styles have it, by neither our code nor openapi-core's."""

import json
from typing import Any
from urllib.parse import quote

_DELIMITERS = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}


def plain(value: Any) -> str:
    """A scalar as text."""
    return value if isinstance(value, str) else json.dumps(value)


def in_query(name: str, value: Any, style: str, explode: bool) -> str:
    """A query parameter, or a pair of a form."""
    if style == "content":
        return f"{name}={_quoted(json.dumps(value))}"
    if isinstance(value, list):
        if explode:
            return "&".join(f"{name}={_quoted(each)}" for each in value)
        return f"{name}={_DELIMITERS.get(style, ',').join(map(_quoted, value))}"
    if isinstance(value, dict):
        if style == "deepObject":
            return "&".join(f"{name}[{_quoted(key)}]={_quoted(each)}" for key, each in value.items())
        if explode:
            return "&".join(f"{_quoted(key)}={_quoted(each)}" for key, each in value.items())
        return f"{name}={_DELIMITERS.get(style, ',').join(_flat(value, _quoted))}"
    return f"{name}={_quoted(value)}"


def in_path(name: str, value: Any, style: str, explode: bool) -> str:
    """A segment of a path."""
    if style == "simple":
        return _simple(value, explode, _quoted)
    if style == "label":
        return "." + _simple(value, explode, _quoted, "." if explode else ",")
    if explode and isinstance(value, list):
        return "".join(f";{name}={_quoted(each)}" for each in value)
    if explode and isinstance(value, dict):
        return "".join(f";{_quoted(key)}={_quoted(each)}" for key, each in value.items())
    return f";{name}={_simple(value, False, _quoted)}"


def in_header(value: Any, style: str, explode: bool) -> str:
    """A header field's value, which is not percent-encoded."""
    return json.dumps(value) if style == "content" else _simple(value, explode, plain)


def _quoted(value: Any) -> str:
    return quote(plain(value), safe="")


def _flat(value: dict[str, Any], write: Any) -> list[str]:
    return [part for key, each in value.items() for part in (write(key), write(each))]


def _simple(value: Any, explode: bool, write: Any, delimiter: str = ",") -> str:
    if isinstance(value, list):
        return delimiter.join(map(write, value))
    if isinstance(value, dict):
        if explode:
            return delimiter.join(f"{write(key)}={write(each)}" for key, each in value.items())
        return delimiter.join(_flat(value, write))
    return str(write(value))
