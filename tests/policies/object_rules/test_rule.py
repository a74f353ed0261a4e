"""Rules, from their text to their word: what is refused when they are checked, and what they say of values."""

from typing import Any

import msgspec
import pytest

from contracts.operations import MediaType, Operation, Parameter, RequestBody
from policies.object_rule import ObjectRuleConfig, bind, check
from policies.object_rules.program import Rule, RuleError, check_types
from policies.object_rules.request import declared_values
from policies.policy import Setting
from tests.support.policy_world import NOW, World, operation, version

LINE = {
    "type": "object",
    "properties": {
        "sku": {"type": "string", "maxLength": 40},
        "quantity": {"type": "integer"},
        "tags": {"type": "array", "maxItems": 20, "items": {"type": "string"}},
    },
}
ORDER = {
    "type": "object",
    "required": ["partner_id"],
    "properties": {
        "partner_id": {"type": "string"},
        "total": {"type": "number"},
        "note": {"type": ["string", "null"]},
        "free": {"type": "object"},
        "ship-to": {"type": "object", "properties": {"country": {"type": "string", "enum": ["FR", "ES"]}}},
        "in": {"type": "string"},
        "lines": {"type": "array", "maxItems": 50, "items": {"$ref": "urn:orders#/components/schemas/Line"}},
        "loose": {"type": "array", "items": {"type": "object", "properties": {"quantity": {"type": "integer"}}}},
        "parent": {"$ref": "urn:orders#/components/schemas/Order"},
        "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        "long": {"type": "string"},
    },
}
DOCUMENTS = {"urn:orders": {"$id": "urn:orders", "components": {"schemas": {"Order": ORDER, "Line": LINE}}}}


def placed(**changes: Any) -> Operation:
    reference = {"$ref": "urn:orders#/components/schemas/Order"}
    members: dict[str, Any] = {
        "method": "POST",
        "path": "/partners/{partner_id}/orders",
        "body": RequestBody(True, (MediaType("application/json", reference),)),
        "parameters": (
            Parameter("partner_id", "path", "simple", False, {"type": "string"}, required=True),
            Parameter("limit", "query", "form", True, {"type": "integer"}),
            Parameter("page-size", "query", "form", True, {"type": "integer"}),
            Parameter("X-Partner", "header", "simple", False, {"type": "string"}),
        ),
    }
    return operation(**{**members, **changes})


def values(claims: dict[str, Any] | None = None) -> Any:
    return declared_values(version(documents=DOCUMENTS), placed(), claims or {})


def checked(text: str, claims: dict[str, Any] | None = None) -> Rule:
    declared = values(claims)
    check_types(text, declared)
    return Rule(text, declared)


def says(text: str, claims: dict[str, Any] | None = None, /, **given: Any) -> bool | None:
    return checked(text, claims).admits(given, NOW)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path.partner == 'a'", "the contract declares no `partner` in `path` (at character 5)"),
        ("query.limitt == 3", "declares no `limitt` in `query`"),
        ("query.limit == 'a'", "no matching overload for '_==_' applied to '(int, string)' (at character 13)"),
        ("body.lines.all(l, l.quantiti > 1)", "declares no `quantiti` in `body.lines[]`"),
        ("body.lines.all(l, l.sku > 1)", "applied to '(string, int)'"),
        ("body.parent.parent.x == 1", "declares no `x` in `body.parent"),
        ("body.total == 1", "applied to '(double, int)': a number of JSON is a double, as `100.0` is (at"),
        ("body.ship_to.country == 7", "applied to '(string, int)'"),
        ("header.x_partne == 'a'", "declares no `x_partne` in `header`"),
        (
            "user.id == 1",
            "there is no `user`: there are claims, path, query, header, body, consumer, application, method, now",
        ),
        ("body.partner_id", "it says string, and has to say true or false"),
        ("claims.admin", "it says dyn, and has to say true or false"),
        ("path.partner_id ==", "Syntax error"),
        ("true &&\n  path.x", "(at line 2, character 7)"),
        ("path.partner_id == optional.none()", "there is no `optional`"),
        ("path.partner_id.matches('[a')", "'[a' is no pattern (RE2)"),
        ("path.partner_id.matches('(?=a)')", "is no pattern (RE2)"),
    ],
    ids=str,
)
def test_names_and_types_are_checked(text: str, said: str) -> None:
    with pytest.raises(RuleError) as raised:
        checked(text)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("path.partner_id.matches(header.x_partner)", "a pattern stands in the rule"),
        ("body.loose.map(l, l.quantity).size() < 3", "`maxItems`"),
        ("body.loose.all(l, body.loose.exists(m, m.quantity == l.quantity))", "rounds"),
        ("body.long.contains(body.long)", "`maxLength`"),
        ("body.parent == body", "more than 10000 values of `body`"),
        ("google.protobuf.Int64Value{value: 3} == 3", "a rule makes no messages"),
        (" && ".join(["true"] * 250), "more than 400 parts"),
        ("[" * 300 + "]" * 300 + " == []", "recursion"),
    ],
    ids=lambda text: text[:50],
)
def test_what_could_cost_too_much_is_refused(text: str, said: str) -> None:
    with pytest.raises(RuleError) as raised:
        Rule(text, values())
    assert said in str(raised.value)


