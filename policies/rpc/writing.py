"""The values of a write, held to the fields that the guard opens, through nested records too."""

from typing import Any, Final

from contracts.odoo_guard import GuardedModel
from policies.rpc.call import RefusedCallError, is_id
from policies.rpc.opened import Opened

_DEEPEST: Final = 3
_CREATE, _UPDATE, _DELETE, _UNLINK, _LINK, _CLEAR, _SET = range(7)


def check_new(opened: Opened, name: str, given: Any) -> list[dict[str, Any]]:
    """The records to be created. Raises RefusedCallError."""
    model = opened.model(name, "write")
    if not model.create:
        raise RefusedCallError(f"Records of {name!r} cannot be created.")
    several = [given] if isinstance(given, dict) else given
    if not isinstance(several, list) or not 0 < len(several) <= opened.guard.maximum:
        raise RefusedCallError(f"At most {opened.guard.maximum} records are created at once, and at least one.")
    for values in several:
        check_values(opened, model, values)
    return several


def check_values(opened: Opened, model: GuardedModel, values: Any, depth: int = 0) -> dict[str, Any]:
    """The values of one record. Raises RefusedCallError."""
    if not isinstance(values, dict) or depth > _DEEPEST:
        raise RefusedCallError("The values of a record are an object, nested at most three times.")
    for field, value in values.items():
        if field not in model.write:
            raise RefusedCallError(f"The field {field[:64]!r} is not open for writing.")
        if isinstance(value, list):
            _check_commands(opened, model, field, value, depth)
        elif isinstance(value, dict):
            raise RefusedCallError(f"The field {field!r} takes a plain value, or commands.")
    return values


def _check_commands(opened: Opened, model: GuardedModel, field: str, commands: list[Any], depth: int) -> None:
    name = model.relations.get(field)
    if name is None:
        raise RefusedCallError(f"The field {field!r} opens no other model.")
    target = opened.model(name, "write")
    if target.domain or len(commands) > opened.guard.maximum:
        raise RefusedCallError(
            f"The model {name!r} is not open through other models, or not with so many commands."
        )
    for command in commands:
        if not isinstance(command, list) or not command or type(command[0]) is not int:
            raise RefusedCallError("A relation is written by commands.")
        _check_command(opened, target, command, depth)


def _check_command(opened: Opened, target: GuardedModel, command: list[Any], depth: int) -> None:
    code, length = command[0], len(command)
    new = code == _CREATE and target.create and command[1:2] in ([0], [False])
    if length == 3 and (new or (code == _UPDATE and is_id(command[1]))):
        check_values(opened, target, command[2], depth + 1)
    elif code == _SET and length == 3 and isinstance(command[2], list) and all(map(is_id, command[2])):
        return
    elif code in (_DELETE, _UNLINK, _LINK) and length in (2, 3) and is_id(command[1]):
        if code == _DELETE and not target.delete:
            raise RefusedCallError("Records cannot be deleted by a command here.")
    elif code != _CLEAR or length > 3:
        raise RefusedCallError("A relation is written by a command that is not open.")
