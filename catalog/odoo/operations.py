"""The operations of one resource: list, get, create, update, delete, and its business actions."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from catalog.odoo.filtering import filtering
from catalog.odoo.naming import action_of, camel, pascal, plural, resource_of, spaced
from catalog.odoo.schemas import MOST_ID, Property, Schema, mapping_of, object_of, request_of
from catalog.odoo.wanted import Wanted, WishError
from contracts.operations import is_claimed

PAGE: Final = (20, 100)
"""Records on a page: by default, and at most."""
MOST_OFFSET: Final = 100_000


class Resource:
    """One model on its way into a contract: paths and schemas. `domain` is added to every look-up, `context` to
    every call."""

    def __init__(
        self,
        wanted: Wanted,
        properties: Sequence[Property],
        filters: Sequence[str],
        domain: Sequence[Any],
        context: Mapping[str, Any],
    ) -> None:
        self.wanted = wanted
        self.one = resource_of(wanted.model.name)
        self.many = plural(self.one)
        self.properties = properties
        self.examples: dict[str, Any] = {}
        """By the name of a schema."""
        self._filters = filters
        self._domain = list(domain)
        self._context = dict(context)
        self._id = self.one.replace("-", "_") + "_id"
        self._noun = spaced(self.one)

    @property
    def scopes(self) -> dict[str, str]:
        """What the operations ask for, with what it means."""
        found = {}
        for operation in (*self.wanted.operations, *(["update"] if self.wanted.actions else [])):
            verb = {"list": "read", "get": "read", "delete": "delete"}.get(operation, "write")
            meaning = {"read": "Read", "write": "Create and change", "delete": "Delete"}[verb]
            found[self._scope(verb)] = f"{meaning} {spaced(self.many)}"
        return found

    def paths(self) -> dict[str, Any]:
        made = self.wanted.operations
        collection: dict[str, Any] = {}
        if "list" in made:
            collection["get"] = self._list()
        if "create" in made:
            collection["post"] = self._create()
        single: dict[str, Any] = {}
        if "get" in made:
            single["get"] = self._get()
        if "update" in made:
            single["patch"] = self._update()
        if "delete" in made:
            single["delete"] = self._delete()
        paths: dict[str, Any] = {}
        if collection:
            paths[f"/{self.many}"] = collection
        if single:
            paths[f"/{self.many}/{{{self._id}}}"] = {"parameters": [self._id_parameter()], **single}
        for method in self.wanted.actions:
            path = f"/{self.many}/{{{self._id}}}/{action_of(method)}"
            paths[path] = {"parameters": [self._id_parameter()], "post": self._call(method)}
        return paths

    def schemas(self) -> dict[str, Schema]:
        made = self.wanted.operations
        name = pascal(self.one)
        found: dict[str, Schema] = {}
        if {*made} - {"delete"} or self.wanted.actions:
            found[name] = object_of(self.properties, f"{_article(self._noun).capitalize()} {self._noun}.")
        if "list" in made:
            found[f"{name}Page"] = {
                "type": "object",
                "description": f"A page of {spaced(self.many)}.",
                "required": ["data", "total"],
                "properties": {
                    "data": {"type": "array", "items": _ref(name), "description": "Those on this page."},
                    "total": {"type": "integer", "minimum": 0, "description": "How many there are on all pages."},
                },
            }
        if "create" in made:
            found[f"New{name}"] = self._request(
                f"{_article(self._noun).capitalize()} {self._noun} to create.", True
            )
        if "update" in made:
            found[f"{name}Changes"] = self._request(f"What of the {self._noun} is to change.", False)
        for each, example in self.examples.items():
            if each in found:
                found[each]["examples"] = [example]
        return found

    def _request(self, description: str, creating: bool) -> Schema:
        schema = request_of(self.properties, description, creating=creating)
        if not schema["properties"]:
            what = "create" if creating else "update"
            raise WishError(
                f"--ops: no field of {self.wanted.model.name!r} that was named can be written, so no {what!r}"
            )
        return schema

    def _list(self) -> dict[str, Any]:
        parameters, filters = filtering(self.properties, self._filters)
        sortable = {
            each.name: each.facts.name
            for each in self.properties
            if each.answer is not None and each.facts.stored and each.facts.sortable and _sorts(each)
        }
        default, most = PAGE
        mapping = self._mapping(
            "list",
            fields=mapping_of(self.properties, reading=True, writing=False),
            filters=filters,
            order="id desc",
            sort={"parameter": "sort", "fields": sortable},
            paging={"limit": "limit", "offset": "offset", "default": default, "maximum": most},
            items="data",
            total="total",
        )
        parameters += [
            {
                "name": "sort",
                "in": "query",
                "description": "What to sort by, with a leading minus downwards; else the newest come first.",
                "schema": {"type": "string", "enum": [f"{sign}{name}" for name in sortable for sign in ("", "-")]},
            },
            {
                "name": "limit",
                "in": "query",
                "description": "The most records on a page.",
                "schema": {"type": "integer", "minimum": 1, "maximum": most, "default": default},
            },
            {
                "name": "offset",
                "in": "query",
                "description": "How many records to skip.",
                "schema": {"type": "integer", "minimum": 0, "maximum": MOST_OFFSET, "default": 0},
            },
        ]
        return self._operation(
            camel("list", self.many),
            f"List {spaced(self.many)}",
            "Those that match all the filters given, on pages.",
            "read",
            {"200": _answer(f"A page of {spaced(self.many)}.", _ref(pascal(self.one) + "Page"))},
            mapping,
            parameters=parameters,
        )

    def _get(self) -> dict[str, Any]:
        return self._operation(
            camel("get", self.one),
            f"Get one {self._noun}",
            f"The {self._noun} with this number.",
            "read",
            {"200": _answer(f"The {self._noun}.", _ref(pascal(self.one)))},
            self._mapping("get", id=self._id, fields=mapping_of(self.properties, reading=True, writing=False)),
            one=True,
        )

    def _create(self) -> dict[str, Any]:
        created = _answer(f"The {self._noun} as it was created.", _ref(pascal(self.one)))
        location = {
            "description": f"Where the {self._noun} is.",
            "schema": {"type": "string", "format": "uri-reference"},
        }
        created["headers"] = {"Location": location}
        return self._operation(
            camel("create", self.one),
            f"Create {_article(self._noun)} {self._noun}",
            "A value that a rule of the business refuses is answered with 422.",
            "write",
            {"201": created},
            self._mapping("create", fields=mapping_of(self.properties, reading=True, writing=True)),
            body=f"New{pascal(self.one)}",
            parameters=[_IDEMPOTENCY],
        )

    def _update(self) -> dict[str, Any]:
        return self._operation(
            camel("update", self.one),
            f"Change {_article(self._noun)} {self._noun}",
            "Changes the properties that are there; null empties one.",
            "write",
            {"200": _answer(f"The {self._noun} as it is now.", _ref(pascal(self.one)))},
            self._mapping("update", id=self._id, fields=mapping_of(self.properties, reading=True, writing=True)),
            body=pascal(self.one) + "Changes",
            one=True,
        )

    def _delete(self) -> dict[str, Any]:
        return self._operation(
            camel("delete", self.one),
            f"Delete {_article(self._noun)} {self._noun}",
            "One that others refer to, or that a rule of the business keeps, is answered with 422.",
            "delete",
            {"204": {"description": "It is gone."}},
            self._mapping("delete", id=self._id),
            one=True,
        )

    def _call(self, method: str) -> dict[str, Any]:
        action = spaced(action_of(method))
        return self._operation(
            camel(action_of(method), self.one),
            f"{action.capitalize()} {_article(self._noun)} {self._noun}",
            f"Runs Odoo's `{method}` on it. Where its state does not allow that, the answer is 422.",
            "write",
            {"200": _answer(f"The {self._noun} as it is now.", _ref(pascal(self.one)))},
            self._mapping(
                "call", method=method, id=self._id, fields=mapping_of(self.properties, reading=True, writing=False)
            ),
            parameters=[_IDEMPOTENCY],
            one=True,
        )

    def _operation(
        self,
        name: str,
        summary: str,
        description: str,
        verb: str,
        answers: dict[str, Any],
        mapping: dict[str, Any],
        *,
        parameters: Sequence[Any] = (),
        body: str = "",
        one: bool = False,
    ) -> dict[str, Any]:
        refusals = ["401", "403", *(["404"] if one else []), "422", "429"]
        made: dict[str, Any] = {
            "operationId": name,
            "tags": [self.many],
            "summary": summary,
            "description": description,
            "security": [{"oauth": [self._scope(verb)]}],
        }
        if parameters:
            made["parameters"] = list(parameters)
        if body:
            made["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(body)}}}
        made["responses"] = {
            **answers,
            **{status: {"$ref": f"#/components/responses/{REFUSALS[status][0]}"} for status in refusals},
        }
        made["x-ostiary-odoo"] = mapping
        return made

    def _mapping(self, action: str, **members: Any) -> dict[str, Any]:
        mapping = {"model": self.wanted.model.name, "action": action, **members}
        # What is new is looked up nowhere; it gets what the caller's token says it has to have.
        domain = [term for term in self._domain if is_claimed(term)] if action == "create" else self._domain
        if domain:
            mapping["domain"] = domain
        mapping["context"] = self._context
        return {key: value for key, value in mapping.items() if value not in ({}, "")}

    def _scope(self, verb: str) -> str:
        return f"{self.many}:{verb}"

    def _id_parameter(self) -> dict[str, Any]:
        return {
            "name": self._id,
            "in": "path",
            "required": True,
            "description": f"The number of the {self._noun} in Odoo.",
            "schema": {"type": "integer", "minimum": 1, "maximum": MOST_ID},
        }


REFUSALS: Final[Mapping[str, tuple[str, str]]] = {
    "401": ("Unauthorized", "The access token is missing or not valid."),
    "403": ("Forbidden", "The application may not do this."),
    "404": ("NotFound", "There is no such record."),
    "422": ("Unprocessable", "The request does not match the contract, or a rule of the business refuses it."),
    "429": ("TooManyRequests", "A limit of the plan is used up."),
}
"""The responses that operations share: name and description by status."""

_IDEMPOTENCY: Final = {"$ref": "#/components/parameters/IdempotencyKey"}


def _sorts(each: Property) -> bool:
    return each.facts.type not in ("many2one", "one2many", "many2many", "text", "html", "boolean")


def _answer(description: str, schema: Schema) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _ref(schema: str) -> Schema:
    return {"$ref": f"#/components/schemas/{schema}"}


def _article(noun: str) -> str:
    return "an" if noun[:1] in "aeiou" else "a"
