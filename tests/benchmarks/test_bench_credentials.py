"""The measurement of credentials: each kind is taken, and has a figure."""

import json

from tests.benchmarks import credential_cost


def test_each_kind_has_a_figure(capsys):
    credential_cost.main(["--calls", "3", "--rounds", "1", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found.keys() == credential_cost.kinds().keys()
    assert min(found.values()) > 0


def test_a_credential_that_is_refused_is_no_figure(monkeypatch):
    monkeypatch.setattr(credential_cost, "PEPPER", b"q" * 32)
    key_id, _ = credential_cost.SECRET
    here = credential_cost.world()
    monkeypatch.setattr(credential_cost, "PEPPER", b"p" * 32)
    make = credential_cost.with_signatures(key_id, credential_cost.by_secret("ost_test_sigAAAABBBBCCCC_secret"))
    judge = credential_cost.stages(here)
    assert [judge(each) for each in make(1)] == [False]
