"""Which Odoo field stands behind which property, and how its value is converted: decided by the schemas."""

from typing import Final, Literal, get_args

from contracts.documents.builder import quote
from contracts.documents.document import Node
from contracts.openapi.odoo.names import field_fault, model_fault
from contracts.openapi.references import References
from contracts.openapi.rules import Report
from contracts.openapi.schema_types import Types, types_of
from contracts.operations import OdooField, OdooValue

_VALUES: Final[tuple[str, ...]] = get_args(OdooValue)
_RELATION_ENDINGS: Final = ("_id", "_uid")
_NEVER_WRITTEN: Final = ("id", "create_date", "create_uid", "write_date", "write_uid", "display_name")


class FieldCompiler:
    """Compiles the `fields` of one mapping, nested ones too."""

    def __init__(self, references: References, report: Report) -> None:
        self._references = references
        self._report = report

    def compile(
        self, fields: Node, answer: Types | None, request: Types | None, *, complete: bool
    ) -> tuple[OdooField, ...]:
        """`answer` and `request` are the record's schemas; `complete`: every property of the request must go
        somewhere."""
        if not isinstance(fields.value, dict):
            self._report.add("odoo-mapping-invalid", fields.place, "`fields` maps properties to Odoo fields")
            return ()
        compiled = [
            found
            for name, node in fields.members()
            if (found := self._field(name, node, answer, request, complete=complete)) is not None
        ]
        self._check_complete(fields, answer, request, complete=complete)
        return tuple(compiled)

    def value_of(self, schema: Node, field: str) -> tuple[OdooValue | None, str]:
        """The conversion that a property's schema and the field's name call for, or why there is none."""
        types = types_of(schema, self._references)
        names = types.names - {"null"}
        if names == {"integer", "number"}:
            names = frozenset(("number",))
        if len(names) != 1:
            found = "no type" if not names else "the types " + ", ".join(sorted(names))
            return None, f"has {found}; a conversion needs exactly one (and `null`)"
        kind = next(iter(names))
        relation = field.endswith(_RELATION_ENDINGS)
        if kind == "string":
            if types.format == "date-time":
                return "datetime", ""
            if types.format == "date":
                return "date", ""
            if types.format == "byte" or types.encoding == "base64":
                return "binary", ""
            return ("reference-name" if relation else "text"), ""
        if kind == "integer":
            return ("reference-id" if relation else "integer"), ""
        if kind == "array":
            items = types_of(types.items, self._references).names - {"null"} if types.items else frozenset[str]()
            if items == {"integer"}:
                return "ids", ""
            return ("records", "") if items == {"object"} else (None, "is an array of neither objects nor ids")
        simple: dict[str, OdooValue] = {"number": "number", "boolean": "boolean", "object": "reference"}
        return simple[kind], ""

    def _field(
        self, name: str, node: Node, answer: Types | None, request: Types | None, *, complete: bool
    ) -> OdooField | None:
        long = isinstance(node.value, dict)
        field = node.text("field") if long else node.value
        fault = field_fault(field)
        if fault or not isinstance(field, str):
            self._report.add("odoo-name-invalid", (node.get("field") or node).place, fault)
            return None
        for key, member in node.members():
            if key not in ("field", "as", "model", "fields", "write"):
                self._report.add("odoo-mapping-invalid", member.key_place, f"a field has no key {quote(key)}")
        answered = answer.properties.get(name) if answer else None
        requested = request.properties.get(name) if request else None
        schema = answered or requested
        if schema is None:
            self._report.add(
                "odoo-field-not-in-schema",
                node.key_place,
                f"no schema of this operation has a property {quote(name)}",
            )
            return None
        value = self._value(name, node, schema, field)
        if value is None:
            return None
        if value == "reference":
            self._check_reference(name, schema)
        read_only = requested is None or types_of(requested, self._references).read_only
        unread = (answer is not None and answered is None) or types_of(schema, self._references).write_only
        model, nested = (
            self._records(node, answered, requested, complete=complete) if value == "records" else (None, ())
        )
        return OdooField(
            name=name,
            field=field,
            value=value,
            writable=not read_only and value != "reference-name" and field not in _NEVER_WRITTEN,
            readable=not unread,
            model=model,
            fields=nested,
            write=self._write(node, value),
        )

    def _write(self, node: Node, value: OdooValue) -> Literal["replace", "merge"]:
        """What a list of records does with those that it does not name."""
        written = node.get("write")
        if written is None or (value == "records" and written.value == "replace"):
            return "replace"
        if value != "records" or written.value != "merge":
            message = "`write` is `replace` or `merge`, of an array of objects"
            self._report.add("odoo-mapping-invalid", written.place, message)
        return "merge"

    def _value(self, name: str, node: Node, schema: Node, field: str) -> OdooValue | None:
        explicit = node.get("as")
        if explicit is None:
            value, fault = self.value_of(schema, field)
            if value is None:
                self._report.add("odoo-field-type", schema.place, f"the property {quote(name)} {fault}")
            return value
        for known in get_args(OdooValue):
            if explicit.value == known:
                return known  # type: ignore[no-any-return]
        self._report.add(
            "odoo-mapping-invalid", explicit.place, f"{quote(str(explicit.value))} is none of {', '.join(_VALUES)}"
        )
        return None

    def _records(
        self, node: Node, answered: Node | None, requested: Node | None, *, complete: bool
    ) -> tuple[str | None, tuple[OdooField, ...]]:
        model, fields = node.get("model"), node.get("fields")
        if model is None or fields is None:
            self._report.add(
                "odoo-mapping-invalid",
                node.place,
                "an array of objects needs the `model` and `fields` of its records",
            )
            return None, ()
        if fault := model_fault(model.value):
            self._report.add("odoo-name-invalid", model.place, fault)
        nested = self.compile(fields, self._items(answered), self._items(requested), complete=complete)
        return str(model.value), nested

    def _items(self, schema: Node | None) -> Types | None:
        items = types_of(schema, self._references).items if schema is not None else None
        return types_of(items, self._references) if items is not None else None

    def _check_reference(self, name: str, schema: Node) -> None:
        types = types_of(schema, self._references)
        for required, node in types.required.items():
            if required not in ("id", "name"):
                self._report.add(
                    "odoo-field-unmapped",
                    node.place,
                    f"{quote(name)} is a reference, of which there is `id` and `name`, but no {quote(required)}",
                )
        if types.closed and not {"id", "name"} <= types.properties.keys():
            self._report.add(
                "odoo-field-type", schema.place, f"{quote(name)} is a reference and must admit `id` and `name`"
            )

    def _check_complete(
        self, fields: Node, answer: Types | None, request: Types | None, *, complete: bool
    ) -> None:
        for name, node in (answer.required if answer else {}).items():
            schema = answer.properties.get(name) if answer else None
            if name not in fields.value and not (schema and types_of(schema, self._references).write_only):
                self._report.add(
                    "odoo-field-unmapped",
                    fields.key_place,
                    f"the answer requires {quote(name)} ({node.place}), and no Odoo field is mapped to it",
                )
        for name, schema in (request.properties if request and complete else {}).items():
            if name not in fields.value and not types_of(schema, self._references).read_only:
                self._report.add(
                    "odoo-field-unmapped",
                    fields.key_place,
                    f"the request admits {quote(name)} ({schema.place}), which no Odoo field would take",
                )
