"""Creating, writing and deleting records, with the checks the ORM and the database make."""

from collections.abc import Mapping

from catalog.demo.odoo.environment import Environment
from catalog.demo.odoo.errors import ValidationError
from catalog.demo.odoo.models import Model, system_fields
from catalog.demo.odoo.store import Cell, Row
from catalog.demo.odoo.values import commands, to_cell

_SYSTEM = frozenset(system_fields())


def create(env: Environment, model_name: str, values: Mapping[str, object]) -> int:
    """Create one record and return its id.

    Raises:
        ValueError: an unknown field, or a value of the wrong kind.
        ValidationError: a missing required value, a value that must be unique, a constraint.
    """
    model = env.models[model_name]
    env.check_access(model, "create")
    for name in values:
        if name not in model.fields:
            raise ValueError(f"Invalid field {name!r} on model {model_name!r}")
    complete = dict(values)
    if model.prepare is not None:
        model.prepare(env, complete)
    if model.inherits:
        parent, link = model.inherits
        if not complete.get(link):
            delegated = {k: v for k, v in complete.items() if model.fields[k].via == link}
            complete[link] = create(env.sudo(), parent, delegated)
            complete = {k: v for k, v in complete.items() if k not in delegated}
    record = env.store.next_id(model_name)
    row: Row = {"create_date": env.now(), "create_uid": env.uid}
    for name, field in model.fields.items():
        if field.stored and not field.via and name not in _SYSTEM and name not in complete:
            default = field.default(env) if callable(field.default) else field.default
            row[name] = default if default is not None or field.type != "many2many" else []
    env.store.put(model_name, record, row)
    _assign(env, model, record, complete)
    _check(env, model, record)
    return record


def write(env: Environment, model_name: str, records: list[int], values: Mapping[str, object]) -> None:
    """Change records.

    Raises:
        KeyError: an unknown field (Odoo does no better here than a `KeyError`).
        MissingError: one of the records does not exist.
        ValueError, ValidationError: as `create`.
    """
    model = env.models[model_name]
    env.check_access(model, "write")
    for name in values:
        if name not in model.fields:
            raise KeyError(name)
    for record in records:
        env.row(model_name, record)
        _assign(env, model, record, values)
        _check(env, model, record)


def unlink(env: Environment, model_name: str, records: list[int]) -> None:
    """Delete records, with what belongs to them.

    Raises:
        MissingError: one of the records does not exist.
        ValidationError: another record needs one of them.
    """
    model = env.models[model_name]
    env.check_access(model, "unlink")
    for record in records:
        env.row(model_name, record)
        if model.protect is not None:
            model.protect(env, record)
        _release(env, model_name, record)
        env.store.remove(model_name, record)


def _assign(env: Environment, model: Model, record: int, values: Mapping[str, object]) -> None:
    row = dict(env.row(model.name, record))
    row.update({"write_date": env.now(), "write_uid": env.uid})
    later: list[tuple[str, object]] = []
    for name, value in values.items():
        field = model.fields[name]
        if field.via:
            parent = row.get(field.via)
            if isinstance(parent, int):
                write(env.sudo(), model.fields[field.via].relation, [parent], {name: value})
        elif field.type in ("one2many", "many2many"):
            later.append((name, value))
        elif field.compute is None and name not in _SYSTEM:
            row[name] = to_cell(env, model.name, name, value)
    env.store.put(model.name, record, row)
    for name, value in later:
        if model.fields[name].type == "one2many":
            _assign_one2many(env, model, record, name, value)
        else:
            _assign_many2many(env, model, record, name, value)


def _assign_one2many(env: Environment, model: Model, record: int, name: str, value: object) -> None:
    field = model.fields[name]
    cascade = env.models[field.relation].fields[field.inverse].ondelete == "cascade"

    def detach(children: list[int]) -> None:
        if cascade:
            unlink(env, field.relation, children)
        else:
            write(env, field.relation, children, {field.inverse: False})

    for code, child, payload in commands(model.name, name, value):
        present = env.inverse_ids(field.relation, field.inverse, record)
        if code == 0 and isinstance(payload, Mapping):
            create(env, field.relation, {**payload, field.inverse: record})
        elif code == 1 and isinstance(payload, Mapping):
            write(env, field.relation, [child], payload)
        elif code == 2:
            unlink(env, field.relation, [child])
        elif code == 3:
            detach([child])
        elif code == 4:
            write(env, field.relation, [child], {field.inverse: record})
        else:
            kept = [item for item in payload if isinstance(item, int)] if isinstance(payload, list) else []
            detach([item for item in present if item not in kept])
            write(env, field.relation, [item for item in kept if item not in present], {field.inverse: record})


def _assign_many2many(env: Environment, model: Model, record: int, name: str, value: object) -> None:
    field = model.fields[name]
    cell = env.row(model.name, record).get(name)
    linked: list[int] = list(cell) if isinstance(cell, list) else []
    for code, other, payload in commands(model.name, name, value):
        if code == 0 and isinstance(payload, Mapping):
            linked.append(create(env, field.relation, payload))
        elif code == 1 and isinstance(payload, Mapping):
            write(env, field.relation, [other], payload)
        elif code == 2:
            unlink(env, field.relation, [other])
            linked = [item for item in linked if item != other]
        elif code == 3:
            linked = [item for item in linked if item != other]
        elif code == 4:
            env.row(field.relation, other)
            linked.append(other)
        else:
            linked = [item for item in payload if isinstance(item, int)] if isinstance(payload, list) else []
            for item in linked:
                env.row(field.relation, item)
    row: dict[str, Cell] = {**env.row(model.name, record), name: sorted(set(linked))}
    env.store.put(model.name, record, row)


def _check(env: Environment, model: Model, record: int) -> None:
    row = env.row(model.name, record)
    for name, field in model.fields.items():
        if field.required and field.stored and not field.via and row.get(name) in (None, ""):
            raise ValidationError(
                f"The operation cannot be completed: Missing required value for the field "
                f"'{field.string}' ({name}).\nModel: '{model.description}' ({model.name})\n"
                "- create/update: a mandatory field is not set\n"
                "- delete: another model requires the record being deleted, you can archive it instead\n"
            )
    for name, message in model.unique.items():
        taken = (
            other
            for key, other in env.store.rows(model.name).items()
            if key != record and other.get(name) is not None and other.get(name) == row.get(name)
        )
        if any(True for _ in taken):
            raise ValidationError(f"The operation cannot be completed: {message}")
    if model.check is not None:
        model.check(env, record)


def _release(env: Environment, model_name: str, record: int) -> None:
    """Follow every reference to a record about to go: cascade, refuse, or empty it."""
    for other in env.models.values():
        for name, field in other.fields.items():
            if field.relation != model_name or not field.stored or field.via or name in _SYSTEM:
                continue
            for key, row in list(env.store.rows(other.name).items()):
                cell = row.get(name)
                if isinstance(cell, list) and record in cell:
                    left = [item for item in cell if item != record]
                    env.store.put(other.name, key, {**row, name: left})
                elif cell != record or field.type != "many2one":
                    continue
                elif field.ondelete == "cascade":
                    unlink(env.sudo(), other.name, [key])
                elif field.ondelete == "restrict" or field.required:
                    raise ValidationError(
                        "The operation cannot be completed: another model requires the record being "
                        "deleted. If possible, archive it instead.\n\n"
                        f"Model: {other.description} ({other.name})\nConstraint: {name}_fkey"
                    )
                else:
                    env.store.put(other.name, key, {**row, name: None})
