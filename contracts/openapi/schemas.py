"""Schemas of a contract, rewritten into JSON Schema 2020-12 for one direction and bundled over files.

OAS 3.0 has a dialect of its own: `nullable`, boolean `exclusiveMinimum` and `exclusiveMaximum`, and nothing
beside `$ref`. OAS 3.1 and 3.2 are 2020-12 already. Annotations are left out: what stays is what is enforced,
what policies act on (`default` and `readOnly` in requests), and in responses how values are classified.

A `readOnly` property is not required in a request, nor a `writeOnly` one in a response (OAS 3.1 §4.8.24.2);
if it is there all the same it is validated like any other. That holds for the `required` of the object that
declares the property and of its `allOf` branches; a branch by `$ref` that only lists names keeps them all.

Every schema that a `$ref` names becomes a member of one resource per direction, whose `$id` is
`urn:ostiary:<api>:<version>:<direction>`; operations hold their outermost schemas, which refer into it.
"""

import re
from collections import deque
from itertools import chain
from pathlib import PurePosixPath
from typing import Any, Final

from contracts.documents.builder import quote
from contracts.documents.document import Node, tokens_of
from contracts.openapi.classification import CLASSIFICATION
from contracts.openapi.dialect import apply_format, modernise
from contracts.openapi.keywords import NAMED_SCHEMAS, ONE_SCHEMA, SAME_OBJECT, SCHEMAS, VALUES
from contracts.openapi.patterns import pattern_fault
from contracts.openapi.references import Key, References, has_reference, key_of
from contracts.openapi.rules import Report
from contracts.operations import Direction, JsonSchema

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
DIALECTS: Final = frozenset(
    (
        DIALECT,
        DIALECT + "#",
        "https://spec.openapis.org/oas/3.1/dialect/base",
        "https://spec.openapis.org/oas/3.1/dialect/2024-11-10",
        "https://spec.openapis.org/oas/3.2/dialect/2025-09-17",
    )
)
_NOTHING: Final[frozenset[str]] = frozenset()
_UNSUPPORTED: Final = frozenset(
    ("$id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveRef", "$recursiveAnchor", "$vocabulary")
)
_TOLD: Final[dict[Direction, frozenset[str]]] = {
    "request": frozenset(("default", "readOnly")),
    "response": frozenset((CLASSIFICATION,)),
}
"""Annotations that are kept: policies act on them."""
_INERT: Final = frozenset(("nullable", "dependencies", "additionalItems", "id"))


