"""A call put together from what somebody typed: only where the contract has a place for it. No I/O.

Values go out as they were typed, so that one sees what the gateway says to wrong ones. What could make of them
another request is encoded, or refused: a line break, a field that is the connection's or says who calls.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import msgspec

from contracts.estate.versioning import how_chosen
from contracts.operations import ApiVersion, Operation, Parameter

MAX_BODY: Final = 32_768
"""Characters of a body: as many as a form of the portal can hold, encoded."""
_MAX_VALUE: Final = 4_096
_SAFE: Final = "!$'()*,;:@~"
_FIELD: Final = re.compile(r"[\x20-\x7e]*")
_COOKIE: Final = re.compile(r"[!#-+\--:<-\[\]-~]*")
_NOT_TYPED: Final = re.compile(
    r"(?i)authorization|proxy-.*|host|cookie|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|"
    r"content-(length|type|encoding)|dpop|forwarded|x-forwarded-.*|via|x-api-key|signature(-input)?"
)


class Typed(msgspec.Struct, frozen=True):
    """What was typed: values of parameters by place and name, a body, and its media type."""

    parameters: Mapping[str, Mapping[str, str]] = {}
    body: str | None = None
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """A request but for who makes it. `target` is path and query, encoded."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Fault:
    """What cannot be sent, by a JSON pointer into the call that was asked for."""

    pointer: str
    rule: str
    message: str

    def violation(self) -> dict[str, str]:
        return {"in": "body", "pointer": self.pointer, "rule": self.rule, "message": self.message}


def build(version: ApiVersion, operation: Operation, typed: Typed) -> Built | tuple[Fault, ...]:
    """The request, or all that is wrong with it."""
    faults = [*_unknown(operation, typed)]
    path, query = operation.path, []
    fields: list[tuple[str, str]] = []
    cookies: list[str] = []
    for parameter in operation.parameters:
        value = typed.parameters.get(parameter.location, {}).get(parameter.name, "")
        fault = _fault(parameter, value)
        if fault is not None:
            faults.append(fault)
        elif parameter.location == "path":
            path = path.replace(f"{{{parameter.name}}}", quote(value, safe=_SAFE))
        elif not value:
            continue
        elif parameter.location == "query":
            query += [f"{quote(parameter.name, safe='')}={each}" for each in _query_values(parameter, value)]
        elif parameter.location == "header":
            fields.append((parameter.name, value))
        else:
            cookies.append(f"{parameter.name}={value}")
    content_type = _content_type(operation, typed)
    if isinstance(content_type, Fault):
        faults.append(content_type)
    if faults or isinstance(content_type, Fault):
        return tuple(faults)
    name, _, chosen = how_chosen(version).partition(": ")
    if name and all(name.lower() != known.lower() for known, _ in fields):
        fields.append((name, chosen))
    if cookies:
        fields.append(("Cookie", "; ".join(cookies)))
    if content_type:
        fields.append(("Content-Type", content_type))
    target = version.base_path + path + ("?" + "&".join(query) if query else "")
    return Built(operation.method, target, tuple(fields), typed.body.encode() if typed.body else None)


def media_types(operation: Operation) -> tuple[str, ...]:
    """In which a body can be typed: those that the contract names whole, and that are text."""
    content = () if operation.body is None else operation.body.content
    names = (each.range for each in content if "*" not in each.range)
    return tuple(each for each in names if not each.startswith(("multipart/", "image/", "audio/", "video/")))


def _unknown(operation: Operation, typed: Typed) -> Iterable[Fault]:
    known = {(each.location, each.name) for each in operation.parameters}
    for place, values in typed.parameters.items():
        for name in values:
            if (place, name) not in known:
                yield Fault(
                    f"/parameters/{place}/{_token(name)}", "unknown", "The operation has no such parameter."
                )


def _fault(parameter: Parameter, value: str) -> Fault | None:
    pointer = f"/parameters/{parameter.location}/{_token(parameter.name)}"
    if len(value) > _MAX_VALUE:
        return Fault(pointer, "maxLength", f"At most {_MAX_VALUE} characters.")
    if parameter.location == "path" and not value:
        return Fault(pointer, "required", "The path needs a value here.")
    if parameter.location == "header":
        if value and _NOT_TYPED.fullmatch(parameter.name):
            return Fault(pointer, "reserved", "This field is set by who sends the request, and cannot be typed.")
        if not _FIELD.fullmatch(value):
            return Fault(pointer, "pattern", "A header field has visible characters of ASCII alone.")
    if parameter.location == "cookie" and not _COOKIE.fullmatch(value):
        return Fault(pointer, "pattern", "A cookie has no white space, quotes, commas or semicolons.")
    return None


def _query_values(parameter: Parameter, value: str) -> Sequence[str]:
    """An array that is written item by item is typed with commas."""
    is_array: Any = isinstance(parameter.schema, dict) and parameter.schema.get("type") == "array"
    parts = value.split(",") if is_array and parameter.explode and parameter.style == "form" else [value]
    return [quote(each, safe=_SAFE) for each in parts]


def _content_type(operation: Operation, typed: Typed) -> str | Fault | None:
    if not typed.body:
        return None
    known = media_types(operation)
    if not known:
        return Fault("/body", "unknown", "The operation takes no body that can be typed.")
    if len(typed.body) > MAX_BODY:
        return Fault("/body", "maxLength", f"At most {MAX_BODY} characters can be sent from here.")
    wanted = typed.content_type or known[0]
    if wanted not in known:
        return Fault("/content_type", "enum", f"One of {', '.join(known)}.")
    return wanted


def _token(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
