"""Whole records: a contract's object, with the records nested in it, read from Odoo and written to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from contracts.operations import OdooField
from contracts.problems import Problem
from gateway.upstreams.odoo.domains import pointer
from gateway.upstreams.odoo.transport import Json
from gateway.upstreams.odoo.values import MappingError, UnfitError, from_odoo, to_odoo
from policies.exchange import Violation


@dataclass(slots=True)
class Node:
    """A record as Odoo gave it, and the records of its one2many properties (by the contract's name)."""

    row: dict[str, Any]
    nested: dict[str, list["Node"]] = field(default_factory=dict)


class Read(Protocol):
    """Odoo's `read` of a model."""

    async def __call__(self, model: str, ids: list[int], fields: list[str], /) -> Json | Problem: ...


def names_of(fields: Sequence[OdooField]) -> list[str]:
    """The Odoo fields to ask for, each once. Never empty: an empty list would ask Odoo for all fields.

    A list of records is asked for even if it is only written, as an update has to know who is in it.
    """
    wanted = (entry.field for entry in fields if entry.readable or entry.value == "records")
    return list(dict.fromkeys(wanted)) or ["id"]


async def nodes_of(fields: Sequence[OdooField], rows: Json, read: Read) -> list[Node] | Problem:
    """The rows with what is nested in them: one `read` for each nested model and depth, for all rows at once.

    Raises MappingError.
    """
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
        raise MappingError("The upstream's answer is not a list of records.")
    nodes = [Node(row) for row in rows]
    for entry in fields:
        if entry.value != "records" or entry.model is None:
            continue
        wanted = [from_odoo("ids", entry.name, _value(node.row, entry)) for node in nodes]
        ids = list(dict.fromkeys(key for some in wanted for key in some))
        found: dict[int, Node] = {}
        if ids:
            answer = await read(entry.model, ids, names_of(entry.fields))
            if isinstance(answer, Problem):
                return answer
            children = await nodes_of(entry.fields, answer, read)
            if isinstance(children, Problem):
                return children
            found = {child.row["id"]: child for child in children}
        for node, some in zip(nodes, wanted, strict=True):
            # One that is not found was deleted between the two reads.
            node.nested[entry.name] = [found[key] for key in some if key in found]
    return nodes


def represent(fields: Sequence[OdooField], node: Node) -> dict[str, Any]:
    """The contract's object for a record. Raises MappingError."""
    return {
        entry.name: [represent(entry.fields, child) for child in node.nested[entry.name]]
        if entry.name in node.nested
        else from_odoo(entry.value, entry.name, _value(node.row, entry))
        for entry in fields
        if entry.readable
    }


def _value(row: Mapping[str, Any], entry: OdooField) -> Any:
    if entry.field not in row:
        raise MappingError(f"The upstream's answer has no value for `{entry.name}`.")
    return row[entry.field]


def has_records(fields: Sequence[OdooField], body: Any) -> bool:
    """Whether `body` sets nested records, so that an update has to know those that are there."""
    return isinstance(body, dict) and any(
        entry.value == "records" and entry.writable and entry.name in body for entry in fields
    )


def write_values(
    fields: Sequence[OdooField],
    body: Any,
    violations: list[Violation],
    node: Node | None = None,
    at: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Odoo's values for what `body` sets: writable properties only, and of them only those that are there.

    `node` is the record as it is when it is updated. What cannot be written is added to `violations`.
    """
    values: dict[str, Any] = {}
    if not isinstance(body, dict):
        violations.append(Violation("body", pointer(*at), "type", "must be an object"))
        return values
    for entry in fields:
        # The id is Odoo's to give.
        if not entry.writable or entry.field == "id" or entry.name not in body:
            continue
        here = (*at, entry.name)
        try:
            if entry.value == "records":
                present = None if node is None else node.nested.get(entry.name, [])
                values[entry.field] = _commands(entry, body[entry.name], violations, present, here)
            else:
                values[entry.field] = to_odoo(entry.value, body[entry.name])
        except UnfitError as unfit:
            violations.append(Violation("body", pointer(*here), unfit.rule, unfit.message))
    return values


def _commands(
    entry: OdooField, items: Any, violations: list[Violation], present: list[Node] | None, at: tuple[str, ...]
) -> list[Any]:
    """Odoo's commands that make the list what `items` says.

    A new record's list is created. An existing record's is replaced, as a PATCH of an array does (RFC 7396):
    an item with the id of a present record updates it, one without an id is created, and present records that
    no item names are deleted, except where the contract merges (`write: merge`). An id from elsewhere is refused:
    it would reach into another record's list.
    """
    if not isinstance(items, list | None):
        raise UnfitError("type", "must be an array")
    key_name = next((nested.name for nested in entry.fields if nested.field == "id"), None)
    left = {node.row["id"]: node for node in present or ()}
    commands: list[Any] = []
    for index, item in enumerate(items or ()):
        here = (*at, str(index))
        key = item.get(key_name) if key_name is not None and isinstance(item, dict) else None
        if key is None or present is None:
            commands.append([0, 0, write_values(entry.fields, item, violations, None, here)])
            continue
        node = left.pop(key, None) if isinstance(key, int) and key is not True else None
        if node is None:
            message = "must be the id of a record of this list, once"
            violations.append(Violation("body", pointer(*here, key_name or ""), "enum", message))
            continue
        commands.append([1, key, write_values(entry.fields, item, violations, node, here)])
    return commands if entry.write == "merge" else commands + [[2, key, 0] for key in left]
