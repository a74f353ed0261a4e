"""What the guide on validation shows: its settings hold in an estate, and its form is a contract."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.cli.init import scaffold
from contracts.estate.estate import load_estate
from contracts.findings import Finding
from contracts.operations import ApiVersion
from policies.judging import InstalledPolicies
from tests.support.estates import write_estate

GUIDE = "docs/guides/validation.md"
API, CONTRACT = "apis/books/api.yaml", "apis/books/v1.openapi.yaml"
FENCE = re.compile(r'^```yaml title="([^"]+)"\n(.*?)^```', re.M | re.S)


def shown(written: Mapping[str, str], title: str) -> list[Any]:
    return [yaml.safe_load(content) for found, content in FENCE.findall(written[GUIDE]) if found == title]


def checked(root: Path, file: str, text: str) -> tuple[ApiVersion, list[Finding]]:
    """The scaffold with another text for one of its files."""
    write_estate(root, (file, scaffold("test-estate")[file], text))
    estate, findings = load_estate(root, policies=InstalledPolicies())
    assert estate is not None, findings
    (version,) = estate.versions
    return version, findings


def test_the_settings_hold_where_the_guide_has_them(written: Mapping[str, str], tmp_path: Path) -> None:
    settings = shown(written, "apis/<name>/api.yaml")
    assert len(settings) == 4
    for index, each in enumerate(settings):
        manifest = yaml.safe_load(scaffold("test-estate")[API]) | each
        version, findings = checked(tmp_path / str(index), API, yaml.safe_dump(manifest))
        assert findings == []
        assert all(operation.policies for operation in version.operations)


@pytest.mark.parametrize("method", ["post", "put"])
def test_the_form_is_a_contract(written: Mapping[str, str], tmp_path: Path, method: str) -> None:
    (form,) = shown(written, "apis/<name>/v1.openapi.yaml")
    contract = yaml.safe_load(scaffold("test-estate")[CONTRACT])
    security = next(iter(contract["paths"].values()))["get"].get("security") or contract.get("security")
    contract["paths"]["/scans"] = {
        method: {
            "operationId": "scan",
            "security": security,
            "responses": {"204": {"description": "Done"}},
            **form,
        }
    }
    version, findings = checked(tmp_path, CONTRACT, yaml.safe_dump(contract))
    assert findings == []
    (scan,) = [each for each in version.operations if each.id == "scan"]
    assert scan.body is not None
    (media,) = scan.body.content
    assert media.encodings[0].content_types == ("image/png", "application/pdf")
    assert media.encodings[0].headers[0].required