def test_the_rules_of_an_operation_share_one_budget() -> None:
    """Each of them would do by itself."""
    text = "body.loose.all(l, l.quantity < {})"
    rules = [{"rule": text.format(number)} for number in range(20)]
    world, setting = World(), {"rules": rules}
    config = msgspec.convert(setting, ObjectRuleConfig)
    (fault,) = check(Setting(config, "enforce"), version(documents=DOCUMENTS), placed())
    assert (fault.pointer, "all rules together" in fault.message) == ("/rules", True)
    with pytest.raises(RuleError, match="all rules together"):
        bind(config, version(documents=DOCUMENTS), placed(), world.ports())
    assert bind(
        msgspec.structs.replace(config, rules=config.rules[:3]),
        version(documents=DOCUMENTS),
        placed(),
        world.ports(),
    )


@pytest.mark.parametrize(
    "text",
    [
        "body.lines.all(l, body.lines.exists_one(m, m.sku == l.sku))",
        "body.lines.map(l, l.quantity).exists(q, q > 3)",
        "body.lines.all(l, l.tags.all(t, t.startsWith('a')))",
        "body.loose.all(l, l.quantity < 10)",
        "body.partner_id.matches('^[a-z]+$')",
        "size(body.loose) < 10 && 'a' in claims.roles",
    ],
)
def test_what_is_bounded_is_taken(text: str) -> None:
    checked(text)


@pytest.mark.parametrize(
    ("text", "given", "word"),
    [
        (
            "claims.partner_id == path.partner_id",
            {"claims": {"partner_id": "7"}, "path": {"partner_id": "7"}},
            True,
        ),
        (
            "claims.partner_id == path.partner_id",
            {"claims": {"partner_id": "8"}, "path": {"partner_id": "7"}},
            False,
        ),
        ("claims.partner_id == path.partner_id", {"claims": {}, "path": {"partner_id": "7"}}, None),
        ("has(claims.partner_id)", {"claims": {}}, False),
        ("!has(claims.partner_id) || claims.partner_id == 'x'", {"claims": {}}, True),
        ("claims.roles.exists(r, r == 'a')", {"claims": {"roles": ["b", "a"]}}, True),
        ("query.page_size < 3", {"query": {"page-size": 2}}, True),
        ("header.x_partner == 'é'", {"header": {"X-Partner": "é"}}, True),
        ("body.total * 1.5 == 1.5", {"body": {"total": 1}}, True),
        ("body.in_ == 'x'", {"body": {"in": "x"}}, True),
        ("body.ship_to.country == 'FR'", {"body": {"ship-to": {"country": "FR"}}}, True),
        ("body.note == null", {"body": {"note": None}}, True),
        ("body.lines[1].quantity == 2", {"body": {"lines": [{"quantity": 1}, {"quantity": 2.0}]}}, True),
        ("body.lines[2].quantity == 2", {"body": {"lines": []}}, None),
        ("body.lines.all(l, 'x' in l.tags)", {"body": {"lines": [{"tags": ["x"]}, {"tags": ["x", "y"]}]}}, True),
        ("size(body.lines) == 2", {"body": {"lines": [{}, {}]}}, True),
        ("body.parent.parent.partner_id == 'b'", {"body": {"parent": {"parent": {"partner_id": "b"}}}}, True),
        ("body.free.x == 1", {"body": {"free": {"x": 1}}}, True),
        ("body['partner_id'] == 'a'", {"body": {"partner_id": "a"}}, ...),
        ("now < timestamp('2030-01-01T00:00:00Z')", {}, True),
        ("now.getFullYear('Europe/Madrid') == 2027", {}, True),
        ("1 / int(query.limit) == 1", {"query": {"limit": 0}}, None),
        ("method == 'POST' && consumer in ['acme']", {"method": "POST", "consumer": "acme"}, True),
    ],
    ids=str,
)
def test_a_rule_is_true_false_or_has_no_word(text: str, given: dict[str, Any], word: bool | None) -> None:
    if word is ...:
        with pytest.raises(RuleError):
            checked(text)
    else:
        assert says(text, **given) is word


