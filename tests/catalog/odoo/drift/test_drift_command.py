"""`ostiary odoo drift` before Odoo stand-ins: what fits, and what an upgrade to 19 breaks."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from catalog.cli.main import build
from tests.catalog.odoo.drift_estate import CONTRACT, write_drifting
from tests.catalog.odoo.standing_in import KEY, odoo

_AT = "/x-ostiary-odoo"
_LIST = f"/paths/~1orders/get{_AT}"
GONE_IN_19 = {
    f"{_LIST}/fields/lines/fields/taxes": ("listOrders", "tax_id"),
    f"{_LIST}/domain/0": ("listOrders", "mobile"),
    f"/paths/~1orders/post{_AT}/fields/lines/fields/taxes": ("placeOrder", "tax_id"),
    f"/paths/~1contacts/get{_AT}/fields/mobile": ("listContacts", "mobile"),
    f"{_AT}-guard/models/res.partner/read/1": ("rpc", "mobile"),
    f"{_AT}-guard/models/res.partner/write/0": ("rpc", "mobile"),
    f"{_AT}-guard/models/sale.order.line/read/1": ("rpc", "tax_id"),
}
"""All that the stand-in's versions call otherwise and the contract maps, by place: operation and field."""


@pytest.fixture(scope="module")
def seventeen() -> Iterator[str]:
    with odoo("17.0") as url:
        yield url


@pytest.fixture(scope="module")
def nineteen() -> Iterator[str]:
    with odoo("19.0") as url:
        yield url


def run(root: Path, *arguments: str, key: str = KEY) -> Result:
    environment = {"OSTIARY_ODOO_KEY": key, "COLUMNS": "200"}
    return CliRunner().invoke(build(), ["odoo", "drift", str(root), *arguments], env=environment)


def told(root: Path, *arguments: str, key: str = KEY) -> dict[str, Any]:
    ended = run(root, *arguments, "--json", key=key)
    assert ended.exit_code in (0, 1), ended.output
    found: dict[str, Any] = json.loads(ended.stdout)
    assert ended.exit_code == (0 if found["ok"] else 1)
    return found


def test_a_contract_fits_the_odoo_that_it_was_made_for(tmp_path: Path, seventeen: str) -> None:
    ended = run(write_drifting(tmp_path, url=seventeen))
    assert ended.exit_code == 0, ended.output
    assert ended.stdout == f"erp: Odoo 17 at {seventeen}, over jsonrpc: no findings\n"


@pytest.mark.parametrize("protocol", ["json2", "jsonrpc"])
def test_what_an_upgrade_to_19_breaks(tmp_path: Path, seventeen: str, nineteen: str, protocol: str) -> None:
    root = write_drifting(tmp_path, url=seventeen)
    found = told(root, "--against", nineteen, "--protocol", protocol)
    assert found["odoos"] == [{"upstream": "erp", "url": nineteen, "odoo": 19, "protocol": protocol}]
    assert {each["pointer"]: (each["operation"], each["subject"]) for each in found["findings"]} == GONE_IN_19
    lines = (root / CONTRACT).read_text().splitlines()
    for each in found["findings"]:
        assert (each["rule"], each["severity"], each["file"]) == ("odoo-field-missing", "error", CONTRACT)
        assert lines[each["line"] - 1][each["column"] - 1 :].startswith(("tax", "mobile", "[partner_id.mobile"))
        assert ("tax_ids" if each["subject"] == "tax_id" else "phone") in each["fix"]


def test_a_line_for_each(tmp_path: Path, seventeen: str, nineteen: str) -> None:
    ended = run(write_drifting(tmp_path, url=seventeen), "--against", nineteen)
    assert ended.exit_code == 1
    assert (
        f"{CONTRACT}:23:71: error: 'sale.order.line' has no field 'tax_id' since Odoo 19; map it to `tax_ids`, "
        f"as Odoo 19 calls it at {_LIST}/fields/lines/fields/taxes [odoo-field-missing]\n"
    ) in ended.stdout
    assert ended.stdout.endswith(f"erp: Odoo 19 at {nineteen}, over json2: 7 errors\n")


@pytest.mark.parametrize("version", ["17.0", "18.0", "19.0"])
def test_methods_and_models_that_are_not_there(tmp_path: Path, version: str) -> None:
    root = write_drifting(
        tmp_path,
        ("method: action_confirm", "method: action_bless"),
        ("model: res.partner\n", "model: res.patron\n"),
    )
    with odoo(version) as url:
        found = told(root, "--against", url)["findings"]
    rules = {(each["rule"], each["subject"]) for each in found if each["rule"] != "odoo-field-missing"}
    assert rules == {("odoo-method-missing", "action_bless"), ("odoo-model-missing", "res.patron")}


def test_what_the_key_may_no_more(tmp_path: Path, seventeen: str) -> None:
    root = write_drifting(
        tmp_path,
        ("model: res.partner\n", "model: product.product\n"),
        ("mobile: mobile}", "mobile: default_code}"),
        (
            "sale.order.line: {read: [name, tax_id]}",
            "product.product: {read: [name], write: [name], delete: true}",
        ),
    )
    found = told(root, "--against", seventeen, "--user", "demo", key=f"{KEY}-demo")["findings"]
    assert {each["rule"] for each in found} == {"odoo-access-lost"}
    assert [each["subject"] for each in found] == ["unlink", "write"]


def test_an_odoo_that_cannot_be_asked(tmp_path: Path, seventeen: str) -> None:
    root = write_drifting(tmp_path, url=seventeen)
    wrong = run(root, key="another-key")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "does not accept the key" in wrong.stderr
    nowhere = run(root, "--against", "http://127.0.0.1:9")
    assert nowhere.exit_code == 2
    assert "cannot be reached" in nowhere.stderr
    unnamed = run(root, "--upstream", "er")
    assert unnamed.exit_code == 2
    assert "did you mean 'erp'?" in unnamed.stderr
    aimless = run(root, "--db", "other")
    assert aimless.exit_code == 2
    assert "of the Odoo that --against names" in aimless.stderr


def test_the_key_is_found_as_a_gateway_finds_it(tmp_path: Path, seventeen: str) -> None:
    root = write_drifting(tmp_path / "estate", url=seventeen)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "odoo-key").write_text(f"{KEY}\n")
    command = ["odoo", "drift", str(root)]
    assert CliRunner().invoke(build(), [*command, "--secrets", str(tmp_path / "secrets")]).exit_code == 0
    assert CliRunner().invoke(build(), command, env={"OSTIARY_SECRET_ODOO_KEY": KEY}).exit_code == 0
    unkeyed = CliRunner().invoke(build(), command)
    assert unkeyed.exit_code == 2
    assert "there is no key for the upstream 'erp'" in unkeyed.stderr
    elsewhere = CliRunner().invoke(
        build(), [*command, "--against", seventeen], env={"OSTIARY_SECRET_ODOO_KEY": KEY}
    )
    assert elsewhere.exit_code == 2  # the key of one Odoo does not go to another by itself


def test_one_key_does_not_go_to_several_odoos(tmp_path: Path) -> None:
    root = write_drifting(
        tmp_path, ("  /jsonrpc:\n    post:\n", "  /jsonrpc:\n    post:\n      x-ostiary-upstream: crm\n")
    )
    estate = root / "ostiary.yaml"
    estate.write_text(
        estate.read_text().replace(
            "upstreams:\n", "upstreams:\n  crm: {kind: odoo, url: 'http://127.0.0.1:8070', credential: crm-key}\n"
        )
    )
    ended = run(root)
    assert ended.exit_code == 2
    assert "there are several Odoos" in ended.stderr
