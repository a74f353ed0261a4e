"""Domains, pages and orders from a request's query."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.operations import OdooFilter
from gateway.upstreams.odoo.domains import forced, is_whole, page, pointer

TERM = ["state", "=", "sale"]


@pytest.mark.parametrize(
    ("domain", "whole"),
    [
        ([], True),
        ([TERM], True),
        ([TERM, TERM], True),
        (["|", TERM, TERM], True),
        (["&", "!", TERM, "|", TERM, TERM, TERM], True),
        ([("state", "in", ["a", "b"])], True),
        (["|"], False),
        (["|", TERM], False),
        ([TERM, "!"], False),
        ([TERM, "&", TERM], False),
        (["xor", TERM, TERM], False),
        ([["state", "="]], False),
        ([5], False),
    ],
)
def test_whole_domains(domain, whole):
    assert is_whole(domain) is whole


def truth(domain, world):
    """A domain's truth, by Odoo's reading of prefix notation: an implicit & between the parts."""
    stack = []
    for term in reversed(domain):
        if term == "!":
            stack.append(not stack.pop())
        elif term in ("&", "|"):
            a, b = stack.pop(), stack.pop()
            stack.append((a and b) if term == "&" else (a or b))
        else:
            stack.append(world[term[0]])
    return all(stack)


DOMAINS = st.recursive(
    st.sampled_from(["a", "b", "c"]).map(lambda name: [[name, "=", 1]]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: ["|", *two[0], *two[1]]),
        st.tuples(inner, inner).map(lambda two: ["&", *two[0], *two[1]]),
        inner.map(lambda one: ["!", *one]),
    ),
    max_leaves=6,
)


@given(
    st.lists(DOMAINS, max_size=3),
    st.lists(DOMAINS, max_size=3),
    st.fixed_dictionaries(dict.fromkeys("abc", st.booleans())),
)
def test_what_is_asked_never_widens_what_is_forced(parts, asked, world):
    contract = [term for part in parts for term in part]
    conditions = [term for part in asked for term in part]
    both = forced(contract, conditions)
    assert is_whole(both)
    assert truth(both, world) == (truth(contract, world) and truth(conditions, world))


@given(st.lists(st.sampled_from(["&", "|", "!", TERM])))
def test_a_domain_that_is_not_whole_forces_nothing(domain):
    if is_whole(domain):
        assert forced(domain, [TERM]) == [*domain, TERM]
    else:
        with pytest.raises(ValueError):
            forced(domain, [TERM])


def conditions_of(mapping, entry, query):
    got, violations = page(mapping("list", filters=(entry,)), query)
    return got.conditions, violations


@pytest.mark.parametrize(
    ("entry", "query", "expected"),
    [
        (OdooFilter("q", "name", "ilike", "text"), {}, []),
        (OdooFilter("q", "name", "ilike", "text"), {"q": None}, []),
        (OdooFilter("q", "name", "ilike", "text"), {"q": "a"}, [["name", "ilike", "a"]]),
        (OdooFilter("q", "state", "in", "text"), {"q": ["a", "b"]}, [["state", "in", ["a", "b"]]]),
        (OdooFilter("q", "state", "in", "text"), {"q": "a"}, [["state", "in", ["a"]]]),
        (OdooFilter("q", "active", "=", "boolean"), {"q": False}, [["active", "=", False]]),
        (OdooFilter("q", "partner_id", "=", "reference-name"), {"q": "Acme"}, [["partner_id", "=", "Acme"]]),
        (OdooFilter("q", "tag_ids", "in", "ids"), {"q": [1, 2]}, [["tag_ids", "in", [1, 2]]]),
        (OdooFilter("q", "d", ">=", "date", property="from"), {"q": {"to": "x"}}, []),
        (OdooFilter("q", "d", ">=", "date", property="from"), {"q": "x"}, []),
        (
            OdooFilter("q", "d", ">=", "date", property="a"),
            {"q": {"a": "2026-01-02"}},
            [["d", ">=", "2026-01-02"]],
        ),
        (
            OdooFilter("q", "t", "<", "datetime"),
            {"q": "2026-01-02T00:00:00.5Z"},
            [["t", "<", "2026-01-02 00:00:01"]],
        ),
        (
            OdooFilter("q", "t", ">", "datetime"),
            {"q": "2026-01-02T00:00:00.5Z"},
            [["t", ">", "2026-01-02 00:00:00"]],
        ),
    ],
)
def test_filters(mapping, entry, query, expected):
    assert conditions_of(mapping, entry, query) == (expected, [])


@pytest.mark.parametrize(
    ("entry", "query", "where"),
    [
        (OdooFilter("q", "state", "=", "text"), {"q": ["a", "b"]}, "/q"),
        (OdooFilter("q", "partner_id", "=", "reference"), {"q": 0}, "/q"),
        (OdooFilter("a/b", "t", "=", "datetime", property="c~d"), {"a/b": {"c~d": "now"}}, "/a~1b/c~0d"),
    ],
)
def test_a_filter_that_odoo_cannot_take_is_a_violation(mapping, entry, query, where):
    conditions, violations = conditions_of(mapping, entry, query)
    assert conditions == []
    assert [(violation.location, violation.pointer) for violation in violations] == [("query", where)]


def test_an_undeclared_parameter_changes_nothing(mapping):
    backend = mapping("list")
    query = {"domain": "[]", "partner_id": 5, "fields": "password", "order": "x", "context": "{}"}
    assert page(backend, query) == page(backend, {})


@pytest.mark.parametrize(
    ("order", "query", "expected"),
    [
        ("date_order desc", {}, "date_order desc, id"),
        ("date_order desc, id desc", {}, "date_order desc, id desc"),
        ("", {}, "id"),
        ("id", {"sort": "number"}, "name, id"),
        ("id", {"sort": "-number,ordered_at"}, "name desc, date_order, id"),
        ("id", {"sort": ["ordered_at", "-number"]}, "date_order, name desc, id"),
        ("id", {"sort": []}, "id"),
    ],
)
def test_orders_end_with_the_id(mapping, order, query, expected):
    got, violations = page(mapping("list", order=order), query)
    assert (got.order, violations) == (expected, [])


@pytest.mark.parametrize(
    "sort", ["nope", "number desc", "--number", "number,,", " number", ["number", 5], "name; drop"]
)
def test_a_sort_that_is_not_allowed_is_refused(mapping, sort):
    got, violations = page(mapping("list"), {"sort": sort})
    assert violations[0].rule == "enum"
    assert got.order == "date_order desc, id"


def test_an_order_over_an_undeclared_parameter_is_ignored(mapping):
    backend = msgspec.structs.replace(mapping("list"), sort_parameter=None)
    assert page(backend, {"sort": "nope"})[1] == []


def test_pages(mapping):
    got, violations = page(mapping("list"), {"limit": 20, "offset": 40})
    assert (got.limit, got.offset, violations) == (20, 40, [])
    got, violations = page(mapping("list", limit_parameter=None), {"limit": 20})
    assert (got.limit, violations) == (5, [])
    for query in ({"limit": True}, {"limit": "5"}, {"offset": 2**31}):
        assert page(mapping("list"), query)[1][0].rule == "minimum"


def test_pointers_are_escaped():
    assert pointer("a/b", "~", "0") == "/a~1b/~0/0"
    assert pointer() == ""
