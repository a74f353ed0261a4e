"""What `ostiary check` finds of mappings without asking an Odoo: what can fit none, and what no newer one."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog.cli.main import build
from catalog.estates import load_estate
from contracts.findings import Finding
from tests.catalog.odoo.drift_estate import CONTRACT, write_drifting
from tests.support.estates import write_estate

_LIST = "/paths/~1orders/get/x-ostiary-odoo"
_FIELDS = "number: name\n          status: state\n        "
_NESTED = "            field: order_line\n            model: "
_JSON2 = ("protocol: jsonrpc", "protocol: json2")


def found(root: Path, *changes: tuple[str, str], estate: tuple[str, str] | None = None) -> list[Finding]:
    write_drifting(root, *changes)
    if estate is not None:
        file = root / "ostiary.yaml"
        assert estate[0] in file.read_text()
        file.write_text(file.read_text().replace(*estate))
    return load_estate(root)[1]


def test_a_mapping_that_may_fit_has_no_findings(tmp_path: Path) -> None:
    assert not [each for each in found(tmp_path) if each.rule.startswith("odoo-")]


@pytest.mark.parametrize(
    ("changes", "pointer", "said"),
    [
        (
            (
                ("in: query, schema: {type: integer}", "in: query, schema: {type: boolean}"),
                ("country: partner_id.country_id", "country: state"),
            ),
            f"{_LIST}/filters/country",
            f"'state' of 'sale.order' is `boolean` here, and `text` at {_LIST}/fields/status",
        ),
        (
            (
                (f"{_FIELDS}  lines", f"{_FIELDS.replace('status: state', 'status: partner_id')}  lines"),
                ("status: {type: string, enum: [draft, sent, sale, cancel]}", "status: {type: boolean}"),
            ),
            f"{_LIST}/filters/country",
            f"'partner_id' of 'sale.order' is a relation here, and `boolean` at {_LIST}/fields/status",
        ),
        (
            ((f"{_NESTED}sale.order.line", f"{_NESTED}sale.line"),),
            "/paths/~1orders/post/x-ostiary-odoo/fields/lines",
            "'order_line' of 'sale.order' leads to 'sale.line' here, and to 'sale.order.line' at",
        ),
        (
            (("{id: id, number: name, status: state}", "{id: name, number: name, status: state}"),),
            "/paths/~1orders~1{order_id}~1confirm/post/x-ostiary-odoo/fields/id",
            "'name' of 'sale.order' is `integer` here, and `text` at",
        ),
        (
            (
                (f"{_FIELDS}  lines", f"{_FIELDS.replace('number: name', 'number: write_date')}  lines"),
                ("number: {type: string}", "number: {type: number}"),
            ),
            f"{_LIST}/fields/number",
            "'write_date' is a datetime in every model, and cannot be `number`",
        ),
    ],
    ids=["filter", "relation-and-flag", "two-models", "two-types", "of-every-model"],
)
def test_what_cannot_fit_any_odoo_is_an_error(
    tmp_path: Path, changes: tuple[tuple[str, str], ...], pointer: str, said: str
) -> None:
    contradicted = [each for each in found(tmp_path, *changes) if each.rule == "odoo-field-contradicted"]
    assert pointer in {each.place.pointer for each in contradicted}
    assert any(said in each.message for each in contradicted), contradicted
    assert {(each.severity, each.place.file) for each in contradicted} == {("error", CONTRACT)}
    assert all(each.place.line > 1 for each in contradicted)
    assert load_estate(tmp_path)[0] is None


def test_what_a_newer_odoo_has_no_more_is_a_warning_where_the_upstream_is_one(tmp_path: Path) -> None:
    retired = [each for each in found(tmp_path, estate=_JSON2) if each.rule == "odoo-field-retired"]
    assert {each.severity for each in retired} == {"warning"}
    assert f"{_LIST}/fields/lines/fields/taxes" in {each.place.pointer for each in retired}
    assert "map it to `tax_ids`, as Odoo 19 calls it" in retired[0].message
    ended = CliRunner().invoke(build(), ["check", str(tmp_path), "--fail-on", "warning"])
    assert ended.exit_code == 1
    assert "[odoo-field-retired]" in ended.stdout


def test_an_estate_without_an_odoo_is_not_looked_at(tmp_path: Path) -> None:
    assert load_estate(write_estate(tmp_path))[1] == []
