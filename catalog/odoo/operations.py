"""The operations of one resource: list, get, create, update, delete, and its business actions."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from catalog.odoo.files import MOST_BYTES, File, files_of
from catalog.odoo.filtering import filtering
from catalog.odoo.naming import action_of, camel, pascal, plural, resource_of, spaced
from catalog.odoo.offers import ETAG, IF_NONE_MATCH, Offers, if_match, paging_of, sort_parameter, sortable
from catalog.odoo.schemas import MOST_ID, Property, Schema, mapping_of, object_of, request_of
from catalog.odoo.shared import IDEMPOTENCY, REFUSALS, answer, article, ref
from catalog.odoo.wanted import Wanted, WishError
from contracts.operations import is_claimed

PAGE: Final = (20, 100)
"""Records on a page: by default, and at most."""

_CONDITIONAL: Final = ("update", "delete", "call")


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
        offers: Offers,
    ) -> None:
        self.wanted = wanted
        self._offers = offers
        self._etag = offers.etag if "get" in wanted.operations else "none"
        self._files = files_of(wanted.model, wanted.fields)
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
        changing = [*(["update"] if self.wanted.actions else []), *(["get"] if self._shown else [])]
        for operation in (*self.wanted.operations, *changing):
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
        if "create" in made and self._offers.bulk:
            paths[f"/{self.many}/batch"] = {"post": self._batch()}
        if single:
            paths[f"/{self.many}/{{{self._id}}}"] = {"parameters": [self._id_parameter()], **single}
        for method in self.wanted.actions:
            path = f"/{self.many}/{{{self._id}}}/{action_of(method)}"
            paths[path] = {"parameters": [self._id_parameter()], "post": self._call(method)}
        for file in self._files:
            methods = {"get": self._download(file)} if file in self._shown else {}
            methods |= {"put": self._upload(file)} if file.writable and "update" in made else {}
            if methods:
                path = f"/{self.many}/{{{self._id}}}/{file.path}"
                paths[path] = {"parameters": [self._id_parameter()], **methods}
        return paths

    @property
    def _shown(self) -> list[File]:
        reading = {"list", "get"}.intersection(self.wanted.operations)
        return [each for each in self._files if each.readable and reading]

    def schemas(self) -> dict[str, Schema]:
        made = self.wanted.operations
        name = pascal(self.one)
        found: dict[str, Schema] = {}
        if {*made} - {"delete"} or self.wanted.actions:
            found[name] = object_of(self.properties, f"{article(self._noun).capitalize()} {self._noun}.")
        if "list" in made:
            found[f"{name}Page"] = {
                "type": "object",
                "description": f"A page of {spaced(self.many)}.",
                "required": ["data", "total"],
                "properties": {
                    "data": {"type": "array", "items": ref(name), "description": "Those on this page."},
                    "total": {"type": "integer", "minimum": 0, "description": "How many there are on all pages."},
                },
            }
            if self._offers.by_cursor:
                page = found[f"{name}Page"]
                page["required"].append("next")
                about = "To go on behind this page, as `after`; null on the last."
                page["properties"]["next"] = {"type": ["string", "null"], "description": about}
        if "create" in made:
            found[f"New{name}"] = self._request(
                f"{article(self._noun).capitalize()} {self._noun} to create.", True
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
        fields = sortable(self.properties, self._offers)
        paging, paged = paging_of(self._offers, PAGE)
        mapping = self._mapping(
            "list",
            fields=mapping_of(self.properties, reading=True, writing=False),
            filters=filters,
            order="id desc",
            sort={"parameter": "sort", "fields": fields} if fields else {},
            paging=paging,
            items="data",
            total="total",
            next="next" if self._offers.by_cursor else "",
        )
        parameters += [*([sort_parameter(fields)] if fields else []), *paged]
        return self._operation(
            camel("list", self.many),
            f"List {spaced(self.many)}",
            "Those that match all the filters given, on pages.",
            "read",
            {"200": answer(f"A page of {spaced(self.many)}.", ref(pascal(self.one) + "Page"))},
            mapping,
            parameters=parameters,
        )

    def _get(self) -> dict[str, Any]:
        answers = {"200": self._tagged(answer(f"The {self._noun}.", ref(pascal(self.one))))}
        if self._etag != "none":
            answers["304"] = {"description": "It is still the one that the `ETag` is of."}
        return self._operation(
            camel("get", self.one),
            f"Get one {self._noun}",
            f"The {self._noun} with this number.",
            "read",
            answers,
            self._mapping("get", id=self._id, fields=mapping_of(self.properties, reading=True, writing=False)),
            parameters=[IF_NONE_MATCH] if self._etag != "none" else (),
            one=True,
        )

    def _create(self) -> dict[str, Any]:
        created = answer(f"The {self._noun} as it was created.", ref(pascal(self.one)))
        location = {
            "description": f"Where the {self._noun} is.",
            "schema": {"type": "string", "format": "uri-reference"},
        }
        created["headers"] = {"Location": location, **(ETAG if self._etag != "none" else {})}
        return self._operation(
            camel("create", self.one),
            f"Create {article(self._noun)} {self._noun}",
            "A value that a rule of the business refuses is answered with 422.",
            "write",
            {"201": created},
            self._mapping("create", fields=mapping_of(self.properties, reading=True, writing=True)),
            body=ref(f"New{pascal(self.one)}"),
            parameters=[IDEMPOTENCY],
        )

    def _batch(self) -> dict[str, Any]:
        new, most = f"New{pascal(self.one)}", self._offers.bulk
        taken: Schema = {"type": "array", "minItems": 1, "maxItems": most, "items": ref(new)}
        if new in self.examples:
            taken["examples"] = [[self.examples[new]]]
        made = {"type": "array", "maxItems": most, "items": ref(pascal(self.one))}
        mapping = self._mapping("create", fields=mapping_of(self.properties, reading=True, writing=True))
        mapping.pop("etag", None)  # of many there is none
        return self._operation(
            camel("create", self.many),
            f"Create {spaced(self.many)}",
            "All of them, or none. The answer is in the order of the request.",
            "write",
            {"200": answer(f"The {spaced(self.many)} as they were created.", made)},
            mapping,
            body=taken,
            parameters=[IDEMPOTENCY],
        )

    def _update(self) -> dict[str, Any]:
        return self._operation(
            camel("update", self.one),
            f"Change {article(self._noun)} {self._noun}",
            "Changes the properties that are there; null empties one.",
            "write",
            {"200": self._tagged(answer(f"The {self._noun} as it is now.", ref(pascal(self.one))))},
            self._mapping(
                "update",
                id=self._id,
                fields=mapping_of(self.properties, reading=True, writing=True, merge=self._offers.merge),
            ),
            body=ref(pascal(self.one) + "Changes"),
            parameters=self._conditions,
            one=True,
        )

    def _delete(self) -> dict[str, Any]:
        return self._operation(
            camel("delete", self.one),
            f"Delete {article(self._noun)} {self._noun}",
            "One that others refer to, or that a rule of the business keeps, is answered with 422.",
            "delete",
            {"204": {"description": "It is gone."}},
            self._mapping("delete", id=self._id),
            parameters=self._conditions,
            one=True,
        )

    def _call(self, method: str) -> dict[str, Any]:
        action = spaced(action_of(method))
        return self._operation(
            camel(action_of(method), self.one),
            f"{action.capitalize()} {article(self._noun)} {self._noun}",
            f"Runs Odoo's `{method}` on it. Where its state does not allow that, the answer is 422.",
            "write",
            {"200": self._tagged(answer(f"The {self._noun} as it is now.", ref(pascal(self.one))))},
            self._mapping(
                "call", method=method, id=self._id, fields=mapping_of(self.properties, reading=True, writing=False)
            ),
            parameters=[IDEMPOTENCY, *self._conditions],
            one=True,
        )

    def _download(self, file: File) -> dict[str, Any]:
        return self._operation(
            camel("get", self.one, file.path),
            f"Get the {file.noun} of one {self._noun}",
            file.about,
            "read",
            {"200": {"description": f"The {file.noun}.", "content": {file.media_type: {}}}},
            self._mapping("get", id=self._id, content=file.content(reading=True)),
            one=True,
        )

    def _upload(self, file: File) -> dict[str, Any]:
        made = self._operation(
            camel("put", self.one, file.path),
            f"Set the {file.noun} of one {self._noun}",
            "Takes the place of the one that is there.",
            "write",
            {"204": {"description": "It is there."}},
            self._mapping("update", id=self._id, content=file.content(reading=False)),
            parameters=self._conditions,
            one=True,
        )
        made["requestBody"] = {"required": True, "content": {file.media_type: {}}}
        made["x-ostiary-limit"] = {"max-body": MOST_BYTES}
        return made

    @property
    def _conditions(self) -> list[Any]:
        """What a change takes so that nobody's is lost."""
        return [] if self._etag == "none" else [if_match(self._etag)]

    def _tagged(self, response: dict[str, Any]) -> dict[str, Any]:
        return response if self._etag == "none" else {**response, "headers": dict(ETAG)}

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
        body: Schema | None = None,
        one: bool = False,
    ) -> dict[str, Any]:
        guarded = any(each.get("name") == "If-Match" for each in parameters)
        refusals = ["401", "403", *(["404"] if one else []), *(["412"] if guarded else []), "422", "429"]
        refusals += ["428"] if guarded and self._etag == "required" else []
        keyed = IDEMPOTENCY in parameters
        refusals += ["409"] if keyed else []
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
            made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
        made["responses"] = {
            **answers,
            **{status: {"$ref": f"#/components/responses/{REFUSALS[status][0]}"} for status in refusals},
        }
        made["x-ostiary-odoo"] = mapping
        if keyed:
            made["x-ostiary-policies"] = {"idempotency": {}}
        return made

    def _mapping(self, action: str, **members: Any) -> dict[str, Any]:
        mapping = {"model": self.wanted.model.name, "action": action, **members}
        # What is new is looked up nowhere; it gets what the caller's token says it has to have.
        domain = [term for term in self._domain if is_claimed(term)] if action == "create" else self._domain
        if domain:
            mapping["domain"] = domain
        mapping["context"] = self._context
        if self._etag != "none" and action != "list" and not (action == "get" and "content" in members):
            mapping["etag"] = "required" if self._etag == "required" and action in _CONDITIONAL else True
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
