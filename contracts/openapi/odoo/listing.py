"""What the action `list` adds to an Odoo mapping: filters, order, sorting, paging, and the answer's shape."""

import re
from typing import Any, Final

from contracts.documents.builder import quote
from contracts.documents.document import Node
from contracts.openapi.odoo.fields import FieldCompiler
from contracts.openapi.odoo.names import COMPARISONS, MEMBERSHIPS, field_fault, order_fault
from contracts.openapi.references import References
from contracts.openapi.rules import Report
from contracts.openapi.schema_types import Types, types_of
from contracts.operations import OdooFilter

_FILTER: Final = re.compile(r"([^\[\]]+)(?:\[([^\[\]]+)\])?")
_OPERATORS: Final = (*COMPARISONS, *MEMBERSHIPS)
_MAXIMUM_LIMIT: Final = 10_000


def compile_list(
    mapping: Node,
    answer: Types | None,
    parameters: dict[tuple[str, str], Node],
    used: set[tuple[str, str]],
    references: References,
    report: Report,
) -> tuple[dict[str, Any], Types | None]:
    """The members of the backend, and the schema of one record. Adds the parameters that it uses to `used`."""
    compiler = _ListCompiler(mapping, parameters, used, references, report)
    shape, record = compiler.shape(answer)
    paging = compiler.paging()
    if ("cursor_parameter" in paging) != ("next_property" in shape):
        place = (mapping.get("paging") or mapping.get("next") or mapping).place
        message = "`cursor` of `paging` and `next` go together: a page tells where the next one begins"
        report.add("odoo-mapping-invalid", place, message)
    return {**compiler.filters(), **compiler.order(), **compiler.sort(), **paging, **shape}, record


