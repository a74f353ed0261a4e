"""What a contract needs, held against facts: each rule, by one fact that has changed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from catalog.odoo.drift.comparing import TYPES, Drift, Seen, Unseen, drift_of
from catalog.odoo.drift.finding import found_in
from catalog.odoo.drift.instance import backed_by
from catalog.odoo.drift.needs import Creates, FieldNeed, Needs
from catalog.odoo.drift.renames import RENAMES, Renamed
from catalog.odoo.drift.rules import DRIFT_RULES
from catalog.odoo.facts import OPERATIONS, FieldFacts, ModelFacts
from contracts.estate.estate import load_estate
from contracts.operations import OdooValue
from tests.catalog.odoo.drift_estate import CONTRACT, write_drifting

STATES = tuple((key, key.title()) for key in ("draft", "sent", "sale", "cancel"))


def model(name: str, *fields: FieldFacts, **changes: Any) -> ModelFacts:
    facts = {each.name: each for each in (FieldFacts("id", "integer", "ID"), *fields)}
    return replace(ModelFacts(name, name, facts, frozenset(OPERATIONS), (), True), **changes)


FITTING: Mapping[str, ModelFacts] = {
    each.name: each
    for each in (
        model(
            "sale.order",
            FieldFacts("name", "char", "Reference", required=True, readonly=True),
            FieldFacts("state", "selection", "Status", selection=STATES),
            FieldFacts("date_order", "datetime", "Date", required=True, defaulted=True),
            FieldFacts("partner_id", "many2one", "Customer", required=True, relation="res.partner"),
            FieldFacts("partner_invoice_id", "many2one", "Invoice Address", required=True, computed=True),
            FieldFacts("order_line", "one2many", "Lines", relation="sale.order.line", inverse="order_id"),
        ),
        model(
            "sale.order.line",
            FieldFacts("order_id", "many2one", "Order", required=True, relation="sale.order"),
            FieldFacts("name", "text", "Description"),
            FieldFacts("product_id", "many2one", "Product", relation="product.product"),
            FieldFacts("tax_id", "many2many", "Taxes", relation="account.tax"),
        ),
        model(
            "res.partner",
            FieldFacts("name", "char", "Name"),
            FieldFacts("mobile", "char", "Mobile"),
            FieldFacts("country_id", "many2one", "Country", relation="res.country"),
            methods=("message_subscribe",),
        ),
    )
}
Change = Callable[[dict[str, ModelFacts | Unseen]], None]


def with_field(owner: str, name: str, **changes: Any) -> Change:
    """The field as it is, but for what has changed; a new one is of the type `char`."""

    def change(models: dict[str, ModelFacts | Unseen]) -> None:
        there = models[owner]
        assert isinstance(there, ModelFacts)
        facts = replace(there.fields.get(name, FieldFacts(name, "char", name)), **changes)
        models[owner] = replace(there, fields={**there.fields, name: facts})

    return change


def with_model(owner: str, changed: Unseen | None = None, **changes: Any) -> Change:
    def change(models: dict[str, ModelFacts | Unseen]) -> None:
        there = models[owner]
        assert isinstance(there, ModelFacts)
        models[owner] = changed or replace(there, **changes)

    return change


def found(tmp_path: Path, *changes: Change, major: int = 17, missing: Any = ()) -> list[Drift]:
    estate, findings = load_estate(write_drifting(tmp_path))
    assert estate is not None, findings
    (backed,) = backed_by(estate.versions, "erp")
    models: dict[str, ModelFacts | Unseen] = dict(FITTING)
    for change in changes:
        change(models)
    told = drift_of(backed.needs, Seen(major, models, frozenset(missing)))
    placed = found_in({CONTRACT: (tmp_path / CONTRACT).read_bytes()}, "books", "v1", "erp", told)
    assert [each.place.pointer for each in placed] == [each.drift.pointer for each in placed]
    assert all(each.place.line > 1 for each in placed)
    return [each.drift for each in placed]


def test_a_contract_that_fits_has_no_findings(tmp_path: Path) -> None:
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("change", "rule", "subjects", "said"),
    [
        (with_model("res.partner", Unseen("missing")), "odoo-model-missing", {"res.partner"}, "has no model"),
        (with_model("res.partner", Unseen("refused")), "odoo-access-lost", {"read"}, "may not see the model"),
        (
            with_model("sale.order", may=frozenset(("read",))),
            "odoo-access-lost",
            {"create"},
            "may not create records of 'sale.order'",
        ),
        (
            with_field("sale.order", "date_order", sortable=False),
            "odoo-not-searchable",
            {"date_order"},
            "cannot order by",
        ),
        (with_field("res.partner", "mobile", searchable=False), "odoo-not-searchable", {"mobile"}, "search by"),
        (with_field("sale.order", "name", type="json"), "odoo-field-changed", {"name"}, "is a json"),
        (
            with_field("sale.order", "partner_id", type="integer", relation=""),
            "odoo-field-changed",
            {"partner_id"},
            "is an integer",
        ),
        (
            with_field("sale.order", "order_line", relation="sale.line"),
            "odoo-relation-changed",
            {"order_line"},
            "leads to 'sale.line', and not to 'sale.order.line'",
        ),
        (
            with_field("sale.order", "project", required=True),
            "odoo-required-unmapped",
            {"project"},
            "and no request can say it",
        ),
        (
            with_field("sale.order.line", "product_id", required=True),
            "odoo-required-optional",
            {"product_id"},
            "may leave it out",
        ),
        (with_field("sale.order", "partner_id", readonly=True), "odoo-readonly", {"partner_id"}, "is read-only"),
        (
            with_field("sale.order", "partner_id", readonly=True, stored=False),
            "odoo-not-writable",
            {"partner_id"},
            "takes no value",
        ),
        (
            with_field("sale.order", "state", selection=STATES[:3]),
            "odoo-value-unused",
            {"state"},
            "has no `cancel` any more",
        ),
        (
            with_field("sale.order", "state", selection=(*STATES, ("done", "Locked"))),
            "odoo-value-new",
            {"state"},
            "may be `done`",
        ),
    ],
)
def test_each_rule_by_one_change(tmp_path: Path, change: Change, rule: str, subjects: set[str], said: str) -> None:
    told = found(tmp_path, change)
    assert {each.rule for each in told} == {rule}
    assert {each.subject for each in told} == subjects
    assert all(said in each.message for each in told)
    assert all(each.fix for each in told)


def test_a_method_that_is_gone(tmp_path: Path) -> None:
    (told,) = found(tmp_path, missing=[("sale.order", "action_confirm")])
    assert (told.rule, told.operation) == ("odoo-method-missing", "confirmOrder")
    assert told.pointer == "/paths/~1orders~1{order_id}~1confirm/post/x-ostiary-odoo/method"


def test_a_value_that_a_request_may_send_is_worse_than_one_that_is_only_answered() -> None:
    facts = model("sale.order", FieldFacts("state", "selection", "Status", selection=STATES[:1]))
    for use, rule in (("write", "odoo-value-gone"), ("filter", "odoo-value-unused")):
        need = FieldNeed("state", "/state", use, "text", values=("draft", "lost"))  # type: ignore[arg-type]
        needs = Needs("op", "sale.order", "/model", (), (need,))
        assert [each.rule for each in drift_of([needs], Seen(19, {"sale.order": facts}))] == [rule]
    assert [DRIFT_RULES[rule].severity for rule in ("odoo-value-gone", "odoo-value-unused")] == [
        "error",
        "warning",
    ]


def test_a_record_that_odoo_makes_along_is_not_missed() -> None:
    facts = model(
        "product.product",
        FieldFacts("product_tmpl_id", "many2one", "Template", required=True, relation="product.template"),
        FieldFacts("uom_id", "many2one", "Unit", required=True, relation="uom.uom"),
    )
    needs = Needs("op", "product.product", "/model", (), creates=Creates("/fields", frozenset(), frozenset()))
    (told,) = drift_of([needs], Seen(19, {"product.product": facts}))
    assert (told.rule, told.subject) == ("odoo-required-unmapped", "uom_id")


@pytest.mark.parametrize("known", RENAMES, ids=lambda each: f"{each.model}-{each.field}")
def test_a_known_rename_says_what_to_map_instead(known: Renamed) -> None:
    need = FieldNeed(known.field, "/fields/x", "read")
    needs = Needs("op", known.model, "/model", ("read",), (need,))
    (told,) = drift_of([needs], Seen(known.since, {known.model: model(known.model)}))
    assert told.rule == "odoo-field-missing"
    assert f"since Odoo {known.since}" in told.message
    assert f"`{known.now}`" in told.fix if known.now else told.fix == known.note
    (before,) = drift_of([needs], Seen(known.since - 1, {known.model: model(known.model)}))
    assert "since Odoo" not in before.message


def test_what_is_near_is_suggested() -> None:
    needs = Needs("op", "res.partner", "/model", (), (FieldNeed("mobil", "/fields/x", "read"),))
    (told,) = drift_of([needs], Seen(17, FITTING))
    assert "did you mean 'mobile'?" in told.message


def test_every_conversion_has_its_types() -> None:
    assert set(get_args(OdooValue)) <= TYPES.keys()
