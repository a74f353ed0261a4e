"""The files of an estate, key by key, from their types' JSON Schemas."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts import estate_files
from contracts.estate.schemas import KINDS, schema_of
from contracts.openapi import extensions
from contracts.openapi.odoo import mapping as odoo
from reference_pages.estate_keys import MEANINGS
from reference_pages.markup import code, escaped, prose, table

FILES: Final = {
    "estate": "ostiary.yaml",
    "teams": "teams.yaml",
    "consumers": "consumers.yaml",
    "api": "apis/<api>/api.yaml",
}

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """One type of a file: where it stands (empty for the file itself), and its schema."""

    kind: str
    path: str
    name: str
    schema: Schema

    @property
    def anchor(self) -> str:
        return "-".join([self.kind, *self.path.replace("<", "").replace(">", "").split(".")]).rstrip("-")


def page() -> str:
    """The files, then the extensions of OpenAPI."""
    parts = [
        "# Estate files\n",
        prose(estate_files.__doc__),
        (
            "Editors complete and check these files with the JSON Schemas that `ostiary schema --output DIR` "
            "writes; `ostiary init` writes them too, and points each file to its schema.\n"
        ),
    ]
    for kind in KINDS:
        parts.append(f"## {code(FILES[kind])} {{#{kind}}}\n")
        written = list(sections(kind))
        anchors = {section.name: section.anchor for section in written}
        parts += [_section(section, anchors) for section in written]
    parts += [
        "## Extensions of OpenAPI {#extensions}\n",
        prose(extensions.__doc__),
        "## `x-ostiary-odoo` {#x-ostiary-odoo}\n",
        prose((odoo.__doc__ or "").replace("`x-ostiary-odoo`: which", "Which"), language="yaml"),
        "[An API on Odoo](../guides/odoo.md) explains it by example.\n",
    ]
    return "\n".join(parts)


def sections(kind: str) -> Iterator[Section]:
    """The types of one kind of file, from the outside in. Raises KeyError for a key without a meaning."""
    definitions = schema_of(kind)["$defs"]
    pending = [("", schema_of(kind)["$ref"].rpartition("/")[2])]
    while pending:
        path, name = pending.pop(0)
        schema = definitions[name]
        if MEANINGS[name].keys() != schema["properties"].keys():
            raise KeyError(f"the keys of {name} and their meanings differ")
        yield Section(kind, path, name, schema)
        for key, value in schema["properties"].items():
            for suffix, reference in _references(value):
                pending.append((f"{path}.{key}{suffix}".lstrip("."), reference))


def _references(schema: Schema) -> Iterator[tuple[str, str]]:
    if "$ref" in schema:
        yield "", schema["$ref"].rpartition("/")[2]
    for each in schema.get("anyOf", ()):
        yield from _references(each)
    if isinstance(items := schema.get("items"), dict):
        yield from ((f"[]{suffix}", name) for suffix, name in _references(items))
    if isinstance(members := schema.get("additionalProperties"), dict):
        yield from (
            (f".<{_KEYS.get(members.get('$ref', ''), 'name')}>{suffix}", name)
            for suffix, name in _references(members)
        )


_KEYS: Final = {"#/$defs/VersionEntry": "version", "#/$defs/ApplicationEntry": "client-id"}


def _section(section: Section, anchors: Mapping[str, str]) -> str:
    required = section.schema.get("required", ())
    rows = (
        [
            code(key),
            kind_of(value, anchors),
            "required" if key in required else _default(value),
            escaped(MEANINGS[section.name][key]),
        ]
        for key, value in section.schema["properties"].items()
    )
    heading = f"### {code(section.path)} {{#{section.anchor}}}\n\n" if section.path else ""
    text = section.schema.get("description", "") if section.path else ""
    return f"{heading}{escaped(text)}\n\n{table(['Key', 'Type', 'Default', 'Meaning'], rows)}"


def kind_of(schema: Schema, anchors: Mapping[str, str]) -> str:
    """A JSON Schema in words."""
    match schema:
        case {"$ref": reference}:
            return f"[mapping](#{anchors[reference.rpartition('/')[2]]})"
        case {"anyOf": alternatives}:
            return " or ".join(kind_of(each, anchors) for each in alternatives)
        case {"enum": values}:
            return ", ".join(map(code, values))
        case {"description": description}:
            return str(description)
        case {"type": "array", "items": dict(items)}:
            return f"list of: {kind_of(items, anchors)}"
        case {"type": "object", "additionalProperties": dict(members)}:
            least = ", at least one" if schema.get("minProperties") else ""
            return f"by name: {kind_of(members, anchors)}{least}"
        case {"type": "null"}:
            return "`null`"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{schema['type']}, {low:g} to {high:g}" if high < 1e6 else f"{schema['type']}, {low} to {high}"
    bounds = [f", over {schema['exclusiveMinimum']:g}"] if "exclusiveMinimum" in schema else []
    bounds += [f", up to {high:g}"] if high is not None else []
    return "".join([str(schema["type"]), *bounds])


def _default(schema: Schema) -> str:
    value = schema.get("default")
    if value is None or value in ({}, [], (), ""):
        return "`null`" if value is None and "default" in schema else ""
    return code(f"{value:g}" if isinstance(value, float) else value)
