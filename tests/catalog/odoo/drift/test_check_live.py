"""`ostiary check --live`: what is wrong with the files, and what does not fit the live Odoo, as one list."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from catalog.cli.main import build
from tests.catalog.odoo.drift_estate import CONTRACT, write_drifting
from tests.catalog.odoo.standing_in import KEY, odoo


def run(root: Path, *arguments: str, key: str = KEY) -> Result:
    return CliRunner().invoke(build(), ["check", str(root), *arguments], env={"OSTIARY_ODOO_KEY": key})


def test_live_checks_join_the_others(tmp_path: Path) -> None:
    with odoo("19.0") as url:
        root = write_drifting(tmp_path, url=url)
        offline, live = run(root, "--json"), run(root, "--live", "--json")
        lines = run(root, "--live")
        locked_out = run(root, "--live", key="another-key")
    assert (offline.exit_code, live.exit_code, lines.exit_code, locked_out.exit_code) == (0, 1, 1, 2)
    before, found = json.loads(offline.stdout), json.loads(live.stdout)
    assert (before["ok"], found["ok"], found["errors"]) == (True, False, 7)
    new = [each for each in found["findings"] if each not in before["findings"]]
    assert {(each["rule"], each["file"]) for each in new} == {("odoo-field-missing", CONTRACT)}
    assert f"{CONTRACT}:23:71: error: 'sale.order.line' has no field 'tax_id' since Odoo 19" in lines.stdout
    assert "does not accept the key" in locked_out.stderr


def test_a_broken_estate_is_told_without_asking_an_odoo(tmp_path: Path) -> None:
    root = write_drifting(tmp_path, ("model: sale.order\n", "model: sale.order\n        colour: red\n"))
    ended = run(root, "--live")
    assert ended.exit_code == 1
    assert "colour" in ended.stdout
