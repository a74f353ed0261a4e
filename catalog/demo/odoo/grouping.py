"""Groups and aggregates (`read_group`, `formatted_read_group`), and fields described (`fields_get`)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from catalog.demo.odoo.domains import search
from catalog.demo.odoo.environment import DATE_FORMAT, DATETIME_FORMAT, Environment
from catalog.demo.odoo.models import Field
from catalog.demo.odoo.ordering import field_key
from catalog.demo.odoo.values import to_wire

_ATTRIBUTES = ("type", "string", "required", "readonly", "store", "searchable", "sortable", "name")


def describe_field(name: str, field: Field, attributes: Sequence[str] | None) -> dict[str, object]:
    """A field as `fields_get` describes it, reduced to `attributes` where they are given."""
    described: dict[str, object] = {
        "name": name,
        "type": field.type,
        "string": field.string,
        "required": field.required,
        "readonly": field.readonly or (field.compute is not None),
        "store": (field.stored or field.kept) and not field.via,
        "searchable": True,
        "sortable": field.stored or field.kept,
        "depends": list(field.depends),
    }
    if field.relation:
        described["relation"] = field.relation
    if field.inverse:
        described["relation_field"] = field.inverse
    if field.selection:
        described["selection"] = [list(item) for item in field.selection]
    return {key: value for key, value in described.items() if not attributes or key in attributes}


class _Group:
    def __init__(self) -> None:
        self.records: list[int] = []
        self.domain: list[object] = []
        self.values: dict[str, object] = {}


def formatted_read_group(
    env: Environment, model: str, domain: object, groupby: list[str], aggregates: list[str]
) -> list[dict[str, object]]:
    """Groups as Odoo 19 gives them: the grouped values, `__extra_domain`, the aggregates."""
    groups = _groups(env, model, domain, groupby)
    return [
        {
            **group.values,
            "__extra_domain": group.domain,
            **{spec: _aggregate(env, model, group.records, spec) for spec in aggregates},
        }
        for group in groups
    ]


def read_group(
    env: Environment, model: str, domain: object, fields: list[str], groupby: list[str], lazy: bool
) -> list[dict[str, object]]:
    """Groups in the older form: `<field>_count` and the whole `__domain`; with `lazy`, by the first only."""
    used = groupby[:1] if lazy else groupby
    before = list(domain) if isinstance(domain, list) else []
    result: list[dict[str, object]] = []
    for group in _groups(env, model, domain, used):
        row = dict(group.values)
        count = f"{used[0].partition(':')[0]}_count" if lazy and used else "__count"
        row[count] = len(group.records)
        for spec in fields:
            name = spec.partition(":")[0]
            if name in used:
                continue
            field = env.models[model].fields.get(name)
            if field is None:
                raise ValueError(f"Invalid field {name!r} on model {model!r}")
            if ":" in spec or field.type in ("integer", "float", "monetary"):
                row[name] = _aggregate(env, model, group.records, spec if ":" in spec else f"{name}:sum")
        row["__domain"] = [*group.domain, *before]
        if lazy and groupby[1:]:
            row["__context"] = {"group_by": groupby[1:]}
        result.append(row)
    return result


def _groups(env: Environment, model: str, domain: object, groupby: list[str]) -> list[_Group]:
    groups: dict[tuple[object, ...], _Group] = {}
    sort_keys: dict[tuple[object, ...], tuple[object, ...]] = {}
    records = search(env, model, domain)
    if not groupby:
        total = _Group()
        total.records = records
        return [total]
    for record in records:
        key: list[object] = []
        order: list[object] = []
        values: dict[str, object] = {}
        extra: list[object] = []
        for spec in groupby:
            name, _, interval = spec.partition(":")
            field = env.models[model].fields.get(name)
            if field is None:
                raise ValueError(f"Invalid field {name!r} on model {model!r}")
            value = to_wire(env, model, record, name)
            if field.type in ("date", "datetime") and isinstance(value, str):
                start, end, label = _interval(value, interval or "month")
                form = DATE_FORMAT if field.type == "date" else DATETIME_FORMAT
                value = [start.strftime(form), label]
                extra += ["&", [name, ">=", start.strftime(form)], [name, "<", end.strftime(form)]]
                order.append((0, value[0]))
            else:
                extra.append([name, "=", value[0] if isinstance(value, list) and value else value])
                order.append(field_key(env, model, name, record))
            key.append(tuple(value) if isinstance(value, list) else value)
            values[spec] = value
        group = groups.setdefault(tuple(key), _Group())
        if not group.records:
            group.domain, group.values = extra, values
            sort_keys[tuple(key)] = tuple(order)
        group.records.append(record)
    return [groups[key] for key in sorted(groups, key=lambda key: sort_keys[key])]


def _interval(value: str, interval: str) -> tuple[datetime, datetime, str]:
    moment = datetime.fromisoformat(value)
    day = moment.replace(hour=0, minute=0, second=0)
    if interval == "day":
        return day, day + timedelta(days=1), day.strftime("%d %b %Y")
    if interval == "week":
        start = day - timedelta(days=day.weekday())
        return start, start + timedelta(days=7), start.strftime("W%V %G")
    if interval == "year":
        return day.replace(month=1, day=1), day.replace(year=day.year + 1, month=1, day=1), str(day.year)
    if interval == "quarter":
        first = 3 * ((day.month - 1) // 3) + 1
        start = day.replace(month=first, day=1)
        return start, _add_months(start, 3), f"Q{(first + 2) // 3} {day.year}"
    if interval == "month":
        start = day.replace(day=1)
        return start, _add_months(start, 1), start.strftime("%B %Y")
    raise ValueError(f"Granularity specification isn't correct: {interval!r}")


def _add_months(start: datetime, months: int) -> datetime:
    index = start.month - 1 + months
    return start.replace(year=start.year + index // 12, month=index % 12 + 1)


def _aggregate(env: Environment, model: str, records: list[int], spec: str) -> object:
    if spec == "__count":
        return len(records)
    name, _, function = spec.partition(":")
    if "(" in function:  # the older form, "alias:sum(amount_total)"
        function, _, name = function.rstrip(")").partition("(")
    if name not in env.models[model].fields:
        raise ValueError(f"Invalid field {name!r} on model {model!r}")
    cells = [env.cell(model, record, name) for record in records]
    present = [cell for cell in cells if cell is not None]
    numbers = [float(cell) for cell in present if isinstance(cell, int | float)]
    if function == "count":
        return len(present)
    if function == "count_distinct":
        return len({str(cell) for cell in present})
    if function == "array_agg":
        return cells
    if function in ("min", "max"):
        texts = [cell for cell in present if isinstance(cell, str)]
        chosen: list[str] | list[float] = texts or numbers
        return (min if function == "min" else max)(chosen, default=False)
    if function == "sum":
        return sum(numbers)
    if function == "avg":
        return sum(numbers) / len(numbers) if numbers else False
    raise ValueError(f"Invalid aggregate method {function!r} for {spec!r}.")
