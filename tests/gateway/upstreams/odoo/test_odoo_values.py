"""Values both ways: exact where they fit, refused where they do not."""

from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstreams.odoo.values import MappingError, UnfitError, from_odoo, record_id, to_odoo, utc

IDS = st.integers(1, 2**31 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
MOMENTS = st.datetimes().map(lambda moment: moment.replace(microsecond=0))
ODOO_VALUES = {
    "text": TEXT,
    "integer": st.integers(-(2**31), 2**31 - 1),
    "number": st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False)),
    "boolean": st.booleans(),
    "date": st.dates().map(str),
    "datetime": MOMENTS.map(lambda moment: moment.isoformat(" ")),
    "reference-id": IDS,
}


@pytest.mark.parametrize("kind", sorted(ODOO_VALUES))
@given(data=st.data())
def test_what_odoo_says_comes_back_to_it_unchanged(kind, data):
    value = data.draw(ODOO_VALUES[kind])
    back = to_odoo(kind, from_odoo(kind, "x", value))
    assert back == value
    assert type(back) is type(value)


@given(IDS, TEXT)
def test_a_reference_comes_back_as_its_id(key, name):
    reference = from_odoo("reference", "x", [key, name])
    assert reference == {"id": key, "name": name}
    assert to_odoo("reference", reference) == key
    assert from_odoo("reference-name", "x", [key, name]) == name
    assert from_odoo("reference-id", "x", [key, name]) == key


@given(st.lists(IDS, unique=True))
def test_ids_are_replaced_as_a_whole(ids):
    assert to_odoo("ids", from_odoo("ids", "x", ids)) == [[6, 0, ids]]


@pytest.mark.parametrize("kind", ["text", "integer", "number", "date", "datetime", "reference", "reference-id"])
def test_empty_is_null_and_null_is_false(kind):
    assert from_odoo(kind, "x", False) is None
    assert from_odoo(kind, "x", None) is None
    assert to_odoo(kind, None) is False


def test_a_boolean_that_is_false_is_false():
    assert from_odoo("boolean", "x", False) is False
    assert from_odoo("boolean", "x", True) is True


def test_no_ids_are_an_empty_list():
    assert from_odoo("ids", "x", []) == []
    assert to_odoo("ids", None) == to_odoo("ids", []) == [[6, 0, []]]


def test_empty_text_is_not_null():
    assert from_odoo("text", "x", "") == ""
    assert to_odoo("text", "") == ""


def test_a_nameless_record_has_a_null_name():
    assert from_odoo("reference", "x", [5, False]) == {"id": 5, "name": None}


@given(
    st.datetimes().filter(lambda moment: 1 < moment.year < 9999),
    st.integers(-14 * 60, 14 * 60),
)
def test_offsets_are_converted(moment, minutes):
    zone = timezone(timedelta(minutes=minutes))
    local = moment.replace(microsecond=0, tzinfo=zone)
    expected = local.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    assert to_odoo("datetime", local.isoformat()) == expected
    assert from_odoo("datetime", "x", expected) == expected.replace(" ", "T") + "Z"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T10:00:00Z", "2026-11-22 10:00:00"),
        ("2026-11-22t10:00:00z", "2026-11-22 10:00:00"),
        ("2026-11-22T10:00:00.999Z", "2026-11-22 10:00:00"),
        ("2026-11-22T00:30:00+01:00", "2026-11-21 23:30:00"),
        ("2026-11-22T10:00:00-00:00", "2026-11-22 10:00:00"),
        ("0099-01-01T00:00:00Z", "0099-01-01 00:00:00"),
    ],
)
def test_datetimes_to_odoo(text, expected):
    assert to_odoo("datetime", text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22",
        "2026-11-22 10:00:00",
        "2026-11-22T10:00:00",
        "2026-11-22T10:00Z",
        "2026-11-22T23:59:60Z",
        "2026-02-30T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2026-11-22T10:00:00Z\n",
        "٢٠٢٦-11-22T10:00:00Z",
        "",
        7,
    ],
)
def test_datetimes_that_odoo_cannot_take(text):
    with pytest.raises(UnfitError) as unfit:
        to_odoo("datetime", text)
    assert unfit.value.rule == "format"
    assert str(text or "unsaid") not in unfit.value.message


