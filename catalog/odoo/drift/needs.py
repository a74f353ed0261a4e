"""What mediated operations need of an Odoo: models, rights, methods, and fields with all that is done with them.

Each need knows its place: a JSON pointer into the contract, at the key or value that names it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from catalog.odoo.drift.schemas import Schemas
from contracts.documents.document import escape
from contracts.openapi.extensions import ODOO
from contracts.operations import ApiVersion, JsonSchema, OdooBackend, OdooField, OdooFilter, Operation, is_claimed

Use = Literal["read", "write", "filter", "order", "domain", "relation"]

_RIGHTS: Final[dict[str, tuple[str, ...]]] = {
    "list": ("read",),
    "get": ("read",),
    "create": ("create", "read"),
    "update": ("write", "read"),
    "delete": ("unlink", "read"),
    "call": ("read",),  # which more a business action needs, it alone knows
}


@dataclass(frozen=True, slots=True)
class FieldNeed:
    """One use of a field. `path` may lead through relations (`partner_id.country_id`). `kind` is the conversion of
    its values (`OdooValue`; empty: any), `relation` the model that it has to lead to (empty: any), `values` the
    texts that the contract enumerates (none: all are admitted)."""

    path: str
    pointer: str
    use: Use
    kind: str = ""
    relation: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Creates:
    """What is said of a new record: the fields that may be `given`, those that are `always`. `inverse_of` is the
    one2many (model and field) of whose records it is one: that Odoo fills in the way back."""

    pointer: str
    given: frozenset[str]
    always: frozenset[str]
    inverse_of: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Needs:
    """What one operation (or a guard) needs of one model. `methods` are names with their places."""

    operation: str
    model: str
    pointer: str
    rights: tuple[str, ...]
    fields: tuple[FieldNeed, ...] = ()
    methods: tuple[tuple[str, str], ...] = ()
    creates: Creates | None = None


def needs_of(version: ApiVersion, upstream: str) -> tuple[Needs, ...]:
    """Those of the operations that the upstream serves by a mapping; what is adapted to another version is found
    with that one."""
    schemas = Schemas(version)
    found: list[Needs] = []
    for operation in version.operations:
        backend = operation.backend
        if not isinstance(backend, OdooBackend) or backend.upstream != upstream or operation.adapted is not None:
            continue
        if backend.action != "rpc":
            found += _Mapping(operation, backend, schemas).needs()
    return tuple(found)


def domain_needs(domain: tuple[Any, ...], pointer: str) -> Iterator[FieldNeed]:
    """The fields of a domain's terms; its operators name none."""
    for index, term in enumerate(domain):
        if isinstance(term, list | tuple):
            yield FieldNeed(term[0], f"{pointer}/{index}", "domain")


def _content(backend: OdooBackend, pointer: str) -> Iterator[FieldNeed]:
    """The fields of a file that is the body of a call."""
    content = backend.content
    if content is not None:
        use: Use = "read" if backend.action == "get" else "write"
        yield FieldNeed(content.field, pointer, use, "binary")
        for beside in (content.type_field, content.name_field):
            if beside is not None:
                yield FieldNeed(beside, pointer, use, "text")


@dataclass(slots=True)
class _Mapping:
    """One operation."""

    operation: Operation
    backend: OdooBackend
    schemas: Schemas
    nested: list[Needs] = field(default_factory=list)

    def needs(self) -> list[Needs]:
        """That of the operation's own model first."""
        backend, at = self.backend, f"{self.operation.pointer}/{ODOO}"
        answer = self.schemas.answered(self.operation, backend)
        writing = backend.action in ("create", "update")
        request = self.schemas.requested(self.operation, backend) if writing else None
        fields = [*self._fields(backend.fields, f"{at}/fields", backend.model, answer, request)]
        fields += _content(backend, f"{at}/content")
        fields += domain_needs(backend.domain, f"{at}/domain")
        fields += [self._filter(each, at) for each in backend.filters]
        fields += [FieldNeed(term.split()[0], f"{at}/order", "order") for term in backend.order.split(",")]
        fields += [
            FieldNeed(path, f"{at}/sort/fields/{escape(name)}", "order") for name, path in backend.sort_fields
        ]
        methods = () if backend.method is None else ((backend.method, f"{at}/method"),)
        own = Needs(
            self.operation.id, backend.model, f"{at}/model", _RIGHTS[backend.action], tuple(fields), methods
        )
        if backend.action == "create":
            forced = [term[0] for term in backend.domain if is_claimed(term)]
            own = replace(own, creates=self._creates(backend.fields, f"{at}/fields", request, forced))
        return [own, *self.nested]

    def _fields(
        self,
        fields: tuple[OdooField, ...],
        at: str,
        model: str,
        answer: JsonSchema | None,
        request: JsonSchema | None,
    ) -> Iterator[FieldNeed]:
        for each in fields:
            pointer = f"{at}/{escape(each.name)}"
            shown = self.schemas.property(answer, each.name) if answer is not None else None
            sent = self.schemas.property(request, each.name) if request is not None else None
            relation = each.model or ""
            if each.readable:
                yield FieldNeed(each.field, pointer, "read", each.value, relation, self.schemas.texts(shown))
            if each.writable and sent is not None:
                yield FieldNeed(each.field, pointer, "write", each.value, relation, self.schemas.texts(sent))
            if each.value == "records" and each.model is not None:
                self._records(each, pointer, model, self.schemas.items(shown), self.schemas.items(sent))

    def _records(
        self, each: OdooField, at: str, model: str, answer: JsonSchema | None, request: JsonSchema | None
    ) -> None:
        """The model of the records in a record: they are read, and written with it."""
        assert each.model is not None
        written = each.writable and request is not None
        rights = ["read"]
        if written:
            rights.append("create")
            if self.backend.action == "update":
                rights += ["write", *(("unlink",) if each.write == "replace" else ())]
        before = len(self.nested)
        fields = tuple(self._fields(each.fields, f"{at}/fields", each.model, answer, request if written else None))
        made = Needs(self.operation.id, each.model, f"{at}/model", tuple(rights), fields)
        if written:
            creates = self._creates(each.fields, f"{at}/fields", request, ())
            made = replace(made, creates=replace(creates, inverse_of=(model, each.field)))
        self.nested.insert(before, made)

    def _creates(self, fields: tuple[OdooField, ...], at: str, request: JsonSchema | None, forced: Any) -> Creates:
        required = self.schemas.required(request) if request is not None else frozenset[str]()
        given = {each.field: each.name for each in fields if each.writable}
        always = {path for path, name in given.items() if name in required}
        return Creates(at, frozenset((*given, *forced)), frozenset((*always, *forced)))

    def _filter(self, each: OdooFilter, at: str) -> FieldNeed:
        key = each.parameter if each.property is None else f"{each.parameter}[{each.property}]"
        schema: JsonSchema | None = None
        for parameter in self.operation.parameters:
            if parameter.location == "query" and parameter.name == each.parameter:
                schema = parameter.schema
        if schema is not None and each.property is not None:
            schema = self.schemas.property(schema, each.property)
        pointer = f"{at}/filters/{escape(key)}"
        return FieldNeed(each.field, pointer, "filter", each.value, values=self.schemas.texts(schema))
