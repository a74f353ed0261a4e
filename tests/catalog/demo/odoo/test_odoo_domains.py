from typing import Any

import pytest

from catalog.demo.odoo.accounts import ApiKey
from catalog.demo.odoo.calls import call_positional
from catalog.demo.odoo.database import Database, Settings


@pytest.fixture(scope="module")
def database() -> Database:
    return Database(Settings())


def _search(database: Database, model: str, domain: Any, **kwargs: Any) -> Any:
    return call_positional(database.environment(2), model, "search", [domain], {"order": "id", **kwargs})


@pytest.mark.parametrize(
    ("domain", "found"),
    [
        ([["name", "=", "Wood Corner"]], [8]),
        ([["name", "=", "wood corner"]], []),
        ([["name", "like", "Wood"]], [8, 11]),
        ([["name", "ilike", "WOOD"]], [8, 11]),
        ([["name", "=like", "Wood%"]], [8]),
        ([["name", "=ilike", "w__d corner"]], [8]),
        ([["name", "like", "100%"]], []),
        ([["is_company", "=", True], ["name", "not ilike", "I"]], [8, 11, 13, 14]),
        ([["id", "in", [1, 8, 9]]], [1, 8, 9]),
        ([["id", "<=", 3]], [1, 3]),
        ([["id", "<", 9], ["id", ">=", 7]], [7, 8]),
        (["|", ["id", "=", 8], ["id", "=", 9]], [8, 9]),
        (["&", ["id", ">", 7], ["id", "<", 9]], [8]),
        (["!", ["id", ">", 1]], [1]),
        (["!", "|", ["id", ">", 3], ["id", "=", 1]], [3]),
        ([["id", "in", [8, 9]], "|", ["name", "ilike", "acme"], ["id", "=", 1]], [9]),
        ([["country_id", "=", 128]], [12]),
        ([["country_id", "=", "Liechtenstein"]], [12]),
        ([["country_id.code", "in", ["LI", "ME"]]], [11, 12]),
        ([["parent_id.country_id.code", "=", "LI"]], [27]),
        ([["parent_id", "ilike", "lightsup"]], [27]),
        ([["id", "child_of", 12]], [12, 27]),
        ([["id", "child_of", [11, 12]]], [11, 12, 25, 26, 27]),
        ([["id", "parent_of", 27]], [12, 27]),
        ([["category_id", "in", [4]]], [10]),
        ([["category_id.name", "=", "Vendor"]], [16]),
        ([["child_ids.name", "=", "Julie Richards"]], [12]),
        ([["vat", "=", False], ["is_company", "=", True]], [1]),
        ([["vat", "!=", False], ["id", "<", 9]], [8]),
        ([["active", "=", False]], [2, 4, 5]),
        ([[1, "=", 1], ["id", "=", 1]], [1]),
        ([[0, "=", 1]], []),
    ],
)
def test_partners(database: Database, domain: Any, found: list[int]) -> None:
    assert _search(database, "res.partner", domain) == found


def test_not_equal_and_not_in_match_empty_values(database: Database) -> None:
    everyone = _search(database, "res.partner", [])
    assert 43 in _search(database, "res.partner", [["country_id", "!=", 233]])
    with_country = _search(database, "res.partner", [["country_id", "not in", [233, False]]])
    assert with_country == [10, 11, 12]
    assert len(everyone) == 40


def test_a_bare_date_means_the_whole_day_in_an_upper_bound(database: Database) -> None:
    first = "2026-10-01 09:37:00"
    assert _search(database, "sale.order", [["date_order", "=", first]]) == [1]
    assert _search(database, "sale.order", [["date_order", "<=", "2026-10-01"]]) == [1]
    assert _search(database, "sale.order", [["date_order", "<", "2026-10-01"]]) == []
    assert 1 not in _search(database, "sale.order", [["date_order", ">", "2026-10-01"]])


def test_order_limit_and_offset(database: Database) -> None:
    def found(**kwargs: Any) -> Any:
        return _search(database, "sale.order", [], **kwargs)

    assert found(order="date_order desc", limit=2) == [24, 23]
    assert found(order="id", offset=20) == [21, 22, 23, 24]
    assert found(order="state, id desc", limit=1) == [23]  # cancelled comes first
    assert found(order=None, limit=1) == [24]
    # Empty values come last, and first when the order is descending.
    assert found(order="client_order_ref, id", limit=1) == [3]
    assert found(order="client_order_ref desc, id", limit=1) == [1]


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ([["nope", "=", 1]], "Invalid field res.partner.nope"),
        ([["name.x", "=", 1]], "Invalid field res.partner.name.x"),
        ([["name", "~", 1]], "Invalid operator"),
        (["|", ["id", "=", 1]], "missing operand"),
        (["nonsense"], "invalid item"),
        ({"id": 1}, "invalid domain"),
    ],
)
def test_malformed_domains_are_value_errors(database: Database, domain: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        _search(database, "res.partner", domain)


def test_a_record_rule_hides_other_peoples_keys() -> None:
    keys = (ApiKey("a" * 40, "admin"), ApiKey("d" * 40, "demo"))
    env = Database(Settings(api_keys=keys)).environment(5)
    assert call_positional(env, "res.users.apikeys", "search", [[]], {}) == [2]
