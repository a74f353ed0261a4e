"""What is compared: each kind of value in each place and style that OpenAPI defines for it, one operation each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tests.conformance.openapi.generated.bodies import BODIES, Body
from tests.conformance.openapi.generated.kinds import COMPOSITES, KINDS, SCALARS, Kind

URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"


@dataclass(frozen=True)
class Subject:
    """One operation with one parameter `x`, one property `x` of a form, or one JSON body."""

    operation: str
    place: str
    """`path`, `query`, `header`, `cookie`, `form`, `parts` or `body`."""
    style: str
    explode: bool
    kind: Kind | Body

    @property
    def path(self) -> str:
        return f"/{self.operation}/{{x}}" if self.place == "path" else f"/{self.operation}"

    def described(self, legacy: bool) -> dict[str, Any]:
        """The operation object; `legacy`: with a schema of OAS 3.0."""
        operation: dict[str, Any] = {"operationId": self.operation, "responses": {"200": {"description": "OK"}}}
        schema = as_in_3_0(self.kind.schema) if legacy else self.kind.schema
        if self.place == "body":
            operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
        elif self.place in ("form", "parts"):
            media: dict[str, Any] = {
                "schema": {"type": "object", "properties": {"x": schema}, "additionalProperties": False}
            }
            if self.style:
                media["encoding"] = {"x": {"style": self.style, "explode": self.explode}}
            content = {URLENCODED if self.place == "form" else MULTIPART: media}
            operation["requestBody"] = {"required": True, "content": content}
        elif self.style == "content":
            content = {"application/json": {"schema": schema}}
            operation["parameters"] = [{"name": "x", "in": self.place, "content": content}]
        else:
            name = "X-X" if self.place == "header" else "x"
            operation["parameters"] = [
                {
                    "name": name,
                    "in": self.place,
                    "style": self.style,
                    "explode": self.explode,
                    "required": self.place == "path",
                    "schema": schema,
                }
            ]
        return operation

    @property
    def method(self) -> str:
        return "post" if self.place in ("body", "form", "parts") else "get"


_FORMS: Final = ((True, "form"), (False, "form"))


def _ways() -> Iterator[tuple[str, str, bool, tuple[Kind, ...]]]:
    for style in ("simple", "label", "matrix"):
        yield "path", style, False, KINDS
        yield "path", style, True, KINDS
    for explode, style in _FORMS:
        yield "query", style, explode, KINDS
        yield "form", style, explode, KINDS
    for style in ("spaceDelimited", "pipeDelimited"):
        yield "query", style, False, COMPOSITES
        yield "form", style, False, COMPOSITES
    objects = tuple(kind for kind in COMPOSITES if kind.composite == "object")
    yield "query", "deepObject", True, objects
    yield "form", "deepObject", True, objects
    yield "query", "content", False, COMPOSITES
    yield "header", "content", False, COMPOSITES
    yield "header", "simple", False, KINDS
    yield "header", "simple", True, KINDS
    # Exploded, an array would be several cookies of one name, which OpenAPI advises against and leaves at that.
    yield "cookie", "form", False, KINDS
    yield "cookie", "form", True, SCALARS
    yield "form", "", True, KINDS
    yield "parts", "", True, KINDS


def _subjects() -> Iterator[Subject]:
    for place, style, explode, kinds in _ways():
        for kind in kinds:
            words = (place, style or "typed", "exploded" if explode else "flat", kind.name)
            yield Subject("_".join(words), place, style, explode, kind)
    for body in BODIES:
        yield Subject(f"body_{body.name}", "body", "", False, body)


SUBJECTS: Final = tuple(_subjects())


def as_in_3_0(schema: Any) -> Any:
    """The schema in the dialect of OAS 3.0: `nullable`, and bounds whose exclusion is a flag."""
    if isinstance(schema, list):
        return [as_in_3_0(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if {"type": "null"} in schema.get("anyOf", ()):
        return {**schema["anyOf"][0], "nullable": True}
    made = {key: as_in_3_0(value) for key, value in schema.items()}
    for bound in ("Minimum", "Maximum"):
        if f"exclusive{bound}" in made:
            made[bound.lower()], made[f"exclusive{bound}"] = made[f"exclusive{bound}"], True
    return made


def contract(subjects: tuple[Subject, ...], openapi: str = "3.1.0") -> dict[str, Any]:
    """An OpenAPI document with an operation for each of them."""
    legacy = openapi.startswith("3.0")
    paths = {each.path: {each.method: each.described(legacy)} for each in subjects}
    return {
        "openapi": openapi,
        "info": {"title": "Generated", "version": "1"},
        "servers": [{"url": "/styles"}],
        "security": [],
        "paths": paths,
    }
