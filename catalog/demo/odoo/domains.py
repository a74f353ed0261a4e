"""Search domains: prefix notation over `[field, operator, value]` conditions, matched against records."""

import re
from collections.abc import Callable
from functools import lru_cache

from catalog.demo.odoo.dates import parse_datetime
from catalog.demo.odoo.environment import Environment
from catalog.demo.odoo.models import Field
from catalog.demo.odoo.ordering import cell_key
from catalog.demo.odoo.store import Cell

Predicate = Callable[[int], bool]

_NEGATIVE = {"!=": "=", "not in": "in", "not like": "like", "not ilike": "ilike", "not any": "any"}
_TEXT = frozenset(("like", "ilike", "=like", "=ilike"))
_ORDERED = frozenset(("<", "<=", ">", ">="))
OPERATORS = frozenset(("=", "in", "any", "child_of", "parent_of", *_TEXT, *_ORDERED, *_NEGATIVE))


def search(env: Environment, model: str, domain: object) -> list[int]:
    """Ids of the records a domain matches, by id. Archived ones only if the domain names `active` or the
    context says `active_test: false`.

    Raises:
        ValueError: the domain is malformed or names a field the model has not.
    """
    matches = compile_domain(env, model, domain)
    hide = (
        env.models[model].archivable and env.context.get("active_test", True) and not _mentions(domain, "active")
    )
    return sorted(
        record
        for record, row in env.store.rows(model).items()
        if not (hide and row.get("active") is False) and env.sees(env.models[model], record) and matches(record)
    )


def compile_domain(env: Environment, model: str, domain: object) -> Predicate:
    """A predicate over record ids. All conditions are checked here, before any record is looked at."""
    if domain is None or domain is False:
        return lambda record: True
    if not isinstance(domain, list | tuple):
        raise ValueError(f"Domain() invalid domain: {domain!r}")
    stack: list[Predicate] = []
    for item in reversed(domain):
        if item in ("&", "|", "!"):
            _combine(str(item), stack)
        else:
            stack.append(_condition(env, model, item))
    return lambda record: all(predicate(record) for predicate in stack)


def _combine(operator: str, stack: list[Predicate]) -> None:
    if len(stack) < (1 if operator == "!" else 2):
        raise ValueError("Domain() missing operand for operator " + operator)
    first = stack.pop()
    if operator == "!":
        stack.append(lambda record: not first(record))
        return
    second = stack.pop()
    if operator == "&":
        stack.append(lambda record: first(record) and second(record))
    else:
        stack.append(lambda record: first(record) or second(record))


def _condition(env: Environment, model: str, item: object) -> Predicate:
    if not isinstance(item, list | tuple) or len(item) != 3:
        raise ValueError(f"Domain() invalid item in domain: {item!r}")
    left, operator, right = item
    if left in (0, 1) and operator == "=":
        return lambda record: bool(left == right)
    if not isinstance(left, str):
        raise ValueError(f"Domain() invalid item in domain: {item!r}")
    operator = {"==": "=", "<>": "!="}.get(operator, operator)
    if operator not in OPERATORS:
        raise ValueError(f"Invalid operator in condition {(left, operator, right)!r}")
    name, _, rest = left.partition(".")
    field = env.models[model].fields.get(name)
    if field is None:
        raise ValueError(f"Invalid field {model}.{name} in condition {(left, operator, right)!r}")
    if rest:
        if not field.relation:
            raise ValueError(f"Invalid field {model}.{left} in condition {(left, operator, right)!r}")
        inner = _condition(env, field.relation, (rest, operator, right))
        return lambda record: any(inner(related) for related in related_ids(env, model, record, name))
    positive = _NEGATIVE.get(operator)
    test = _leaf(env, model, name, field, positive or operator, right)
    return (lambda record: not test(record)) if positive else test


def _leaf(env: Environment, model: str, name: str, field: Field, operator: str, right: object) -> Predicate:
    if operator == "any":
        inner = compile_domain(env, field.relation, right)
        return lambda record: any(inner(related) for related in related_ids(env, model, record, name))
    if operator in ("child_of", "parent_of"):
        target = field.relation or model
        wanted = _hierarchy(env, target, _ids(env, target, right), operator == "child_of")
        return lambda record: (
            not wanted.isdisjoint(related_ids(env, model, record, name) if field.relation else (record,))
        )
    if field.relation:
        return _relational(env, model, name, field, operator, right)
    return _scalar(env, model, name, field, operator, right)