@pytest.mark.parametrize(
    ("text", "given"),
    [
        # Each of these would be true if the value were taken as it came.
        ("claims.id != path.partner_id", {"path": {"partner_id": 7}, "claims": {"id": "7"}}),
        ("body.partner_id != 'a'", {"body": {"partner_id": 7}}),
        ("body.partner_id != 'a'", {"body": {"partner_id": ["a"]}}),
        ("body.total != 1.0", {"body": {"total": "1"}}),
        ("body.total != 1.0", {"body": {"total": True}}),
        ("query.limit != 1", {"query": {"limit": 1 << 63}}),
        ("query.limit != 1", {"query": {"limit": 1.5}}),
        ("!body.lines.exists(l, l.quantity == 1)", {"body": {"lines": {}}}),
        ("!body.lines.exists(l, l.quantity == 1)", {"body": {"lines": [{}] * 51}}),
        ("!body.loose.exists(l, l.quantity == 1)", {"body": {"loose": [{}] * 1_001}}),
        ("body.partner_id != 'a'", {"body": ["partner_id"]}),
        ("body.partner_id != 'a'", {"body": {"partner_id": "x" * 70_000}}),
        ("body.free != {}", {"body": {"free": {str(n): n for n in range(20_000)}}}),
        ("claims.deep != 1", {"claims": {"deep": [[[]] * 1_000] * 1_000}}),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_value_that_is_not_what_was_declared_is_not_judged(text: str, given: dict[str, Any]) -> None:
    assert says(text, **given) is None


def test_declared_claims_are_checked_and_held() -> None:
    claims = {"partner_id": "integer", "roles": "strings"}
    assert says("claims.partner_id == 7 && 'a' in claims.roles", claims, claims={"partner_id": 7, "roles": ["a"]})
    assert says("claims.partner_id != 8", claims, claims={"partner_id": "7"}) is None
    with pytest.raises(RuleError, match="declares no `role` in `claims`"):
        checked("'a' in claims.role", claims)
    with pytest.raises(RuleError, match=r"applied to '\(int, string\)'"):
        checked("claims.partner_id == path.partner_id", claims)


def test_two_names_that_a_rule_would_know_as_one_are_neither() -> None:
    parameters = tuple(
        Parameter(name, "query", "form", True, {"type": "string"}) for name in ("page-size", "page_size", "other")
    )
    declared = declared_values(version(), operation(parameters=parameters), {})
    with pytest.raises(RuleError, match="declares no `page_size` in `query`"):
        check_types("query.page_size == 'a'", declared)


def test_only_what_is_read_is_handed_over() -> None:
    """What a rule does not read may be whatever it is."""
    body = {"partner_id": "a", "total": "no number", "lines": [{}] * 5_000, "parent": 3}
    assert says("body.partner_id == 'a'", body=body) is True


def test_a_value_nested_without_end_is_no_fault_of_ours() -> None:
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    assert says("claims.deep == 1", claims={"deep": deep}) is None
