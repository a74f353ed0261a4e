"""The methods every model has, with the signatures Odoo gives them.

The signatures are the interface: `/json/2` binds named arguments to them, and JSON-RPC reports the
`TypeError` Python makes of a call that does not fit.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeVar

from catalog.demo.odoo import grouping, mutation
from catalog.demo.odoo.domains import search
from catalog.demo.odoo.environment import Environment
from catalog.demo.odoo.errors import AccessError
from catalog.demo.odoo.models import Model
from catalog.demo.odoo.ordering import sort
from catalog.demo.odoo.values import readable_field, to_wire

Method = TypeVar("Method", bound=Callable[..., object])

Kind = Literal["model", "records"]
_KINDS: dict[object, Kind] = {}

PRIVATE = frozenset((
    "sudo", "with_user", "with_env", "with_context", "with_company", "browse", "init", "concat", "union",
    "filtered", "mapped", "sorted", "flush_model", "flush_recordset", "invalidate_model",
    "invalidate_recordset", "modified", "ensure_one", "fetch", "lock_for_update", "try_lock_for_update",
))  # fmt: skip
"""Methods Odoo has and refuses to everybody outside, besides those that start with an underscore."""


def on_model(method: Method) -> Method:
    """Mark a method that takes no records (`@api.model`)."""
    _KINDS[method] = "model"
    return method


def on_records(method: Method) -> Method:
    """Mark a method that takes records: ids are its first argument over RPC, `ids` over `/json/2`."""
    _KINDS[method] = "records"
    return method


def kind_of(method: object) -> Kind | None:
    """Whether a method takes records; `None` if it is none of Odoo's."""
    return _KINDS.get(method)


