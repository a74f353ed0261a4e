"""Values on their way in and out: what a caller may write, and the shapes in which Odoo answers."""

from collections.abc import Mapping

from catalog.demo.odoo.dates import parse_datetime
from catalog.demo.odoo.environment import Environment
from catalog.demo.odoo.errors import AccessError, ValidationError
from catalog.demo.odoo.models import Field
from catalog.demo.odoo.store import Cell


def to_wire(env: Environment, model: str, record: int, name: str, with_names: bool = True) -> object:
    """A field as `read` gives it: `false` for empty, `[id, name]` for a many2one (the bare id without
    `with_names`), ids for the x2many. Numbers are never empty: they are 0."""
    field = env.models[model].fields[name]
    value = env.cell(model, record, name)
    if field.type == "boolean":
        return bool(value)
    if field.type in ("float", "monetary"):
        return float(value) if isinstance(value, int | float) else 0.0
    if field.type == "integer":
        return value if isinstance(value, int) else 0
    if field.type in ("one2many", "many2many"):
        return list(value) if isinstance(value, list) else []
    if value is None:
        return False
    if field.type == "many2one" and isinstance(value, int) and with_names:
        # Odoo reads the names as superuser: a reader sees the name of a record it may not open.
        return [value, env.sudo().display_name(field.relation, value)]
    return value


def readable_field(env: Environment, model: str, name: object) -> str:
    """A field's name, checked.

    Raises:
        ValueError: the model has no such field.
        AccessError: nobody may read it.
    """
    fields = env.models[model].fields
    if not isinstance(name, str) or name not in fields:
        raise ValueError(f"Invalid field {name!r} on {model!r}")
    if fields[name].forbidden:
        raise AccessError(
            f'You do not have enough rights to access the field "{name}" on '
            f"{env.models[model].description} ({model}). Please contact your system administrator.\n\n"
            f"Operation: read\nUser: {env.uid}\nGroups: always forbidden"
        )
    return name


def to_cell(env: Environment, model: str, name: str, value: object) -> Cell:
    """What is stored for a scalar or a many2one.

    Raises:
        ValueError: not a value of this field's type.
        ValidationError: a many2one to a record that does not exist.
    """
    field = env.models[model].fields[name]
    if field.type == "boolean":
        return bool(value)
    if value is None or value is False:
        return None
    if field.type == "integer":
        return int(value) if isinstance(value, int | float) else int(str(value))
    if field.type in ("float", "monetary"):
        return float(value) if isinstance(value, int | float) else float(str(value))
    if field.type in ("date", "datetime"):
        return parse_datetime(value, field.type)
    if field.type == "selection":
        if value not in [key for key, _ in field.selection]:
            raise ValueError(f"Wrong value for {model}.{name}: {value!r}")
        return str(value)
    if field.type == "many2one":
        return _many2one(env, model, name, field, value)
    return str(value)


def _many2one(env: Environment, model: str, name: str, field: Field, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"Wrong value for {model}.{name}: {value!r}")
    if env.store.row(field.relation, value) is None:
        raise ValidationError(
            "The operation cannot be completed: another model requires the record being deleted. "
            "If possible, archive it instead.\n\n"
            f"Model: {env.models[model].description} ({model})\nConstraint: {name}_fkey"
        )
    return value


Command = tuple[int, int, object]


def commands(model: str, name: str, value: object) -> list[Command]:
    """The commands in an x2many's written value, as `(code, id, values or ids)`.

    A bare list of ids replaces the whole, as command 6 does.

    Raises:
        ValueError: neither ids nor commands.
    """
    if value is None or value is False:
        return [(5, 0, None)]
    if not isinstance(value, list | tuple):
        raise ValueError(f"Wrong value for {model}.{name}: {value!r}")
    if all(isinstance(item, int) for item in value):
        return [(6, 0, list(value))]
    result: list[Command] = []
    for item in value:
        if not isinstance(item, list | tuple) or not item or item[0] not in range(7):
            raise ValueError(f"Wrong value for {model}.{name}: {item!r}")
        code, record, payload = (*item, 0, None)[:3] if len(item) < 3 else item[:3]
        if code in (0, 1) and not isinstance(payload, Mapping):
            raise ValueError(f"Wrong value for {model}.{name}: {item!r}")
        result.append((int(code), int(record or 0), payload))
    return result