def _relational(env: Environment, model: str, name: str, field: Field, operator: str, right: object) -> Predicate:
    if operator in _TEXT:
        match = _text_match(operator, right)
        return lambda record: any(
            match(env.display_name(field.relation, related)) for related in related_ids(env, model, record, name)
        )
    if operator in _ORDERED:
        return lambda record: any(
            _compare(related, operator, right) for related in related_ids(env, model, record, name)
        )
    values = right if isinstance(right, list | tuple) else [right]
    empty = any(value is False or value is None for value in values)
    wanted = _ids(env, field.relation, [value for value in values if value])

    def test(record: int) -> bool:
        found = related_ids(env, model, record, name)
        return not wanted.isdisjoint(found) or (empty and not found)

    return test


def _scalar(env: Environment, model: str, name: str, field: Field, operator: str, right: object) -> Predicate:
    if operator in _TEXT:
        match = _text_match(operator, right)
        return lambda record: match(env.text(model, record, name))
    if operator == "in":
        values = right if isinstance(right, list | tuple) else [right]
        tests = [_scalar(env, model, name, field, "=", value) for value in values]
        return lambda record: any(test(record) for test in tests)
    if field.type in ("date", "datetime") and right not in (False, None):
        right = parse_datetime(right, field.type, end_of_day=operator in (">", "<="))
    if operator == "=":
        if field.type == "boolean":
            return lambda record: bool(env.cell(model, record, name)) == bool(right)
        if right is False or right is None:
            return lambda record: env.cell(model, record, name) in (None, "", False)
        return lambda record: env.cell(model, record, name) == right
    return lambda record: _compare(env.cell(model, record, name), operator, right)


def _compare(left: Cell, operator: str, right: object) -> bool:
    if isinstance(left, str):
        if not isinstance(right, str):
            return False
        # A database compares texts as it sorts them.
        one, other = cell_key(left), cell_key(right)
        return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[operator]
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        return False
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]


def related_ids(env: Environment, model: str, record: int, name: str) -> list[int]:
    """A relational field's value as a list of ids."""
    value = env.cell(model, record, name)
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, int) else []


def _ids(env: Environment, model: str, value: object) -> set[int]:
    """The ids a relation is compared with; a text stands for the records so named."""
    if isinstance(value, list | tuple):
        return set().union(*(_ids(env, model, item) for item in value)) if value else set()
    if isinstance(value, str):
        match = _text_match("ilike", value)
        return {key for key in env.store.rows(model) if match(env.display_name(model, key))}
    return {value} if isinstance(value, int) and value else set()


def _hierarchy(env: Environment, model: str, roots: set[int], down: bool) -> set[int]:
    if "parent_id" not in env.models[model].fields:
        return roots
    found = set(roots)
    frontier = set(roots)
    while frontier:
        if down:
            rows = env.store.rows(model).items()
            frontier = {key for key, row in rows if row.get("parent_id") in frontier} - found
        else:
            parents = (env.link(model, key, "parent_id") for key in frontier)
            frontier = {key for key in parents if key is not None} - found
        found |= frontier
    return found


def _text_match(operator: str, right: object) -> Callable[[str], bool]:
    pattern = str(right) if operator.startswith("=") else f"%{right}%"
    expression = _like(pattern, "ilike" in operator)
    return lambda text: bool(text) and expression.fullmatch(text) is not None


@lru_cache(maxsize=256)
def _like(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    """SQL's LIKE: `%` any text, `_` any character, a backslash takes either literally."""
    parts: list[str] = []
    literal = False
    for character in pattern:
        if literal or character not in "%_\\":
            parts.append(re.escape(character))
            literal = False
        elif character == "\\":
            literal = True
        else:
            parts.append(".*" if character == "%" else ".")
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else re.NOFLAG))


def _mentions(domain: object, name: str) -> bool:
    return isinstance(domain, list | tuple) and any(
        isinstance(item, list | tuple) and bool(item) and item[0] == name for item in domain
    )
