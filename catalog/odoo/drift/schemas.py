"""What a compiled contract's schemas say of a property: whether it is there, and the values that it enumerates."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from contracts.operations import ApiVersion, JsonSchema, MediaType, OdooBackend, Operation

_MOST_STEPS: Final = 64
"""References and branches that are followed at one place: schemas may refer to each other in circles."""


class Schemas:
    """The schemas of a version, with their references."""

    def __init__(self, version: ApiVersion) -> None:
        self._documents: Mapping[str, Any] = version.documents

    def answered(self, operation: Operation, backend: OdooBackend) -> JsonSchema | None:
        """The schema of one record in the answer; None where there is none."""
        statuses = (str(backend.success_status), f"{backend.success_status // 100}XX")
        for response in operation.responses:
            if response.status in statuses and (schema := _json(response.content)) is not None:
                if backend.item_property is not None:
                    schema = self.property(schema, backend.item_property) or False
                several = backend.bulk or backend.action == "list"
                return self._items(schema) if several else schema
        return None

    def requested(self, operation: Operation, backend: OdooBackend) -> JsonSchema | None:
        """The schema of one record in the request."""
        schema = None if operation.body is None else _json(operation.body.content)
        return self._items(schema) if backend.bulk and schema is not None else schema

    def property(self, schema: JsonSchema, name: str) -> JsonSchema | None:
        """The schema of a member of an object."""
        for branch in self._branches(schema):
            if name in branch.get("properties", {}):
                found: JsonSchema = branch["properties"][name]
                return found
        return None

    def items(self, schema: JsonSchema | None) -> JsonSchema | None:
        """The schema of an array's items."""
        return None if schema is None else self._items(schema)

    def required(self, schema: JsonSchema) -> frozenset[str]:
        """The members that an object has in any case."""
        found: set[str] = set()
        for branch in self._branches(schema, alternatives=False):
            found.update(branch.get("required", ()))
        return frozenset(found)

    def texts(self, schema: JsonSchema | None) -> tuple[str, ...]:
        """The texts that a schema (or, of an array, that of its items) enumerates; none where it admits others."""
        if schema is None:
            return ()
        for branch in self._branches(schema):
            values = branch.get("enum", [branch["const"]] if "const" in branch else None)
            if values is not None:
                return tuple(each for each in values if isinstance(each, str))
        items = self._items(schema)
        return self.texts(items) if items is not None else ()

    def _items(self, schema: JsonSchema) -> JsonSchema | None:
        for branch in self._branches(schema):
            if "items" in branch:
                found: JsonSchema = branch["items"]
                return found
        return None

    def _branches(self, schema: JsonSchema, *, alternatives: bool = True) -> Iterator[dict[str, Any]]:
        """The schema itself, and all that it refers to or is put together of."""
        waiting, steps = [schema], 0
        while waiting and steps < _MOST_STEPS:
            steps += 1
            one = waiting.pop(0)
            if not isinstance(one, dict):
                continue
            yield one
            if "$ref" in one:
                waiting.append(self._target(one["$ref"]))
            for keyword in ("allOf", *(("anyOf", "oneOf") if alternatives else ())):
                waiting += one.get(keyword, ())

    def _target(self, reference: str) -> JsonSchema:
        document, _, pointer = reference.partition("#")
        found: Any = self._documents.get(document, {})
        for token in pointer.split("/")[1:]:
            token = token.replace("~1", "/").replace("~0", "~")
            found = found.get(token, {}) if isinstance(found, dict) else {}
        return found if isinstance(found, dict | bool) else {}


def _json(content: tuple[MediaType, ...]) -> JsonSchema | None:
    return next((media.schema for media in content if media.schema is not None), None)
