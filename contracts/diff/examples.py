"""A minimal before and after for each rule: what the documentation shows, and what the tests hold the rules to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import yaml

from contracts.diff.contents import MESSAGES
from contracts.diff.context import Options
from contracts.diff.schema_rules import SCHEMA_EXAMPLES

At = Literal["document", "operation", "webhook", "request-schema", "response-schema", "estate"]

EXAMPLE_OPTIONS: Final = Options(date(2026, 1, 1))
"""On which day, and with which notice, the examples are compared."""


class _Plain(yaml.CSafeDumper):
    """Without anchors: what stands twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class DiffExample:
    """`at` says what `base` and `revision` are; `others` are the rules that the pair cannot but show too."""

    at: At
    base: Any
    revision: Any
    others: tuple[str, ...] = ()

    @property
    def base_text(self) -> str:
        """The fragment before, as YAML."""
        return _dumped(self.base)

    @property
    def revision_text(self) -> str:
        """The fragment after, as YAML."""
        return _dumped(self.revision)

    def documents(self) -> tuple[str, str]:
        """Both documents whole, as YAML."""
        return _expanded(self.at, self.base), _expanded(self.at, self.revision)


@cache
def examples() -> Mapping[str, DiffExample]:
    """By rule, all that concern a pair of documents."""
    text = files("contracts.diff").joinpath("examples.yaml").read_text(encoding="utf-8")
    # The file is small and part of the program, so that the library's own reader does.
    written: dict[str, dict[str, Any]] = yaml.load(text, Loader=yaml.CSafeLoader)
    found = {
        rule: DiffExample(each["at"], each["base"], each["revision"], tuple(each.get("with", ())))
        for rule, each in written.items()
    }
    found.update(_parameters())
    found.update(_messages())
    found.update(_statuses())
    found.update(_headers())
    for rule, example in SCHEMA_EXAMPLES.items():
        at: At = "request-schema" if rule.startswith("request-") else "response-schema"
        found[rule] = DiffExample(at, _read(example.base), _read(example.revision), example.others)
    return found


def _read(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CSafeLoader)


def _expanded(at: At, fragment: Any) -> str:
    schemes = {
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "oauth": {
            "type": "oauth2",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": "https://id.example.com/token",
                    "scopes": {"read": "Read things", "write": "Write things"},
                }
            },
        },
    }
    cat = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}
    document: dict[str, Any] = {
        "openapi": "3.2.0",
        "info": {"title": "Things", "version": "1"},
        "components": {"securitySchemes": schemes, "schemas": {"Cat": cat, "Dog": cat}},
    }
    operation: dict[str, Any] = {"responses": {"200": {"description": "OK"}}}
    content = {"application/json": {"schema": fragment}}
    path: dict[str, Any] = {"/things": {"post": operation}}
    if at == "document":
        document |= {"paths": path, **fragment}
    elif at == "webhook":
        document["webhooks"] = {"changed": {"post": operation | fragment}}
    else:
        if at == "operation":
            operation |= fragment
        elif at == "request-schema":
            operation["requestBody"] = {"required": True, "content": content}
        else:
            operation["responses"] = {"200": {"description": "OK", "content": content}}
        document["paths"] = path
    return _dumped(document)


def _dumped(value: Any) -> str:
    text: str = yaml.dump(value, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100)
    return text.removesuffix("...\n")


def _parameters() -> Iterator[tuple[str, DiffExample]]:
    for place in ("query", "header", "cookie", "querystring"):
        for prefix, at in (("", "operation"), ("outgoing-", "webhook")):
            if not (prefix and place == "querystring"):
                for rule, base, revision in _of_parameter(place):
                    yield f"{prefix}{place}-parameter-{rule}", DiffExample(at, base, revision)  # type: ignore[arg-type]


def _of_parameter(place: str) -> Iterator[tuple[str, Any, Any]]:
    name = "X-Sort" if place == "header" else "sort"

    def with_(**members: Any) -> dict[str, Any]:
        if place == "querystring":
            value: dict[str, Any] = {"content": {"application/json": {"schema": {"type": "object"}}}}
        else:
            value = {"schema": {"type": "array", "items": {"type": "string"}}}
        merged = {"name": name, "in": place, **value, **members}
        return {"parameters": [{key: member for key, member in merged.items() if member is not None}]}

    plain, required, deprecated = with_(), with_(required=True), with_(deprecated=True)
    yield "added-required", {}, required
    yield "added-optional", {}, plain
    yield "removed", plain, {}
    yield "removed-after-sunset", with_(deprecated=True, **{"x-sunset": "2025-12-31"}), {}
    yield "became-required", plain, required
    yield "became-optional", required, plain
    yield "deprecated", plain, deprecated
    yield "undeprecated", deprecated, plain
    xml = {"application/xml": {"schema": {"type": "object"}}}
    in_json = with_(schema=None, content={"application/json": {"schema": {"type": "object"}}})
    yield "media-type-changed", in_json, with_(schema=None, content=xml)
    if place == "querystring":
        return
    yield "explode-changed", with_(explode=True), with_(explode=False)
    in_json = with_(schema=None, content={"application/json": {"schema": {"type": "array"}}})
    yield "serialisation-changed", plain, in_json
    if place == "query":
        yield "style-changed", with_(explode=False), with_(style="pipeDelimited", explode=False)
        yield "reserved-allowed", plain, with_(allowReserved=True)
        yield "reserved-forbidden", with_(allowReserved=True), plain
        yield "empty-allowed", plain, with_(allowEmptyValue=True)
        yield "empty-forbidden", with_(allowEmptyValue=True), plain
    elif place == "cookie":
        yield "style-changed", plain, with_(style="cookie", explode=True)