class BaseModel:
    """Some records of a model, or the model itself when there are none."""

    def __init__(self, env: Environment, model: Model, ids: Sequence[object]) -> None:
        self.env = env
        self.model = model
        # An id of another type matches no record: `ids: ["1"]` reads as nothing.
        self.ids = [i for i in ids if isinstance(i, int) and not isinstance(i, bool)]

    @on_model
    def search(
        self, domain: object, offset: int = 0, limit: int | None = None, order: str | None = None
    ) -> object:
        return self._find(domain, offset, limit, order)

    @on_model
    def search_count(self, domain: object, limit: int | None = None) -> object:
        return len(self._find(domain, 0, limit, "id"))

    @on_model
    def search_read(
        self,
        domain: object = None,
        fields: Sequence[object] | None = None,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
        **read_kwargs: object,
    ) -> object:
        found = self._find(domain or [], offset, limit, order)
        return self._read(found, fields, read_kwargs.get("load", "_classic_read") == "_classic_read")

    @on_records
    def read(self, fields: Sequence[object] | None = None, load: str | None = "_classic_read") -> object:
        self.env.check_access(self.model, "read")
        return self._read(self.ids, fields, load == "_classic_read")

    @on_model
    def create(self, vals_list: Mapping[str, object] | Sequence[Mapping[str, object]]) -> object:
        several = [vals_list] if isinstance(vals_list, Mapping) else list(vals_list)
        return [mutation.create(self.env, self.model.name, values) for values in several]

    @on_records
    def write(self, vals: Mapping[str, object]) -> object:
        mutation.write(self.env, self.model.name, self.ids, vals)
        return True

    @on_records
    def unlink(self) -> object:
        mutation.unlink(self.env, self.model.name, self.ids)
        return True

    @on_records
    def exists(self) -> object:
        return [record for record in self.ids if self.env.store.row(self.model.name, record) is not None]

    @on_model
    def name_search(
        self, name: str = "", domain: object = None, operator: str = "ilike", limit: int | None = 100
    ) -> object:
        named: list[object] = [["display_name", operator, name]] if name else []
        found = self._find([*named, *(domain if isinstance(domain, list) else [])], 0, limit, None)
        return [[record, self.env.display_name(self.model.name, record)] for record in found]

    @on_model
    def fields_get(
        self, allfields: Sequence[str] | None = None, attributes: Sequence[str] | None = None
    ) -> object:
        self.env.check_access(self.model, "read")
        return {
            name: grouping.describe_field(name, field, attributes)
            for name, field in self.model.fields.items()
            if not field.forbidden and (not allfields or name in allfields)
        }

    @on_model
    def default_get(self, fields_list: Sequence[str]) -> object:
        found = {}
        for name in fields_list:
            field = self.model.fields.get(name)
            if field is not None and field.default is not None:
                found[name] = field.default(self.env) if callable(field.default) else field.default
        return found

    @on_model
    def read_group(
        self,
        domain: object,
        fields: Sequence[str],
        groupby: str | Sequence[str],
        offset: int = 0,
        limit: int | None = None,
        orderby: str | bool = False,
        lazy: bool = True,
    ) -> object:
        self.env.check_access(self.model, "read")
        by = [groupby] if isinstance(groupby, str) else list(groupby)
        groups = grouping.read_group(self.env, self.model.name, domain, list(fields), by, lazy)
        return groups[offset:][:limit]

    @on_model
    def formatted_read_group(
        self,
        domain: object,
        groupby: Sequence[str] = (),
        aggregates: Sequence[str] = (),
        having: object = (),
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
    ) -> object:
        self.env.check_access(self.model, "read")
        groups = grouping.formatted_read_group(self.env, self.model.name, domain, list(groupby), list(aggregates))
        return groups[offset:][:limit]

    @on_records
    def web_read(self, specification: Mapping[str, object]) -> object:
        self.env.check_access(self.model, "read")
        return self._web_read(self.ids, specification)

    @on_model
    def web_search_read(
        self,
        domain: object,
        specification: Mapping[str, object],
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
        count_limit: int | None = None,
    ) -> object:
        found = self._find(domain, offset, limit, order)
        total = len(self._find(domain, 0, count_limit, "id"))
        return {"length": total, "records": self._web_read(found, specification)}

    @on_records
    def check_access(self, operation: Literal["read", "write", "create", "unlink"]) -> object:
        """Nothing, or an access error: one of Odoo's methods whose result is None."""
        self.env.check_access(self.model, operation)
        return None

    @on_model
    def check_access_rights(
        self, operation: Literal["read", "write", "create", "unlink"], raise_exception: bool = True
    ) -> object:
        """What asked for rights before 18 brought `check_access`."""
        try:
            self.env.check_access(self.model, operation)
        except AccessError:
            if raise_exception:
                raise
            return False
        return True

    def _find(self, domain: object, offset: int, limit: int | None, order: str | None) -> list[int]:
        self.env.check_access(self.model, "read")
        found = sort(self.env, self.model.name, search(self.env, self.model.name, domain), order)
        return found[offset or 0 :][: limit or None]

    def _read(
        self, records: Sequence[int], fields: Sequence[object] | None, with_names: bool
    ) -> list[dict[str, object]]:
        name = self.model.name
        asked = fields or [key for key, field in self.model.fields.items() if not field.forbidden]
        names = [readable_field(self.env, name, field) for field in asked]
        for record in records:
            if not self.env.sees(self.model, record):
                raise AccessError(
                    f"Due to security restrictions, you are not allowed to access "
                    f"'{self.model.description}' ({name}) records."
                )
        return [
            {"id": record, **{key: to_wire(self.env, name, record, key, with_names) for key in names}}
            for record in records
            if self.env.store.row(name, record) is not None
        ]

    def _web_read(self, records: Sequence[object], specification: Mapping[str, object]) -> list[dict[str, object]]:
        found = [record for record in records if isinstance(record, int)]
        rows = self._read(found, list(specification) or ["id"], with_names=False)
        for row in rows:
            for name, nested in specification.items():
                wanted = nested.get("fields") if isinstance(nested, Mapping) else None
                field = self.model.fields[name]
                if not isinstance(wanted, Mapping) or not field.relation:
                    continue
                value = row[name]
                target = BaseModel(self.env, self.env.models[field.relation], ())
                related = [item for item in (value if isinstance(value, list) else [value]) if item]
                inner = target._web_read(related, wanted)
                row[name] = inner if isinstance(value, list) else inner[0] if inner else False
        return rows
