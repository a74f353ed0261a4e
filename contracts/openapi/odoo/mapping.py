"""`x-ostiary-odoo`: which Odoo model serves an operation, and only what is named here is ever asked of it.

::

    x-ostiary-odoo:
      model: sale.order
      action: list              # list, get, create, update, delete, or call
      method: action_confirm    # of `call`: a public method, run on the one record
      id: order_id              # of get, update, delete and call: the path parameter with the record's id
      fields:                   # property of the record's schema: Odoo field
        number: name
        customer: partner_id
        lines: {field: order_line, model: sale.order.line, fields: {product: product_id}}   # `write: merge`
        invoiced: {field: invoice_status, as: text}
      domain: [[company_id, "=", 1]]      # added to every look-up; no request can widen it
                                # `{claim: partner_id}` in place of a value is that claim of the caller's token
      context: {lang: en_US}              # sent with every call; chosen by the request, among what is declared, is
                                # `{claim: company, as: reference-id}`, `{query: tz}` or
                                # `{header: Accept-Language, of: [en_US, nl_BE], default: en_US}`
      content: {field: datas, media-type: mimetype, file-name: name}
                                # of `get` and `update`: a binary field is the body
      etag: true                # answers have entity tags, If-Match is heeded; `required`: a write needs one
      # of `list` only:
      filters: {status: state, "created[from]": {field: date_order, operator: ">="}}
      order: date_order desc, id desc
      sort: {parameter: sort, fields: {ordered_at: date_order}}
      paging: {limit: limit, offset: offset, default: 20, maximum: 100}   # else as the limit's schema says
      items: data               # the answer's property with the records; without it the answer is the array
      next: next                # with `cursor` in `paging`: the property with the cursor of the next page, or null
      total: total              # the answer's property with the number of all matches

The schema of a property decides how its value is converted: `string` by its format (`date-time`, `date`, else
text), `integer`, `number`, `boolean`; of a many2one (a field that ends in `_id` or `_uid`) an object is
`{id, name}`, an integer the id, a string the name; an array of integers is a list of ids, an array of objects
needs `model` and `fields` of its own; a string with `contentEncoding: base64` is a binary field. `as` overrides
that. A property can be written if the request's schema has it and does not call it `readOnly`.
`name[property]` names a property of a `deepObject` parameter.
"""

import difflib
from typing import Any, Final, get_args

from contracts.documents.builder import quote
from contracts.documents.document import Node
from contracts.openapi.media_types import is_json
from contracts.openapi.odoo.claims import with_kinds, write_faults
from contracts.openapi.odoo.content import compile_content
from contracts.openapi.odoo.context import compile_context
from contracts.openapi.odoo.cursors import order_faults
from contracts.openapi.odoo.fields import FieldCompiler
from contracts.openapi.odoo.listing import compile_list
from contracts.openapi.odoo.names import domain_fault, method_fault, model_fault
from contracts.openapi.references import References
from contracts.openapi.rules import Report
from contracts.openapi.schema_types import Types, types_of
from contracts.operations import OdooAction, OdooBackend, OdooContent, OdooField

_ACTIONS: Final[tuple[OdooAction, ...]] = get_args(OdooAction)
_COMMON: Final = ("model", "action", "fields", "domain", "context")
_LIST_KEYS: Final = ("filters", "order", "sort", "paging", "items", "total", "next")
_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "list": (*_COMMON, *_LIST_KEYS),
    "get": (*_COMMON, "id", "etag", "content"),
    "create": (*_COMMON, "etag"),
    "update": (*_COMMON, "id", "etag", "content"),
    "delete": (*_COMMON, "id", "etag"),
    "call": (*_COMMON, "id", "method", "etag"),
}
_ANSWERING: Final = ("list", "get")
_WRITING: Final = ("create", "update")
_MOST_CREATED: Final = 1000
_CONDITIONAL: Final = ("update", "delete", "call")

Parameters = dict[tuple[str, str], Node]


def compile_odoo(
    mapping: Node, item: Node, operation: Node, upstream: str, references: References, report: Report
) -> OdooBackend:
    """The backend that an operation's mapping describes; what is wrong with it is reported."""
    return _Compiler(mapping, item, operation, references, report).run(upstream)


