"""No way into an estate leaves the policies out."""

import ast
from pathlib import Path

import catalog
from catalog.estates import check, findings_over, load_estate
from contracts.estate.loading import load_sources
from tests.support.estates import write_estate

FOLDER = Path(catalog.__file__).parent
LOADING = {"check", "load_estate", "policy_rules"}
"""What is to be had from `catalog.estates` alone."""

SETTINGS = ("ostiary.yaml", "plans:", "policies:\n  rate-limits: {mode: report}\n\nplans:")


def test_the_catalog_reads_estates_in_one_place() -> None:
    elsewhere = []
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("contracts.estate"):
                names = {each.name for each in node.names}
                taken = names & LOADING or ("across" in names and node.module == "contracts.estate.rules")
                if taken and path != FOLDER / "estates.py":
                    elsewhere.append(f"{path.relative_to(FOLDER)}: {sorted(names)}")
    assert elsewhere == []


def test_settings_of_policies_are_judged(tmp_path: Path) -> None:
    root = write_estate(tmp_path, SETTINGS)
    estate, findings = load_estate(root)
    assert estate is None
    (finding,) = findings
    assert finding.rule == "unknown-policy"
    assert "did you mean 'rate-limit'?" in finding.message
    assert check(root) == findings
    sources, _ = load_sources(root)
    assert findings_over(sources) == findings