def _messages() -> Iterator[tuple[str, DiffExample]]:
    def body(content: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
        return {"requestBody": {"required": required, "content": content}}

    def answer(content: dict[str, Any]) -> dict[str, Any]:
        return {"responses": {"200": {"description": "OK", "content": content}}}

    json: dict[str, Any] = {"application/json": {}}
    both: dict[str, Any] = {"application/json": {}, "application/xml": {}}
    wide: dict[str, Any] = {"application/*": {}}
    form, either = (
        {"multipart/form-data": {"encoding": {"scan": {"contentType": types}}}}
        for types in ("image/png", "image/png, image/jpeg")
    )
    exploded, joined = (
        {"application/x-www-form-urlencoded": {"encoding": {"tags": {"explode": explode}}}}
        for explode in (True, False)
    )
    for name, _, _ in MESSAGES:
        at: At = "webhook" if name.startswith("outgoing") else "operation"
        make = answer if name.endswith("response") else body
        yield f"{name}-media-type-added", DiffExample(at, make(json), make(both))
        yield f"{name}-media-type-removed", DiffExample(at, make(both), make(json))
        yield f"{name}-media-range-narrowed", DiffExample(at, make(wide), make(json))
        yield f"{name}-media-range-widened", DiffExample(at, make(json), make(wide))
        yield f"{name}-encoding-type-added", DiffExample(at, make(form), make(either))
        yield f"{name}-encoding-type-removed", DiffExample(at, make(either), make(form))
        yield f"{name}-encoding-changed", DiffExample(at, make(exploded), make(joined))
    for name, at in (("request", "operation"), ("outgoing-request", "webhook")):
        required, optional = body(json), body(json, required=False)
        yield f"{name}-body-added-required", DiffExample(at, {}, required)
        yield f"{name}-body-added-optional", DiffExample(at, {}, optional)
        yield f"{name}-body-removed", DiffExample(at, optional, {})
        yield f"{name}-body-became-required", DiffExample(at, optional, required)
        yield f"{name}-body-became-optional", DiffExample(at, required, optional)


def _statuses() -> Iterator[tuple[str, DiffExample]]:
    few = {"responses": {"200": {"description": "OK"}}}
    for name, status in (
        ("informational", "103"),
        ("success", "202"),
        ("redirection", "303"),
        ("client-error", "409"),
        ("server-error", "503"),
        ("default", "default"),
    ):
        more = {"responses": {"200": {"description": "OK"}, status: {"description": "Another outcome"}}}
        yield f"response-{name}-status-added", DiffExample("operation", few, more)
        yield f"response-{name}-status-removed", DiffExample("operation", more, few)


def _headers() -> Iterator[tuple[str, DiffExample]]:
    def with_(**members: Any) -> dict[str, Any]:
        header = {"schema": {"type": "array", "items": {"type": "string"}}, **members}
        kept = {key: member for key, member in header.items() if member is not None}
        return {"responses": {"200": {"description": "OK", "headers": {"X-Next": kept}}}}

    none = {"responses": {"200": {"description": "OK"}}}
    plain, required, deprecated = with_(), with_(required=True), with_(deprecated=True)
    pairs = (
        ("added-required", none, required),
        ("added-optional", none, plain),
        ("removed-required", required, none),
        ("removed-optional", plain, none),
        ("removed-after-sunset", with_(deprecated=True, **{"x-sunset": "2025-12-31"}), none),
        ("became-required", plain, required),
        ("became-optional", required, plain),
        ("explode-changed", plain, with_(explode=True)),
        ("serialisation-changed", plain, with_(schema=None, content={"application/json": {}})),
        (
            "media-type-changed",
            with_(schema=None, content={"application/json": {}}),
            with_(schema=None, content={"application/xml": {}}),
        ),
        ("deprecated", plain, deprecated),
        ("undeprecated", deprecated, plain),
    )
    for action, base, revision in pairs:
        yield f"response-header-{action}", DiffExample("operation", base, revision)
        yield f"outgoing-response-header-{action}", DiffExample("webhook", base, revision)
