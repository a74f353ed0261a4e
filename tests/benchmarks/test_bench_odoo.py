"""The figure of mediation: the mapped answer is what is measured, and what it adds is a difference."""

import json

import pytest

from tests.benchmarks import odoo_mediation, world
from tests.benchmarks.odoo_mediation import DIRECT, FIELDS, SHOWN, rows
from tests.benchmarks.setting import Setting


def test_the_call_beside_it_asks_for_what_the_mapping_asks_for():
    assert DIRECT["fields"] == [entry.field for entry in FIELDS]
    assert DIRECT["limit"] == len(rows()) == SHOWN
    assert all(set(row) == set(DIRECT["fields"]) for row in rows())


@pytest.mark.xdist_group("bench_peers")
def test_both_are_measured_at_one_rate(tmp_path):
    missing = {}
    setting = Setting(tmp_path, None, 0, world.build(2, 1))
    found = odoo_mediation.figures(setting, 1, 1.0, missing)
    # A busy machine may keep the generator from its pace: then there is no figure, and it says why.
    assert bool(found) != ("odoo_mediation" in missing)
    if found:
        assert found["rate"] > 0
        assert found["added_p50_ms"] == pytest.approx(found["mediated_p50_ms"] - found["direct_p50_ms"], abs=0.002)
    else:
        assert "keep" in missing["odoo_mediation"], missing


def test_the_table_has_both_quantiles():
    row = {f"{kind}_{quantile}_ms": 1.0 for kind in ("direct", "mediated", "added") for quantile in ("p50", "p99")}
    assert len(odoo_mediation.table({"rate": 100.0, **row})) == 4
    assert odoo_mediation.table({}) == []
    assert json.loads(json.dumps(row)) == row
