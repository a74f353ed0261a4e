"""What a model is: its fields, its order, who may touch it. The models themselves are in `base_models`
and `sale_models`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from catalog.demo.odoo.store import Cell

if TYPE_CHECKING:
    from catalog.demo.odoo.environment import Environment

FieldType = Literal[
    "char", "text", "boolean", "integer", "float", "monetary", "date", "datetime",
    "selection", "many2one", "one2many", "many2many", "binary",
]  # fmt: skip

Operation = Literal["read", "write", "create", "unlink"]


@dataclass(frozen=True)
class Group:
    """A group of users; `label` is how an access error names it."""

    id: str
    label: str


USER = Group("base.group_user", "Role / User")
ACCESS_RIGHTS = Group("base.group_erp_manager", "Access Rights")
SYSTEM = Group("base.group_system", "Role / Administrator")
SALES_ADMIN = Group("sales_team.group_sale_manager", "Sales / Administrator")


@dataclass(frozen=True)
class Field:
    """A field, described as `fields_get` describes it.

    `since` and `until` are the first and last major version that has it. `compute` makes the value on
    reading; `default` makes it when a record is created without it. `forbidden` hides it from everybody. `depends`
    are the fields from which Odoo computes a stored value where nobody gives one. `kept`: what is computed here on
    reading, Odoo computes on writing, and so can order by it.
    """

    type: FieldType
    string: str
    required: bool = False
    readonly: bool = False
    relation: str = ""
    inverse: str = ""
    selection: tuple[tuple[str, str], ...] = ()
    since: int = 0
    until: int = 999
    forbidden: bool = False
    depends: tuple[str, ...] = ()
    kept: bool = False
    compute: "Callable[[Environment, int], Cell] | None" = None
    default: "Callable[[Environment], Cell] | Cell" = None
    ondelete: Literal["set null", "restrict", "cascade"] = "set null"
    via: str = ""
    """For a field of a model that is inherited by delegation: the many2one that leads to it."""

    @property
    def stored(self) -> bool:
        return self.compute is None and self.type != "one2many"


@dataclass(frozen=True)
class Model:
    """A model. `access` says which group an operation needs (`base.group_user` where it says nothing);
    `unique` pairs a field with the message of its unique constraint."""

    name: str
    description: str
    fields: Mapping[str, Field]
    order: str = "id"
    rec_name: str = "name"
    inherits: tuple[str, str] | None = None
    access: Mapping[Operation, Group] = field(default_factory=dict)
    unique: Mapping[str, str] = field(default_factory=dict)
    prepare: "Callable[[Environment, dict[str, object]], None] | None" = None
    """Completes the values of a record about to be created."""
    check: "Callable[[Environment, int], None] | None" = None
    """The constraints, looked at after each create and write."""
    protect: "Callable[[Environment, int], None] | None" = None
    """Raises where a record must not be deleted."""
    visible: "Callable[[Environment, int], bool] | None" = None
    """A record rule: which records a user who is no administrator sees."""

    @property
    def archivable(self) -> bool:
        return "active" in self.fields


def system_fields() -> dict[str, Field]:
    """The fields Odoo adds to every model."""
    return {
        "id": Field("integer", "ID", readonly=True),
        "create_date": Field("datetime", "Created on", readonly=True),
        "write_date": Field("datetime", "Last Updated on", readonly=True),
        "create_uid": Field("many2one", "Created by", readonly=True, relation="res.users"),
        "write_uid": Field("many2one", "Last Updated by", readonly=True, relation="res.users"),
    }


def _display_name(model: Model) -> Field:
    def compute(env: "Environment", record: int) -> Cell:
        known = env.models[model.name].fields
        return env.text(model.name, record, model.rec_name) if model.rec_name in known else None

    return Field("char", "Display Name", readonly=True, compute=compute)


def resolve(models: Mapping[str, Model], major: int) -> dict[str, Model]:
    """The models as one version has them: its fields only, with the system and the delegated ones added."""
    resolved: dict[str, Model] = {}
    for model in models.values():
        own = {**system_fields(), "display_name": _display_name(model), **model.fields}
        fields = {key: field for key, field in own.items() if field.since <= major <= field.until}
        if model.inherits:
            parent, link = model.inherits
            for key, inherited in resolved[parent].fields.items():
                if key not in fields:
                    fields[key] = _delegated(inherited, link)
        resolved[model.name] = replace(model, fields=fields)
    return resolved


def _delegated(inherited: Field, link: str) -> Field:
    return replace(inherited, required=False, compute=None, default=None, via=link)
