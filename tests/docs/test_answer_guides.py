"""What the guides on answers show: the settings hold in an estate, and say what the text says of them."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from catalog.cli.init import scaffold
from catalog.estates import load_estate
from tests.support.estates import write_estate

GUIDES = ("classification", "answer-validation", "transformation")
API, CONTRACT = "apis/books/api.yaml", "apis/books/v1.openapi.yaml"
FENCE = re.compile(r'^```yaml(?: title="([^"]+)")?\n(.*?)^```', re.M | re.S)


@pytest.mark.parametrize("guide", GUIDES)
def test_the_settings_hold(written: Mapping[str, str], tmp_path: Path, guide: str) -> None:
    settings = [text for title, text in FENCE.findall(written[f"docs/guides/{guide}.md"]) if title]
    assert settings
    for index, text in enumerate(settings):
        manifest = yaml.safe_load(scaffold("test-estate")[API]) | yaml.safe_load(text)
        root = write_estate(tmp_path / str(index), (API, scaffold("test-estate")[API], yaml.safe_dump(manifest)))
        estate, findings = load_estate(root)
        assert findings == []
        assert estate is not None
        (version,) = estate.versions
        assert all(operation.policies for operation in version.operations)


def test_the_marks_are_a_contracts(written: Mapping[str, str], tmp_path: Path) -> None:
    (marked,) = [text for title, text in FENCE.findall(written["docs/guides/classification.md"]) if not title]
    contract = yaml.safe_load(scaffold("test-estate")[CONTRACT])
    schemas = contract["components"]["schemas"]
    schemas |= {"Risk": {"type": "string"}, **yaml.safe_load(marked)["components"]["schemas"]}
    for path in contract["paths"].values():
        for status, answer in path["get"]["responses"].items():
            if status == "200":
                answer["content"]["application/json"]["schema"] = {"$ref": "#/components/schemas/Customer"}
    text = yaml.safe_dump(contract, sort_keys=False)
    settings = ("ostiary.yaml", "plans:\n", "policies: {classification: {}}\nplans:\n")
    estate, findings = load_estate(
        write_estate(tmp_path, (CONTRACT, scaffold("test-estate")[CONTRACT], text), settings)
    )
    assert estate is not None, findings
    assert findings == []
