"""Who calls, on which data, at what time: what every method of a model works in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog.demo.odoo.errors import AccessError, MissingError, UserError
from catalog.demo.odoo.models import ACCESS_RIGHTS, SALES_ADMIN, SYSTEM, USER, Group, Model, Operation
from catalog.demo.odoo.store import Cell, Row, Store

ADMIN_UID = 2
SUPERUSER_ID = 1
DATETIME_FORMAT = "%Y-%m-%d %H:%M:%S"
DATE_FORMAT = "%Y-%m-%d"

_VERBS: Mapping[Operation, str] = {
    "read": "access",
    "write": "modify",
    "create": "create",
    "unlink": "delete",
}


@dataclass(frozen=True)
class Environment:
    """One call's surroundings. `clock` gives the time in UTC; `major` is Odoo's major version."""

    store: Store
    models: Mapping[str, Model]
    major: int
    clock: Callable[[], datetime]
    uid: int
    context: Mapping[str, object]

    def sudo(self) -> "Environment":
        return Environment(self.store, self.models, self.major, self.clock, SUPERUSER_ID, self.context)

    def now(self) -> str:
        """The time as Odoo writes it: naive UTC, whole seconds."""
        return self.clock().strftime(DATETIME_FORMAT)

    def check_context(self) -> None:
        """Refuse a language that is not installed and companies the user has no part in."""
        lang = self.context.get("lang")
        if lang and lang != "en_US":
            raise UserError(f"Invalid language code: {lang}")
        companies = self.context.get("allowed_company_ids")
        if isinstance(companies, list) and any(company != 1 for company in companies):
            raise AccessError("Access to unauthorized or invalid companies.")

    def groups(self) -> frozenset[Group]:
        """Administrators (user 2) hold all groups, other internal users the basic one."""
        if self.uid in (SUPERUSER_ID, ADMIN_UID):
            return frozenset((USER, ACCESS_RIGHTS, SYSTEM, SALES_ADMIN))
        return frozenset((USER,))

    def check_access(self, model: Model, operation: Operation) -> None:
        """Raise `AccessError` where the user holds no group that may do this."""
        needed = model.access.get(operation, USER)
        if needed not in self.groups():
            raise AccessError(
                f"You are not allowed to {_VERBS[operation]} '{model.description}' ({model.name}) records.\n\n"
                f"This operation is allowed for the following groups:\n\t- {needed.label}\n\n"
                "Contact your administrator to request access if necessary."
            )

    def sees(self, model: Model, record: int) -> bool:
        """Whether the model's record rule lets the user see a record."""
        return model.visible is None or SYSTEM in self.groups() or model.visible(self, record)

    def row(self, model: str, record: int) -> Row:
        """A record's stored row.

        Raises:
            MissingError: there is no such record.
        """
        row = self.store.row(model, record)
        if row is None:
            raise MissingError(
                f"Record does not exist or has been deleted.\n(Record: {model}({record},), User: {self.uid})"
            )
        return row

    def cell(self, model: str, record: int, name: str) -> Cell:
        """A field's value as stored or computed: `None` for empty, ids for relations."""
        if name == "id":
            return record
        field = self.models[model].fields[name]
        if field.via:
            parent = self.row(model, record)[field.via]
            relation = self.models[model].fields[field.via].relation
            return self.cell(relation, parent, name) if isinstance(parent, int) else None
        if field.compute is not None:
            return field.compute(self, record)
        if field.type == "one2many":
            return self.inverse_ids(field.relation, field.inverse, record)
        return self.row(model, record).get(name)

    def inverse_ids(self, model: str, inverse: str, record: int) -> list[int]:
        """The active records of `model` whose many2one `inverse` is `record`, oldest first."""
        found = self.store.linked(model, inverse, record)
        if not self.models[model].archivable:
            return found
        return [key for key in found if self.row(model, key).get("active") is not False]

    def number(self, model: str, record: int, name: str) -> float:
        """A numeric field's value, 0 for empty."""
        value = self.cell(model, record, name)
        return float(value) if isinstance(value, int | float) else 0.0

    def text(self, model: str, record: int, name: str) -> str:
        """A field's value as text, empty for empty."""
        value = self.cell(model, record, name)
        return "" if value is None else str(value)

    def link(self, model: str, record: int, name: str) -> int | None:
        """A many2one's id."""
        value = self.cell(model, record, name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def display_name(self, model: str, record: int) -> str:
        """What a many2one shows beside the id."""
        return self.text(model, record, "display_name") or f"{model},{record}"
