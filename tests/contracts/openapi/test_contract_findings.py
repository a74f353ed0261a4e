"""Golden pairs: what is wrong in `*.in.yaml`, all of it at once, is in `*.out.txt`, line by line.

`UPDATE_GOLDEN=1` writes the outputs anew; read the difference before you commit it.
"""

import os
import re
from pathlib import Path

import pytest

from contracts.documents.document import parse
from contracts.openapi.rules import CONTRACT_RULES
from contracts.operations import Lifecycle
from tests.contracts.contract_helpers import compile_file
from tests.contracts.documents.test_document import FAULTS

DATA = Path(__file__).parents[2] / "data" / "contracts"
INPUTS = sorted(path.name for path in DATA.glob("*.in.yaml"))
SUNSET = 1814313600  # 2027-06-30
FOUND_WHERE_A_FILE_IS_OPENED = {"file-missing", "file-unreadable", "document-too-large"}
FOUND_AMONG_CONTRACTS = {"odoo-field-contradicted", "odoo-field-retired"}
"""By the whole estate: what one contract takes a field for, another may contradict, or its upstream's version."""


@pytest.mark.parametrize("name", INPUTS)
def test_every_fault_is_found_at_once_and_in_its_place(name):
    lifecycle = Lifecycle(state="deprecated", deprecation=SUNSET - 1, sunset=SUNSET)
    version, findings = compile_file(DATA, name, lifecycle=lifecycle)
    assert version is None
    found = "".join(f"{finding}\n" for finding in findings)
    golden = DATA / name.replace(".in.yaml", ".out.txt")
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(found)
    assert found == golden.read_text()


def test_every_rule_is_shown_by_a_contract_that_breaks_it():
    shown = {
        match[1]
        for path in DATA.glob("*.out.txt")
        for line in path.read_text().splitlines()
        if (match := re.search(r"\[([a-z0-9-]+)]$", line))
    }
    shown |= {rule for _, _, rule, *_ in FAULTS} | FOUND_WHERE_A_FILE_IS_OPENED | FOUND_AMONG_CONTRACTS
    assert shown == set(CONTRACT_RULES)


@pytest.mark.parametrize("name", INPUTS)
def test_severity_and_place_are_the_tables_and_the_files(name):
    _, findings = compile_file(DATA, name)
    assert findings
    for finding in findings:
        assert finding.severity == CONTRACT_RULES[finding.rule].severity
        document, _ = parse((DATA / finding.place.file).read_bytes(), finding.place.file)
        assert document.at(finding.place.pointer) is not None
        assert finding.place.line > 0
        assert finding.place.column > 0


@pytest.mark.parametrize("name", INPUTS)
def test_compiling_twice_finds_the_same(name):
    assert compile_file(DATA, name) == compile_file(DATA, name)


@pytest.mark.parametrize(
    "broken", ["[]", "x", "{paths: []}", "{paths: {/a: 5}, components: 7, servers: {}, security: x}"]
)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
def test_whatever_a_document_is_there_are_findings_and_no_exception(broken, version, tmp_path):
    text = broken if not broken.startswith("{") else f"{{openapi: {version}, {broken[1:]}"
    (tmp_path / "a.yaml").write_text(text)
    compiled, findings = compile_file(tmp_path, "a.yaml")
    assert compiled is None
    assert findings