class _ListCompiler:
    def __init__(
        self,
        mapping: Node,
        parameters: dict[tuple[str, str], Node],
        used: set[tuple[str, str]],
        references: References,
        report: Report,
    ) -> None:
        self.mapping, self.parameters, self.used = mapping, parameters, used
        self.references, self.report = references, report

    def shape(self, answer: Types | None) -> tuple[dict[str, Any], Types | None]:
        """Where the records and their number stand in the answer."""
        items, total, following = (self.mapping.get(key) for key in ("items", "total", "next"))
        members: dict[str, Any] = {}
        if answer is None:
            return members, None
        array: Types | None = answer
        for node, key in (
            (items, "item_property"),
            (total, "total_property"),
            (following, "next_property"),
        ):
            if node is None:
                continue
            schema = answer.properties.get(node.value) if isinstance(node.value, str) else None
            if schema is None:
                self.report.add(
                    "odoo-field-not-in-schema",
                    node.place,
                    f"the answer's schema has no property {quote(str(node.value))}",
                )
                array = None if node is items else array
                continue
            members[key] = node.value
            if node is items:
                array = types_of(schema, self.references)
            elif node is following:
                if types_of(schema, self.references).names != {"string", "null"}:
                    message = (
                        f"{quote(node.value)} is a cursor, or null on the last page: `type: [string, 'null']`"
                    )
                    self.report.add("odoo-field-type", schema.place, message)
            elif "integer" not in types_of(schema, self.references).names:
                self.report.add("odoo-field-type", schema.place, f"{quote(node.value)} counts: it is an integer")
        for name, place in answer.required.items():
            if name not in members.values():
                self.report.add(
                    "odoo-field-unmapped",
                    (items or self.mapping).key_place,
                    f"the answer requires {quote(name)} ({place.place}), none of `items`, `total` and `next`",
                )
        if array is None:
            return members, None
        if "array" not in array.names or array.items is None:
            hint = "" if items is not None else "; `items` names the property that holds them"
            self._invalid((items or self.mapping).place, f"the records of a list stand in an array{hint}")
            return members, None
        return members, types_of(array.items, self.references)

    def filters(self) -> dict[str, Any]:
        node = self.mapping.get("filters")
        if node is None:
            return {}
        if not isinstance(node.value, dict):
            self._invalid(node.place, "`filters` maps query parameters to conditions")
        found = [self._filter(name, member) for name, member in node.members()]
        return {"filters": tuple(item for item in found if item is not None)}

    def order(self) -> dict[str, Any]:
        node = self.mapping.get("order")
        if node is None:
            return {}
        if fault := order_fault(node.value):
            self._invalid(node.place, fault)
            return {}
        return {"order": ", ".join(part.strip() for part in node.value.split(","))}

    def sort(self) -> dict[str, Any]:
        node = self.mapping.get("sort")
        if node is None:
            return {}
        self._check_keys(node, ("parameter", "fields"))
        parameter, fields = node.get("parameter"), node.get("fields")
        if parameter is None or fields is None or not isinstance(fields.value, dict):
            self._invalid(node.place, "`sort` needs `parameter` and `fields`")
            return {}
        schema = self._parameter(parameter)
        for _, field in fields.members():
            if fault := field_fault(field.value):
                self.report.add("odoo-name-invalid", field.place, fault)
        if schema is not None:
            self._check_sort_values(schema, fields)
        pairs = tuple((name, str(field)) for name, field in fields.value.items())
        return {"sort_parameter": str(parameter.value), "sort_fields": pairs}

    def paging(self) -> dict[str, Any]:
        node = self.mapping.get("paging")
        if node is None:
            return {}
        self._check_keys(node, ("limit", "offset", "cursor", "default", "maximum"))
        members: dict[str, Any] = {}
        limits = self._declared_limits(node.get("limit"))
        for key in ("maximum", "default"):
            if (given := node.get(key)) is None:
                continue
            if isinstance(given.value, bool) or not isinstance(given.value, int) or not given.value >= 1:
                self._invalid(given.place, f"`{key}` is a positive integer")
            elif given.value > _MAXIMUM_LIMIT:
                self._invalid(given.place, f"`{key}` is at most {_MAXIMUM_LIMIT}")
            else:
                limits[key] = given.value
        if limits["default"] > limits["maximum"]:
            if node.get("default") is not None:
                self._invalid(node.place, "`default` is greater than `maximum`")
            limits["default"] = limits["maximum"]
        for key, member in (("limit", "limit_parameter"), ("offset", "offset_parameter")):
            if (given := node.get(key)) is None:
                continue
            schema = self._parameter(given)
            if schema is None:
                continue
            members[member] = given.value
            types = types_of(schema, self.references)
            if types.names != {"integer"}:
                self.report.add("odoo-field-type", schema.place, f"{quote(given.value)} is an integer")
            if key == "limit" and type(types.default) is int and types.default != limits["default"]:
                self._invalid(
                    (node.get("default") or given).place,
                    f"the default {limits['default']} is not the {types.default} of {quote(given.value)}",
                )
            if key == "limit" and types.maximum is not None and limits["maximum"] > types.maximum:
                self.report.add(
                    "odoo-paging-over-maximum",
                    (node.get("maximum") or given).place,
                    f"the maximum {limits['maximum']} is over {types.maximum}, that of {quote(given.value)}",
                )
        if (cursor := node.get("cursor")) is not None:
            schema = self._parameter(cursor)
            if schema is not None and types_of(schema, self.references).names != {"string"}:
                self.report.add("odoo-field-type", schema.place, f"{quote(cursor.value)} is text")
            members["cursor_parameter"] = str(cursor.value)
        return {**members, "default_limit": limits["default"], "maximum_limit": limits["maximum"]}

    def _declared_limits(self, limit: Node | None) -> dict[str, int]:
        """What the limit's own schema says holds where the mapping says nothing."""
        schema = self.parameters.get(("query", limit.value)) if limit and isinstance(limit.value, str) else None
        types = types_of(schema, self.references) if schema is not None else Types()
        declared = {"maximum": types.maximum, "default": types.default}
        usable = {key: n for key, n in declared.items() if type(n) is int and 1 <= n <= _MAXIMUM_LIMIT}
        return {"maximum": 100, "default": 20, **usable}

    def _filter(self, name: str, node: Node) -> OdooFilter | None:
        long = isinstance(node.value, dict)
        field = node.text("field") if long else node.value
        if long:
            self._check_keys(node, ("field", "operator"))
        fault = field_fault(field, dotted=True)
        if fault or not isinstance(field, str):
            self.report.add("odoo-name-invalid", (node.get("field") or node).place, fault)
            return None
        match = _FILTER.fullmatch(name)
        schema = self._query(match[1], node) if match else None
        if match is None or schema is None:
            if match is None:
                self._undeclared(node, name)
            return None
        if match[2] is not None:
            schema = types_of(schema, self.references).properties.get(match[2])
            if schema is None:
                self._undeclared(node, name)
                return None
        types = types_of(schema, self.references)
        several = "array" in types.names
        written = node.get("operator")
        operator = written.value if written is not None else ("in" if several else "=")
        place = (written or node).place
        if operator not in _OPERATORS:
            self._invalid(place, f"{quote(str(operator))} is none of {', '.join(_OPERATORS)}")
            return None
        if several != (operator in MEMBERSHIPS):
            kind = "an array" if several else "one value"
            self._invalid(place, f"{quote(name)} is {kind}, which does not go with the operator {quote(operator)}")
            return None
        one = types.items if several else schema
        value, fault = (
            FieldCompiler(self.references, self.report).value_of(one, "") if one else (None, "has no `items`")
        )
        if value is None or value in ("records", "ids", "reference"):
            self.report.add(
                "odoo-field-type", schema.place, f"the filter {quote(name)} {fault or 'is no plain value'}"
            )
            return None
        return OdooFilter(parameter=match[1], field=field, operator=operator, value=value, property=match[2])

    def _check_sort_values(self, schema: Node, fields: Node) -> None:
        types = types_of(schema, self.references)
        enums = [schema, *([types.items] if types.items is not None else [])]
        for holder in enums:
            followed = self.references.follow(holder)
            values = followed.get("enum") if followed is not None else None
            for value in values.items() if values is not None else ():
                if isinstance(value.value, str) and value.value.lstrip("+-") not in fields.value:
                    self._invalid(value.place, f"no field is mapped to sort by {quote(value.value)}")

    def _parameter(self, node: Node) -> Node | None:
        if not isinstance(node.value, str):
            self._undeclared(node, str(node.value))
            return None
        return self._query(node.value, node)

    def _query(self, name: str, node: Node) -> Node | None:
        schema = self.parameters.get(("query", name))
        if schema is None:
            self._undeclared(node, name)
            return None
        self.used.add(("query", name))
        return schema

    def _undeclared(self, node: Node, name: str) -> None:
        self.report.add("odoo-parameter-undeclared", node.key_place, f"there is no query parameter {quote(name)}")

    def _check_keys(self, node: Node, allowed: tuple[str, ...]) -> None:
        for key, member in node.members():
            if key not in allowed:
                self._invalid(
                    member.key_place, f"{quote(node.key)} has no key {quote(key)}; it takes {', '.join(allowed)}"
                )

    def _invalid(self, place: Any, message: str) -> None:
        self.report.add("odoo-mapping-invalid", place, message)