class _Compiler:
    def __init__(self, mapping: Node, item: Node, operation: Node, references: References, report: Report) -> None:
        self.mapping, self.operation, self.references, self.report = mapping, operation, references, report
        self.parameters = self._parameters(item, operation)
        self.used: set[tuple[str, str]] = set()
        self.id_fault = False
        self.bulk = False
        self.fields = FieldCompiler(references, report)
        self.content: OdooContent | None = None

    def run(self, upstream: str) -> OdooBackend:
        action = self._action()
        model = self._name("model", model_fault)
        if action is None:
            return OdooBackend(upstream=upstream, model=model, action="get")
        self.bulk = action == "create" and self._takes_array()
        self.content = compile_content(self.mapping, action, self.operation, self.references, self.report)
        status, answer = self._answer(action)
        context, choices = compile_context(
            self.mapping.get("context"), self.parameters, self.used, self.references, self.report
        )
        compiled: dict[str, Any] = {
            "upstream": upstream,
            "model": model,
            "action": action,
            "method": self._method(action),
            "id_parameter": self._id(action),
            "domain": self._domain(),
            "context": context,
            "choices": choices,
            "success_status": status,
            "etag": self._etag(action),
            "bulk": self.bulk,
            "content": self.content,
        }
        record = answer
        if action == "list":
            listing, record = compile_list(
                self.mapping, answer, self.parameters, self.used, self.references, self.report
            )
            compiled |= listing
        compiled["fields"] = self._fields(action, record)
        if action in _WRITING:
            domain = self.mapping.get("domain") or self.mapping
            for fault in write_faults(action, compiled["domain"], compiled["fields"]):
                self._invalid(domain.key_place, fault)
        if compiled.get("cursor_parameter") is not None:
            orders = (compiled.get("order", "id"), *(field for _, field in compiled.get("sort_fields", ())))
            for fault in order_faults(orders, compiled["fields"], record, self.references):
                self._invalid((self.mapping.get("paging") or self.mapping).place, fault)
        self._check_unused()
        return OdooBackend(**compiled)

    def _action(self) -> OdooAction | None:
        node = self.mapping.get("action")
        if node is None or node.value not in _ACTIONS:
            place = self.mapping.place if node is None else node.place
            given = "is missing" if node is None else f"is {quote(str(node.value))}"
            self._invalid(place, f"`action` {given}; it is one of {', '.join(_ACTIONS)}")
            return None
        action: OdooAction = node.value
        for key, member in self.mapping.members():
            if key in _KEYS[action]:
                continue
            everywhere = sorted({name for names in _KEYS.values() for name in names})
            if key in everywhere:
                self._invalid(member.key_place, f"the action `{action}` takes no {quote(key)}")
            else:
                close = difflib.get_close_matches(key, everywhere, n=1)
                hint = f"; did you mean {quote(close[0])}?" if close else ""
                self._invalid(member.key_place, f"there is no key {quote(key)}{hint}")
        return action

    def _name(self, key: str, fault_of: Any) -> str:
        node = self.mapping.get(key)
        if node is None:
            self._invalid(self.mapping.place, f"`{key}` is missing")
            return ""
        if fault := fault_of(node.value):
            self.report.add("odoo-name-invalid", node.place, fault)
        return str(node.value)

    def _method(self, action: str) -> str | None:
        return self._name("method", method_fault) if action == "call" else None

    def _id(self, action: str) -> str | None:
        if "id" not in _KEYS[action]:
            return None
        node = self.mapping.get("id")
        if node is None or not isinstance(node.value, str):
            self._invalid(self.mapping.place, f"the action `{action}` needs `id`, the path parameter with the id")
            self.id_fault = True
            return None
        schema = self.parameters.get(("path", node.value))
        if schema is None:
            self.id_fault = True
            self.report.add(
                "odoo-parameter-undeclared", node.place, f"there is no path parameter {quote(node.value)}"
            )
            return node.value
        self.used.add(("path", node.value))
        if types_of(schema, self.references).names != {"integer"}:
            self.report.add(
                "odoo-field-type", schema.place, f"{quote(node.value)} is a record's id: its type is `integer`"
            )
        return node.value

    def _domain(self) -> tuple[Any, ...]:
        node = self.mapping.get("domain")
        if node is None:
            return ()
        fault, index = domain_fault(node.value)
        if fault:
            place = node.place if index is None else node.document.place(f"{node.pointer}/{index}")
            self._invalid(place, fault)
            return ()
        return with_kinds(node.value)

    def _etag(self, action: str) -> str:
        node = self.mapping.get("etag")
        if node is None or node.value is False:
            return "none"
        if self._is_file(action):
            # Odoo tells `write_date` in whole seconds, and there is nothing else that a tag could be made of.
            self._invalid(node.place, "a `content` has no entity tag")
            return "none"
        if node.value is True:
            return "offered"
        if node.value != "required" or action not in _CONDITIONAL:
            values = "true or `required`" if action in _CONDITIONAL else "true"
            self._invalid(node.place, f"`etag` of the action `{action}` is {values}")
        return "required"

    def _answer(self, action: str) -> tuple[int, Types | None]:
        """The status of success, and what the schema of its JSON body says (None without one)."""
        responses = self.operation.get("responses")
        for status, written in responses.members() if responses is not None else ():
            if not status.startswith("2"):
                continue
            code = int(status) if status.isdecimal() else (201 if action == "create" else 200)
            schema = self._json_schema(written)
            if self._is_file(action):
                return code, None
            if schema is None and action in _ANSWERING:
                self._invalid(written.key_place, f"the answer of `{action}` needs a JSON schema")
            answer = types_of(schema, self.references) if schema is not None else None
            if answer is not None and self.bulk:
                if answer.names != {"array"} or answer.items is None:
                    self._invalid(written.key_place, "an array of new records is answered with one, of `items`")
                return code, types_of(answer.items, self.references) if answer.items is not None else None
            if answer is not None and action == "delete":
                self._invalid(written.key_place, "the action `delete` answers with nothing; declare no content")
            elif answer is not None and action != "list" and answer.names and "object" not in answer.names:
                self._invalid(written.key_place, f"the action `{action}` answers with one record: an object")
            return code, answer
        self._invalid((responses or self.operation).key_place, "no response with a 2xx status is declared")
        return 200, None

    def _is_file(self, action: str) -> bool:
        return action == "get" and self.content is not None

    def _fields(self, action: OdooAction, answer: Types | None) -> tuple[OdooField, ...]:
        request = self._request(action)
        node = self.mapping.get("fields")
        if node is None:
            if action != "delete" and (answer is not None or request is not None):
                self._invalid(self.mapping.place, f"the action `{action}` needs `fields` for its schemas")
            return ()
        return self.fields.compile(node, answer, request, complete=True)

    def _request(self, action: OdooAction) -> Types | None:
        """What the schema of the request's JSON body says, for an action that writes it."""
        written = self.operation.get("requestBody")
        if action not in _WRITING:
            if written is not None:
                message = f"a request body is declared, and the action `{action}` does nothing with it"
                self.report.add("odoo-parameter-unmapped", self.mapping.key_place, message)
            return None
        if self.content is not None:
            return None
        schema = self._json_schema(written)
        if schema is None:
            self._invalid(self.mapping.place, f"the action `{action}` needs a request body with a JSON schema")
            return None
        holder = self.references.follow(written)
        content = holder.get("content") if holder is not None else None
        for name, media in content.members() if content is not None else ():
            if not is_json(name):
                self._invalid(media.key_place, f"the action `{action}` takes JSON only, and not {quote(name)}")
        types = types_of(schema, self.references)
        if not self.bulk:
            return types
        if types.items is None:
            self._invalid(schema.place, "an array of new records has a schema of its `items`")
        return types_of(types.items, self.references) if types.items is not None else None

    def _takes_array(self) -> bool:
        """Whether a create takes many records. How many is bounded by the contract: Odoo itself would take all."""
        schema = self._json_schema(self.operation.get("requestBody"))
        if schema is None or types_of(schema, self.references).names != {"array"}:
            return False
        followed = self.references.follow(schema)
        most = followed.get("maxItems") if followed is not None else None
        if most is None or type(most.value) is not int or not 1 <= most.value <= _MOST_CREATED:
            self._invalid(
                (most or schema).place, f"an array of new records has `maxItems`, at most {_MOST_CREATED}"
            )
        return True

    def _json_schema(self, written: Node | None) -> Node | None:
        holder = self.references.follow(written)
        content = holder.get("content") if holder is not None else None
        for name, media in content.members() if content is not None else ():
            followed = self.references.follow(media)
            if is_json(name) and followed is not None:
                return followed.get("schema")
        return None

    def _parameters(self, item: Node, operation: Node) -> Parameters:
        """The schemas of all parameters by location and name."""
        found: Parameters = {}
        for holder in (item, operation):
            parameters = holder.get("parameters")
            for written in parameters.items() if parameters is not None else ():
                node = self.references.follow(written)
                schema = node.get("schema") if node is not None else None
                name, location = (node.text("name"), node.text("in")) if node is not None else (None, None)
                if schema is not None and name and location:
                    found[location, name] = schema
        return found

    def _check_unused(self) -> None:
        for location, name in self.parameters:
            if (location, name) in self.used:
                continue
            message = f"the {location} parameter {quote(name)} is declared, and the mapping does nothing with it"
            if location == "query":
                self.report.add("odoo-parameter-unmapped", self.mapping.key_place, message)
            elif location == "path" and not self.id_fault:
                # A resource below another one would answer with everybody's records.
                self._invalid(self.mapping.key_place, message)

    def _invalid(self, place: Any, message: str) -> None:
        self.report.add("odoo-mapping-invalid", place, message)
