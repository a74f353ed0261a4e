import pytest

from contracts.documents.document import parse
from contracts.estate.decode import declared, decode, suggestion
from contracts.estate_files import ApiFile, EstateFile, TeamsFile, UpstreamEntry

ESTATE = """\
name: shop
upstreams:
  a: { url: http://127.0.0.1:1 }
plans: {}
"""


def messages(text: str, kind: type = EstateFile) -> list[str]:
    document, findings = parse(text, "f.yaml")
    assert document is not None
    assert findings == []
    return [f"{each.place.line}:{each.place.column} {each.message}" for each in decode(document, kind)[1]]


def test_a_good_file_becomes_its_typed_value() -> None:
    document, _ = parse(ESTATE + "defaults: { max-body: 0, unknown-query: ignore }\n", "f.yaml")
    assert document is not None
    value, findings = decode(document, EstateFile)
    assert findings == []
    assert value.upstreams == {"a": UpstreamEntry(url="http://127.0.0.1:1")}
    assert (value.defaults.max_body, value.defaults.unknown_query) == (0, "ignore")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: shop\n", ["1:1 the key 'upstreams' is missing", "1:1 the key 'plans' is missing"]),
        (ESTATE + "plan: {}\n", ["5:1 unknown key 'plan' (did you mean 'plans'?)"]),
        (ESTATE.replace("shop", "5"), ["1:7 'name': takes text, not number 5"]),
        (ESTATE.replace("shop", "true"), ["1:7 'name': takes text, not true"]),
        (ESTATE.replace("shop", ""), ["1:6 'name': takes text, not nothing"]),
        (ESTATE.replace("plans: {}", "plans: [1]"), ["4:8 'plans' takes a mapping, not [1]"]),
        (
            ESTATE.replace("plans: {}", "plans: { p: { limits: {} } }"),
            ["4:23 'limits' has no entry; at least one"],
        ),
        (ESTATE + "gateway: 5\n", ["5:10 'gateway' takes a mapping, not 5"]),
        (ESTATE + "defaults: { max-body: -1 }\n", ["5:23 'max-body': -1 should be >= 0 and <= 1073741824"]),
        (ESTATE + "defaults: { max-body: 1.5 }\n", ["5:23 'max-body': takes a number, not number 1.5"]),
        (ESTATE.replace("shop", '"shop\\n"'), ["1:7 'name': 'shop\\n' ends with a line break"]),
    ],
)
def test_each_mistake_is_named_at_its_place(text: str, expected: list[str]) -> None:
    found = messages(text)
    assert len(found) == len(expected)
    for line, start in zip(found, expected, strict=True):
        assert line.startswith(start), line


def test_all_mistakes_of_a_file_come_at_once() -> None:
    text = "nme: shop\nupstreams: { A: { url: x, kind: soap }, b: 7 }\nplans: { p: { limits: { q: often } } }\n"
    rules = [each.split(" ", 1)[0] for each in messages(text)]
    assert len(rules) == 7, messages(text)


def test_a_list_is_walked_item_by_item() -> None:
    member = "{ name: M, email: m@b, roles: [x, operator, 3] }"
    text = f"teams: {{ a: {{ title: A, contact: a@b, members: {{ m: {member} }} }} }}\n"
    found = messages(text, TeamsFile)
    assert [line.split("'")[1] for line in found] == ["roles[0]", "roles[2]"]


def test_what_is_broken_is_replaced_so_that_the_rest_can_be_looked_at() -> None:
    document, _ = parse("owner: [1]\nversions: { v1: { state: gone, sunset: 2030-01-01 } }\n", "f.yaml")
    assert document is not None
    value, findings = decode(document, ApiFile)
    assert findings
    assert value.owner == value.upstream == ""
    assert (value.versions["v1"].state, value.versions["v1"].sunset) == ("published", "2030-01-01")


def test_names_are_declared_even_where_their_entry_is_broken() -> None:
    document, _ = parse("upstreams: { a: 1, b: null }\nplans: 5\n", "f.yaml")
    assert declared(document, "upstreams") == {"a", "b"}
    assert declared(document, "plans") == declared(document, "none") == declared(None, "plans") == frozenset()


def test_a_suggestion_is_the_near_name_or_what_is_known() -> None:
    assert suggestion("custmoers", ["customers", "orders"]) == " (did you mean 'customers'?)"
    assert suggestion("x", ["b", "a"]) == " (known: a, b)"
    assert suggestion("x", []) == " (none is declared)"
    assert suggestion("x", [f"name{n}" for n in range(9)]).endswith(", …)")


def plan(limit: str) -> str:
    return ESTATE.replace("plans: {}", f"plans:\n  gold:\n    limits:\n      burst: {limit}")


def test_a_limit_in_short_and_in_full() -> None:
    for limit in ("20/second", "{ limit: 20/second, by: consumer+operation, window: gcra, burst: 5 }"):
        assert messages(plan(limit)) == []


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("20", "7:14 'burst': takes text, not number 20"),
        ("{ limits: 20/second }", "7:16 unknown key 'limits' (did you mean 'limit'?)"),
        ("{ by: consumer }", "7:14 the key 'limit' is missing in 'burst'"),
        (
            "{ limit: 20/second, window: slidng }",
            "'slidng' is none of 'fixed', 'calendar', 'sliding', 'log', 'gcra'",
        ),
        ("{ limit: 20/second, by: customer }", "'customer' should be one of subscription, plan"),
    ],
)
def test_what_is_wrong_with_a_limit_is_said_of_the_form_that_it_has(limit: str, expected: str) -> None:
    assert any(expected in message for message in messages(plan(limit))), messages(plan(limit))
