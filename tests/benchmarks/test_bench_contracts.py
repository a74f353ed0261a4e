"""The large contract is what it is said to be, and the commands that are measured run."""

import json
import sys

import pytest
import yaml

from contracts.diff.contract import contract_of
from tests.benchmarks import contract_commands, contract_document
from tests.benchmarks.processes import PeerError


def operations(made):
    return sum(key != "parameters" for item in made["paths"].values() for key in item)


@pytest.mark.parametrize("number", [4, 10, 41])
def test_a_contract_has_as_many_operations_and_bytes_as_asked_for(number):
    made = contract_document.document(number, 200_000)
    assert operations(made) == number
    assert 200_000 <= len(contract_document.as_json(made)) < 230_000


def test_the_whole_contract_is_as_large_as_promised():
    made = contract_document.document()
    assert operations(made) == 1_000
    assert len(contract_document.as_json(made).encode()) >= 5_000_000


def test_the_same_seed_gives_the_same_contract():
    assert contract_document.document(20, 0) == contract_document.document(20, 0)
    assert contract_document.document(20, 0) != contract_document.document(20, 0, seed=9)


def test_contract_and_successor_are_sound():
    base = contract_document.document(80, 0)
    for made in (base, contract_document.successor(base, 40)):
        contract, findings = contract_of(contract_document.as_json(made), "large.json")
        assert contract is not None
        assert findings == []


def test_json_and_yaml_say_the_same():
    made = contract_document.successor(contract_document.document(12, 0), 20)
    assert yaml.safe_load(contract_document.as_yaml(made)) == json.loads(contract_document.as_json(made)) == made
    assert "&id" not in contract_document.as_yaml(made)


def test_the_successor_leaves_the_contract_alone_and_differs():
    base = contract_document.document(80, 0)
    before = contract_document.as_json(base)
    changed = contract_document.successor(base, 40)
    assert contract_document.as_json(base) == before
    assert changed != base


def test_every_subject_is_measured(tmp_path):
    missing: dict[str, str] = {}
    found = contract_commands.figures(tmp_path, 1, None, missing, 40, 50_000)
    assert missing == {}
    assert list(found) == [name for name, *_ in contract_commands.SUBJECTS]
    for row in found.values():
        assert row["bytes"] > 50_000 * 0.6
        assert row["operations"] == 40
        assert row["cpu_s"] > 0
        assert row["memory_mb"] > 10
    lines = contract_commands.table(found)
    assert [line.split()[0] for line in lines if line][1:] == list(found)


def test_a_command_that_fails_is_told(tmp_path):
    with pytest.raises(PeerError, match="ended with 7: gone"):
        contract_commands.measure(
            [sys.executable, "-c", "import sys; print('gone', file=sys.stderr); sys.exit(7)"], tmp_path
        )


def test_a_command_that_is_stuck_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(contract_commands, "PATIENCE", 0.3)
    with pytest.raises(PeerError, match="no end within"):
        contract_commands.measure([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path)
