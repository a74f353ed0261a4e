"""What the guides on versions show: manifests that decode, and an adapter that is proved by both contracts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.estates import load_estate
from contracts.documents.document import Document, parse
from contracts.estate.decode import decode
from contracts.estate_files import ApiFile, ConsumersFile
from tests.docs.test_guides import fences
from tests.support.adapted_estate import V1, V1_YAML, write_adapted

VERSIONING = "docs/guides/versioning.md"
ADAPTERS = "docs/guides/version-adapters.md"
WHOLE: dict[str, Any] = {
    "title": "Orders",
    "owner": "sales",
    "contact": "orders@example.com",
    "upstream": "shop",
    "classification": "internal",
    "versions": {"v1": {}, "v2": {}},
}


def document(value: Any) -> Document:
    parsed, findings = parse(yaml.safe_dump(value).encode(), "api.yaml")
    assert parsed is not None, findings
    return parsed


def test_the_manifests_are_manifests(written: Mapping[str, str]) -> None:
    chosen: list[str] = []
    for page in (VERSIONING, ADAPTERS):
        for title, text in fences(written[page], "yaml"):
            value = yaml.safe_load(text)
            if title.endswith("openapi.yaml"):
                continue
            if title == "consumers.yaml":
                assert decode(document(value), ConsumersFile)[1] == []
                continue
            manifest, findings = decode(document(WHOLE | value), ApiFile)
            assert findings == []
            chosen.append(manifest.versioning.by)
    assert chosen == ["header", "media-type", "date", "path"]


@pytest.mark.parametrize("renamed", [False, True])
def test_the_adapter_of_the_guide_fits_both_contracts(
    written: Mapping[str, str], tmp_path: Path, renamed: bool
) -> None:
    (text,) = (text for title, text in fences(written[ADAPTERS], "yaml") if title.endswith("openapi.yaml"))
    (shown,) = (item["post"]["x-ostiary-policies"] for item in yaml.safe_load(text)["paths"].values())
    assert shown["version-adapter"].pop("operation") == "placeOrder"
    if renamed:
        del shown["version-adapter"]["request"][-1]
    contract = yaml.safe_load(V1_YAML)
    contract["paths"]["/orders"]["post"]["x-ostiary-policies"] = shown
    write_adapted(tmp_path)
    (tmp_path / V1).write_text(yaml.safe_dump(contract, sort_keys=False), encoding="utf-8")
    found = [each for each in load_estate(tmp_path)[1] if each.rule.startswith("policy-")]
    assert [each.rule for each in found] == (["policy-invalid"] if renamed else [])
    if renamed:
        # The example of the guide is what is said.
        assert 'becomes {"path":{},"query":{},"header":{},"body":' in found[0].message
        assert "/body is required: `currency`" in found[0].message
        assert "a request of v1 is not one of v2 createOrder" in written[ADAPTERS]
        assert "/body is required: `currency`" in written[ADAPTERS]
