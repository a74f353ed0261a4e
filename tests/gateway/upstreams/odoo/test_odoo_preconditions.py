"""Entity tags and the conditions by them: a lost update is refused, and what a client has is not sent again."""

import json

import pytest

from contracts.operations import ApiVersion, OdooField, Operation
from contracts.problems import Problem
from gateway.upstreams.odoo.answer import Answer
from gateway.upstreams.odoo.preconditions import is_known, matches, tag_of
from gateway.upstreams.odoo.showing import shown_by
from gateway.upstreams.odoo.values import MappingError

AT = {"order_id": 3}


def tag(answer):
    assert isinstance(answer, Answer), answer
    return dict(answer.headers)[b"etag"]


async def test_a_record_has_a_tag_that_changes_with_it(odoo, mapping):
    shown = mapping("get", etag="offered")
    before = tag(await odoo.call(shown, path=AT))
    assert before == tag(await odoo.call(shown, path=AT))
    changed = await odoo.call(mapping("update", etag="offered"), path=AT, body={"reference": "NEW"})
    after = tag(await odoo.call(shown, path=AT))
    assert after != before
    assert tag(changed) == after


async def test_a_line_of_a_record_changes_its_tag(odoo, mapping):
    shown = mapping("get", etag="offered")
    order = await odoo.ok(shown, path=AT)
    before = tag(await odoo.call(shown, path=AT))
    lines = [{**order["lines"][0], "quantity": 7}, *order["lines"][1:]]
    await odoo.ok(mapping("update"), path=AT, body={"lines": lines})
    assert tag(await odoo.call(shown, path=AT)) != before


async def test_what_a_client_has_is_not_sent_again(odoo, mapping):
    shown = mapping("get", etag="offered")
    now = tag(await odoo.call(shown, path=AT))
    again = await odoo.call(shown, path=AT, fields={b"if-none-match": b'"other", W/' + now})
    assert again == Answer(304, ((b"etag", now),), b"")
    other = await odoo.call(shown, path=AT, fields={b"if-none-match": b'"other"'})
    assert (other.status, json.loads(other.body)["id"]) == (200, 3)


@pytest.mark.parametrize("action", ["update", "delete", "call"])
async def test_a_write_to_a_record_that_has_changed_is_refused_and_nothing_is_done(odoo, mapping, action):
    shown = mapping("get", etag="offered")
    old = tag(await odoo.call(shown, path=AT))
    await odoo.ok(mapping("update"), path=AT, body={"reference": "SOMEBODY-ELSE"})
    write = mapping(action, etag="offered", method="action_cancel")
    refused = await odoo.call(write, path=AT, body={"reference": "MINE"}, fields={b"if-match": old})
    assert isinstance(refused, Problem)
    assert (refused.status, refused.type.id) == (412, "precondition-failed")
    order = await odoo.ok(shown, path=AT)
    assert (order["reference"], order["status"]) == ("SOMEBODY-ELSE", "sale")


async def test_a_write_to_the_record_as_it_was_seen_is_done(odoo, mapping):
    now = tag(await odoo.call(mapping("get", etag="offered"), path=AT))
    changed = await odoo.call(
        mapping("update", etag="required"), path=AT, body={"reference": "MINE"}, fields={b"if-match": now}
    )
    assert json.loads(changed.body)["reference"] == "MINE"
    refused = await odoo.call(
        mapping("update", etag="required"), path=AT, body={"reference": "X"}, fields={b"if-match": now}
    )
    assert refused.status == 412


@pytest.mark.parametrize("action", ["update", "delete", "call"])
async def test_a_condition_that_the_contract_requires_is_asked_for(odoo, mapping, action):
    write = mapping(action, etag="required", method="action_cancel")
    refused = await odoo.call(write, path=AT, body={"reference": "MINE"})
    assert isinstance(refused, Problem)
    assert (refused.status, refused.type.id) == (428, "precondition-required")
    assert (await odoo.ok(mapping("get"), path=AT))["reference"] == "PO-7003"


async def test_a_new_record_has_the_tag_by_which_it_is_shown(odoo, mapping):
    made = await odoo.call(
        mapping("create", etag="offered", success_status=201), body={"customer": {"id": 9}, "reference": "N"}
    )
    shown = mapping("get", etag="offered")
    assert tag(made) == tag(await odoo.call(shown, path={"order_id": json.loads(made.body)["id"]}))


async def test_an_answer_that_shows_less_has_no_tag(odoo, mapping):
    less = mapping("update", etag="offered", fields=mapping("get").fields[:6])
    changed = await odoo.call(less, path=AT, body={"reference": "N"})
    assert b"etag" not in dict(changed.headers)


@pytest.mark.parametrize(
    ("condition", "strong", "weak"),
    [
        (b"*", True, True),
        (b'"a"', True, True),
        (b'"b", "a"', True, True),
        (b'W/"a"', False, True),
        (b'"b"', False, False),
        (b"a", False, False),
        (b"", False, False),
        (b'"a', False, False),
    ],
)
def test_the_comparisons(condition, strong, weak):
    assert matches(condition, b'"a"') is strong
    assert is_known(condition, b'"a"') is weak


def test_a_record_without_an_age_has_no_tag():
    with pytest.raises(MappingError):
        tag_of({"write_date": False}, b"{}")


def test_the_record_of_an_action_is_shown_by_the_path_above(mapping):
    get = mapping("get", etag="offered", fields=(OdooField("id", "id", "integer"),))
    call = mapping("call", etag="offered", method="action_confirm")

    def version(path):
        operation = Operation("g", "GET", path, "", get)
        return ApiVersion("o", "v1", "O", "s", "/o/v1", "0", (operation,))

    confirmation = Operation("c", "POST", "/orders/{order_id}/confirmation", "", call)
    assert shown_by(version("/orders/{order_id}"), confirmation, call) is get
    assert shown_by(version("/quotations/{order_id}"), confirmation, call) is call