class SchemaBundle:
    """The schemas of one contract in one direction."""

    def __init__(self, references: References, uri: str, direction: Direction, report: Report) -> None:
        self.uri = uri
        self.legacy = references.legacy
        self.hidden_flag = "readOnly" if direction == "request" else "writeOnly"
        self.sources: list[tuple[Node, JsonSchema]] = []
        self._classified = direction == "response"
        self._told = _TOLD[direction]
        self._references = references
        self._report = report
        self._names: dict[Key, str] = {}
        self._pending: deque[Node] = deque()
        self._members: dict[str, JsonSchema] = {}
        components = references.entry.at("/components/schemas")
        own = components.value if components is not None and isinstance(components.value, dict) else {}
        self._reserved = {_safe(str(name)) for name in own}
        self._used: set[str] = set()

    def inline(self, node: Node) -> JsonSchema:
        """An operation's own schema; its references are absolute."""
        schema = self._schema(node, self.uri)
        self.sources.append((node, schema))
        return schema

    def resource(self) -> dict[str, Any]:
        """The resource with every schema that was referred to so far, directly or not."""
        while self._pending:
            node = self._pending.popleft()
            schema = self._schema(node, "")
            self._members[self._names[key_of(node)]] = schema
            self.sources.append((node, schema))
        members = dict(sorted(self._members.items()))
        return {"$schema": DIALECT, "$id": self.uri, "components": {"schemas": members}}

    def _reference(self, target: Node, base: str) -> str:
        key = key_of(target)
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = self._new_name(target)
            self._pending.append(target)
        return f"{base}#/components/schemas/{name}"

    def _new_name(self, target: Node) -> str:
        tokens = tokens_of(target.pointer)
        own = target.document is self._references.entry
        stem = _safe(PurePosixPath(target.document.file).name.split(".")[0])
        short = _safe(".".join(t for t in tokens if t not in ("components", "schemas", "properties"))) or stem
        if own and tokens[:2] == ["components", "schemas"] and len(tokens) == 3:
            candidates = [short]
        else:
            candidates = [short, f"{stem}.{short}"]
            candidates = [name for name in candidates if name not in self._reserved]
        for name in chain(candidates, (f"{stem}.{short}-{number}" for number in range(2, 1_000_000))):
            if name not in self._used:
                self._used.add(name)
                return name
        raise AssertionError("a million schemas of one name")

    def _schema(self, node: Node, base: str, hidden: frozenset[str] = _NOTHING) -> JsonSchema:
        if not isinstance(node.value, dict):
            return bool(node.value)
        result: dict[str, Any] = {}
        if has_reference(node.value):
            target = self._references.target(node)
            if target is None:
                return True  # reported where it was resolved
            result["$ref"] = self._reference(target, base)
            if self.legacy:
                if self._classified and CLASSIFICATION in node.value:
                    result[CLASSIFICATION] = node.value[CLASSIFICATION]
                return result
        hidden |= self._hidden(node, set())
        for key, member in node.members():
            if key == "required":
                self._required(member, result, hidden)
            elif key == "pattern":
                if self._pattern(member, member.value, member):
                    result[key] = member.value
            elif key in VALUES or key in self._told:
                result[key] = member.value
            elif key in ONE_SCHEMA and isinstance(member.value, dict | bool):
                result[key] = self._schema(member, base, hidden if key in SAME_OBJECT else _NOTHING)
            elif key in SCHEMAS and isinstance(member.value, list):
                passed = hidden if key in SAME_OBJECT else _NOTHING
                result[key] = [self._schema(item, base, passed) for item in member.items()]
            elif key in NAMED_SCHEMAS and isinstance(member.value, dict):
                result[key] = {
                    name: self._schema(child, base)
                    for name, child in member.members()
                    if key != "patternProperties" or self._pattern(child, name, member)
                }
            elif key in ONE_SCHEMA or key in SCHEMAS or key in NAMED_SCHEMAS:
                result[key] = member.value  # of a wrong type: refused where schemas are compiled
            else:
                self._unenforced(key, member)
        if self.legacy:
            self._modernise(node, result)
        apply_format(result)
        return result

    def _required(self, member: Node, result: dict[str, Any], hidden: frozenset[str]) -> None:
        if not isinstance(member.value, list):
            result["required"] = member.value
        elif names := [name for name in member.value if not (isinstance(name, str) and name in hidden)]:
            result["required"] = names

    def _pattern(self, node: Node, pattern: Any, place: Node) -> bool:
        if not isinstance(pattern, str):
            return True  # of a wrong type: refused where schemas are compiled
        fault = pattern_fault(pattern)
        if fault:
            where = node.key_place if node is not place else node.place
            self._report.add("pattern-unsupported", where, f"the pattern {quote(pattern)} {fault}")
        return not fault

    def _unenforced(self, key: str, member: Node) -> None:
        if key in _UNSUPPORTED or (key == "$schema" and str(member.value) not in DIALECTS):
            self._report.add(
                "schema-keyword-unsupported",
                member.key_place,
                f"the schema keyword {quote(key)} is not supported in contracts"
                if key in _UNSUPPORTED
                else f"the dialect {quote(str(member.value))} is not supported; contracts use 2020-12",
            )
        elif key in _INERT and not self.legacy:
            hint = "; write `null` into `type`" if key == "nullable" else ""
            self._report.add(
                "keyword-without-effect",
                member.key_place,
                f"{quote(key)} has no effect in this version of OpenAPI{hint}",
            )

    def _modernise(self, node: Node, result: dict[str, Any]) -> None:
        nullable = node.get("nullable")
        if nullable is not None and nullable.value is True and not isinstance(result.get("type"), str):
            self._report.add(
                "keyword-without-effect",
                nullable.key_place,
                "`nullable` has no effect without a `type` beside it (OAS 3.0.4, Schema Object)",
            )
        modernise(result, nullable=nullable is not None and nullable.value is True)

    def _hidden(self, node: Node, seen: set[Key]) -> frozenset[str]:
        """The properties of an object that its messages in this direction need not have."""
        names: set[str] = set()
        if key_of(node) in seen:
            return _NOTHING
        seen.add(key_of(node))
        if has_reference(node.value):
            target = self._references.follow(node)
            if target is not None:
                names |= self._hidden(target, seen)
            if self.legacy:
                return frozenset(names)
        if (properties := node.get("properties")) is not None:
            names.update(name for name, child in properties.members() if self._is_hidden(child, set()))
        if (branches := node.get("allOf")) is not None:
            for branch in branches.items():
                names |= self._hidden(branch, seen)
        return frozenset(names)

    def _is_hidden(self, node: Node, seen: set[Key]) -> bool:
        if key_of(node) in seen:
            return False
        seen.add(key_of(node))
        if has_reference(node.value):
            target = self._references.target(node)
            if target is not None and self._is_hidden(target, seen):
                return True
            if self.legacy:
                return False
        if node.flag(self.hidden_flag):
            return True
        branches = node.get("allOf")
        return branches is not None and any(self._is_hidden(branch, seen) for branch in branches.items())


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)[-80:]
