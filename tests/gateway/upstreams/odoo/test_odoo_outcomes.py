"""Odoo's recorded refusals, and what a partner is told of each."""

import json
from pathlib import Path

import pytest

from contracts.problems import CATALOGUE
from gateway.upstreams.odoo.outcomes import OUTCOMES, for_users, of_error

RECORDED = {
    entry["name"]: entry["response"]
    for entry in json.loads((Path(__file__).parents[3] / "data" / "odoo-exchanges.json").read_text())
}

EXPECTED = {
    "jsonrpc-write-unknown-field": "mediation-failed",
    "jsonrpc-sale-confirm-again": "business-rule",
    "jsonrpc-AccessError": "record-access-denied",
    "jsonrpc-AccessError-write-users": "record-access-denied",
    "jsonrpc-ValidationError": "business-rule",
    "jsonrpc-ValidationError-unique": "business-rule",
    "jsonrpc-missing-required": "business-rule",
    "jsonrpc-MissingError-write": "record-not-found",
    "jsonrpc-unknown-method": "mediation-failed",
    "jsonrpc-unknown-model": "mediation-failed",
    "jsonrpc-private-method": "record-access-denied",
    "jsonrpc-bad-domain": "mediation-failed",
    "jsonrpc-bad-args": "mediation-failed",
    "jsonrpc-wrong-password": "upstream-refused-credential",
    "jsonrpc-unknown-db": "upstream-unreachable",
    "jsonrpc-unknown-service": "mediation-failed",
    "jsonrpc-db-list": "upstream-refused-credential",
    "jsonrpc-removed-field": "mediation-failed",
    "session-call_kw-no-cookie": "upstream-refused-credential",
    "json2-unlink-again": "record-not-found",
    "json2-401-missing": "upstream-refused-credential",
    "json2-401-invalid": "upstream-refused-credential",
    "json2-403-access": "record-access-denied",
    "json2-404-model": "mediation-failed",
    "json2-404-method": "mediation-failed",
    "json2-422-missing-arg": "mediation-failed",
    "json2-422-unknown-arg": "mediation-failed",
    "json2-422-validation": "business-rule",
    "json2-422-usererror": "business-rule",
    "json2-500-bad-domain": "mediation-failed",
    "json2-500-removed-field": "mediation-failed",
    "json2-500-bad-field": "mediation-failed",
    "json2-unique": "business-rule",
    "json2-400-bad-json": "mediation-failed",
    "json2-cookie-and-other-bearer": "upstream-refused-credential",
    "json2-bad-context": "business-rule",
    "json2-demo-reads-own": "record-access-denied",
}


def recorded(name):
    response = RECORDED[name]
    status = int(response["line"].split()[1])
    body = response["body"]
    return (body["error"]["data"] if "jsonrpc" in body else body), status


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_refusal(name):
    error, status = recorded(name)
    got = of_error(error, status)
    assert got.type.id == EXPECTED[name]
    if got.type.id != "business-rule":
        assert error["message"] not in got.detail
    told = got.body().decode()
    for secret in ("traceback", "127.0.0.1", "54329", "Role /", "(res.", "Contact your", "nodb", "res.partner"):
        assert secret not in told


@pytest.mark.parametrize(
    "name", [name for name, response in RECORDED.items() if isinstance(response["body"], dict)]
)
def test_every_recorded_error_is_in_the_table_by_name(name):
    body = RECORDED[name]["body"]
    error = body.get("error", {}).get("data") if "jsonrpc" in body else body if "debug" in body else None
    if error is not None:
        assert error["name"] in OUTCOMES


def test_the_same_mistake_is_told_the_same_over_both_dialects():
    pairs = [
        ("jsonrpc-sale-confirm-again", "json2-422-usererror"),
        ("jsonrpc-ValidationError", "json2-422-validation"),
        ("jsonrpc-ValidationError-unique", "json2-unique"),
        ("jsonrpc-unknown-model", "json2-404-model"),
        ("jsonrpc-unknown-method", "json2-404-method"),
        ("jsonrpc-bad-domain", "json2-500-bad-domain"),
        ("jsonrpc-AccessError", "json2-403-access"),
    ]
    for over_jsonrpc, over_json2 in pairs:
        one, other = of_error(*recorded(over_jsonrpc)), of_error(*recorded(over_json2))
        assert (one.type, one.detail, getattr(one, "part", "")) == (
            other.type,
            other.detail,
            getattr(other, "part", ""),
        )


def test_what_is_meant_for_users_is_told():
    error, status = recorded("json2-unique")
    assert of_error(error, status).detail == (
        "The operation cannot be completed: You can not have two users with the same login!"
    )
    error, status = recorded("jsonrpc-missing-required")
    detail = of_error(error, status).detail
    assert "'Login'" in detail
    assert "Model:" not in detail


@pytest.mark.parametrize(
    "message",
    [
        'The operation cannot be completed: new row for relation "res_partner" violates check constraint "x"',
        "duplicate key value violates unique constraint\nDETAIL:  Key (login)=(demo) already exists.",
        'syntax error at or near "SELEC"\nLINE 1: SELEC 1',
        'connection to server at "10.0.0.5", port 5432 failed',
        'Traceback (most recent call last):\n  File "/opt/odoo/x.py", line 1',
    ],
)
def test_a_users_error_that_holds_internals_is_not_told(message):
    got = of_error({"name": "odoo.exceptions.ValidationError", "message": message})
    assert got.type.id == "business-rule"
    assert got.detail == "Odoo refused the values."


def test_a_users_text_is_bounded_and_has_no_control_characters():
    assert for_users("a\x00b\x1b[31mc\r\nd\te") == "a b [31mc \nd e"
    assert len(for_users("x" * 5000)) == 1000
    assert for_users("  ") == ""


@pytest.mark.parametrize("error", [None, 5, "no", [], {}, {"name": 5}, {"message": "x"}])
def test_an_error_of_no_known_form(error):
    assert of_error(error).type.id == "upstream-malformed"


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("odoo.addons.sale.exceptions.Special", 200, "mediation-failed"),
        ("odoo.addons.sale.exceptions.Special", 422, "business-rule"),
        ("odoo.addons.sale.exceptions.Special", 403, "record-access-denied"),
        ("odoo.addons.sale.exceptions.Special", 409, "record-conflict"),
        ("odoo.addons.sale.exceptions.Special", 500, "mediation-failed"),
        ("odoo.exceptions.LockError", 409, "record-conflict"),
        ("psycopg2.errors.SerializationFailure", 500, "record-conflict"),
        ("psycopg2.errors.NumericValueOutOfRange", 500, "business-rule"),
    ],
)
def test_names_and_statuses(name, status, expected):
    got = of_error({"name": name, "message": "secret text", "debug": "Traceback"}, status)
    assert got.type.id == expected
    assert "secret" not in got.detail


def test_the_table_uses_the_catalogue():
    assert all(CATALOGUE[found.type.id] is found.type for found in OUTCOMES.values())
