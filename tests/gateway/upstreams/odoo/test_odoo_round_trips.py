"""Values that go to Odoo and come back: what a partner wrote is what a partner reads, digit by digit."""

import base64
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from contracts.operations import OdooField
from gateway.upstreams.odoo.numbers import decoded, encoded
from gateway.upstreams.odoo.records import Node, write_values
from gateway.upstreams.odoo.values import MAX_INTEGER, from_odoo, to_odoo

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**25), max_value=10**25, places=8)
DIGITS = st.from_regex(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def over_the_wire(value):
    return decoded(encoded(value))


@given(DIGITS)
def test_a_number_keeps_its_value_both_ways(digits):
    read = from_odoo("number", "n", decoded(digits.encode()))
    again = to_odoo("number", decoded(encoded(read)))
    assert Decimal(encoded(again).decode()) == Decimal(digits)


@given(DECIMALS)
def test_a_decimal_is_written_with_all_of_its_digits(value):
    assert Decimal(encoded(to_odoo("number", value)).decode()) == value


@given(st.integers(-MAX_INTEGER - 1, MAX_INTEGER))
def test_an_integer_comes_back(value):
    assert from_odoo("integer", "n", over_the_wire(to_odoo("integer", value))) == value
    assert from_odoo("integer", "n", over_the_wire(to_odoo("integer", Decimal(value)))) == value


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_a_text_comes_back(value):
    assert from_odoo("text", "t", over_the_wire(to_odoo("text", value))) == value


@given(st.dates())
def test_a_date_comes_back(value):
    assert from_odoo("date", "d", over_the_wire(to_odoo("date", value.isoformat()))) == value.isoformat()


@given(st.datetimes(datetime.fromisoformat("0002-01-01"), datetime.fromisoformat("9998-12-31"), timezones=OFFSETS))
def test_a_moment_comes_back_in_whole_seconds(moment):
    back = from_odoo("datetime", "d", over_the_wire(to_odoo("datetime", moment.isoformat())))
    assert datetime.fromisoformat(back) == moment.replace(microsecond=0).astimezone(UTC)


@given(st.booleans())
def test_a_boolean_comes_back(value):
    assert from_odoo("boolean", "b", over_the_wire(to_odoo("boolean", value))) is value


@given(st.sampled_from(["text", "integer", "number", "date", "datetime", "reference", "reference-id"]))
def test_nothing_is_false_to_odoo_and_null_again(kind):
    assert from_odoo(kind, "x", over_the_wire(to_odoo(kind, None))) is None


@given(st.lists(st.integers(1, MAX_INTEGER), unique=True))
def test_a_list_of_ids_is_one_command_that_replaces(ids):
    assert over_the_wire(to_odoo("ids", ids)) == [[6, 0, ids]]


def test_a_number_of_more_digits_than_a_binary_fraction_has_is_exact():
    assert encoded(from_odoo("number", "n", decoded(b"12345678901234567.89"))) == b"12345678901234567.89"
    assert encoded(from_odoo("number", "n", decoded(b"197.10"))) == b"197.10"


def test_a_day_of_a_leap_year_comes_back():
    day = date(2028, 2, 29).isoformat()
    assert from_odoo("date", "d", to_odoo("date", day)) == day


@given(st.integers(1, MAX_INTEGER), st.text(max_size=20))
def test_a_reference_comes_back(key, name):
    assert to_odoo("reference", {"id": key, "name": name}) == key
    pair = over_the_wire([key, name])
    assert from_odoo("reference", "r", pair) == {"id": key, "name": name}
    assert from_odoo("reference-id", "r", over_the_wire(to_odoo("reference-id", key))) == key
    assert from_odoo("reference-id", "r", pair) == key
    assert from_odoo("reference-name", "r", pair) == name


@given(st.binary(max_size=100))
def test_a_file_comes_back(content):
    text = base64.b64encode(content).decode()
    written = over_the_wire(to_odoo("binary", text))
    assert from_odoo("binary", "f", written) == (text or None)
    # Older fields have line ends in them.
    assert from_odoo("binary", "f", base64.encodebytes(content).decode()) == text


ORDER = (
    OdooField("id", "id", "integer", writable=False),
    OdooField("note", "note", "text"),
    OdooField("count", "qty", "integer"),
)
ITEMS = st.fixed_dictionaries(
    {}, optional={"note": st.none() | st.text("abc", max_size=3), "count": st.integers(-9, 9)}
)


def run(commands, present):
    """What Odoo does with the commands of a list."""
    rows = {key: dict(row) for key, row in present.items()}
    for code, key, values in commands:
        match code:
            case 0:
                rows[max([100, *rows]) + 1] = {"note": False, "qty": 0, **values}
            case 1:
                rows[key].update(values)
            case 2:
                del rows[key]
    return rows


@given(st.data(), st.sampled_from(["replace", "merge"]))
def test_a_list_of_records_becomes_what_was_asked_for(data, write):
    fields = (OdooField("lines", "line_ids", "records", model="line", fields=ORDER, write=write),)
    present = {
        key: {"id": key, "note": f"old {key}", "qty": key} for key in range(1, data.draw(st.integers(0, 4)) + 1)
    }
    kept = data.draw(st.lists(st.sampled_from(sorted(present)), unique=True)) if present else []
    changes = [(key, data.draw(ITEMS)) for key in kept]
    new = data.draw(st.lists(ITEMS, max_size=3))
    body = {"lines": [*({"id": key, **item} for key, item in changes), *new]}
    node = Node({"id": 9, "line_ids": list(present)}, {"lines": [Node(row) for row in present.values()]})
    violations = []
    (commands,) = over_the_wire(write_values(fields, body, violations, node)).values()
    assert violations == []
    rows = run(commands, present)

    def expected(item, before):
        note = item.get("note", before["note"])
        return {"note": False if note is None else note, "qty": item.get("count", before["qty"])}

    found = [{name: row[name] for name in ("note", "qty")} for key, row in rows.items() if key in kept or key > 4]
    asked = [expected(item, present[key]) for key, item in sorted(changes)]
    asked += [expected(item, {"note": False, "qty": 0}) for item in new]
    assert found == asked
    assert set(rows) & set(present) == set(kept if write == "replace" else present)