def test_rounding_up_is_only_for_a_fraction():
    assert utc("2026-12-31T23:59:59.001Z", up=True) == "2027-01-01 00:00:00"
    assert utc("2026-12-31T23:59:59.000Z", up=True) == "2026-12-31 23:59:59"
    assert utc("2026-12-31T23:59:59Z", up=True) == "2026-12-31 23:59:59"


def test_a_webhooks_microseconds_stay():
    assert from_odoo("datetime", "x", "2026-11-22 10:00:00.123456") == "2026-11-22T10:00:00.123456Z"


@pytest.mark.parametrize("value", [0.1, 1e16, 1e-7, 123456789.987654321, 2**53 + 1, 10**20, -0.0])
def test_numbers_keep_every_digit(value):
    assert repr(from_odoo("number", "x", value)) == repr(value)
    assert repr(to_odoo("number", value)) == repr(value)


def test_a_whole_float_may_be_an_integer():
    assert from_odoo("integer", "x", 3.0) == 3
    assert to_odoo("integer", 3.0) == 3


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", 5),
        ("text", True),
        ("text", [1, "a"]),
        ("integer", True),
        ("integer", 2.5),
        ("integer", 2.0**60),
        ("integer", "5"),
        ("number", True),
        ("number", "5.0"),
        ("boolean", 0),
        ("boolean", None),
        ("boolean", "false"),
        ("date", "2026-02-30"),
        ("date", "2026-11-22 10:00:00"),
        ("date", 20261122),
        ("datetime", "2026-11-22"),
        ("datetime", "2026-13-01 00:00:00"),
        ("datetime", "2026-11-22T10:00:00Z"),
        ("reference", 5),
        ("reference", [5]),
        ("reference", ["5", "x"]),
        ("reference", [True, "x"]),
        ("reference", [5, 6]),
        ("reference-id", "5"),
        ("reference-id", True),
        ("reference-name", "x"),
        ("ids", False),
        ("ids", 5),
        ("ids", [1, "2"]),
        ("ids", [1, True]),
        ("records", False),
    ],
)
def test_a_wrong_shape_from_odoo_names_the_field_and_no_value(kind, value):
    with pytest.raises(MappingError) as error:
        from_odoo(kind, "the_field", value)
    assert "`the_field`" in str(error.value)
    assert repr(value) not in str(error.value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", 5),
        ("text", "a\x00b"),
        ("integer", True),
        ("integer", 2.5),
        ("integer", 2**31),
        ("integer", -(2**31) - 1),
        ("number", True),
        ("number", "5"),
        ("boolean", 1),
        ("date", "2026-02-30"),
        ("date", "22.11.2026"),
        ("date", 5),
        ("reference", 5),
        ("reference", {}),
        ("reference", {"id": "5"}),
        ("reference", {"id": 0}),
        ("reference-id", -1),
        ("reference-id", 2**31),
        ("reference-id", True),
        ("reference-name", "Acme"),
        ("ids", 5),
        ("ids", [0]),
        ("ids", ["1"]),
    ],
)
def test_a_value_that_odoo_cannot_take_is_not_repeated(kind, value):
    with pytest.raises(UnfitError) as unfit:
        to_odoo(kind, value)
    assert unfit.value.rule
    assert repr(value) not in unfit.value.message


def test_a_record_id_may_be_a_whole_number_only():
    assert record_id(1) == 1
    for value in (0, 2**31, "1", 1.5, None, True):
        with pytest.raises(UnfitError):
            record_id(value)
