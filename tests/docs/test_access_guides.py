"""The settings that the guides to access and to web pages show are checked as they stand there."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog.estates import load_estate
from contracts.findings import Finding
from tests.docs.test_guides import fences
from tests.support.estates import write_estate

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
API, CONTRACT, ESTATE = "apis/books/api.yaml", "apis/books/v1.openapi.yaml", "ostiary.yaml"
ACME = ("consumers.yaml", "  reading-club:\n", "  acme:\n")
UPSTREAMS = {
    "bookshop": {"url": "http://127.0.0.1:9000", "residency": "eu"},
    "erp": {"url": "http://127.0.0.1:9001"},
    "erp-next": {"url": "http://127.0.0.1:9002"},
}


def shown(page: str) -> list[tuple[str, dict[str, Any]]]:
    """The YAML of a guide: each with the file that it is a part of."""
    found = []
    for title, text in fences((GUIDES / page).read_text(encoding="utf-8"), "yaml"):
        value = yaml.safe_load(text)
        file = ESTATE if title.startswith(ESTATE) else CONTRACT if "paths" in value else API
        found.append((file, value))
    return found


def errors(root: Path, file: str, part: dict[str, Any]) -> list[Finding]:
    write_estate(root, ACME)
    _merge(root / ESTATE, {"upstreams": UPSTREAMS})
    if file == CONTRACT:  # the guides show what is new of an operation
        for path, item in part["paths"].items():
            for operation in item.values():
                operation |= {"security": [{"oauth": ["books:read"]}], "responses": {"200": {"description": "OK"}}}
            item["parameters"] = [
                {"name": name.partition("}")[0], "in": "path", "required": True, "schema": {"type": "string"}}
                for name in path.split("{")[1:]
            ]
    _merge(root / file, part)
    return [each for each in load_estate(root)[1] if each.severity == "error"]


def _merge(file: Path, part: dict[str, Any]) -> None:
    whole = yaml.safe_load(file.read_text(encoding="utf-8"))
    for key, value in part.items():
        whole[key] = {**whole.get(key, {}), **value}
    file.write_text(yaml.safe_dump(whole), encoding="utf-8")


@pytest.mark.parametrize("page", ["access-rules.md", "cors.md"])
def test_what_a_guide_shows_is_right(tmp_path: Path, page: str) -> None:
    parts = shown(page)
    assert parts
    for number, (file, part) in enumerate(parts):
        assert errors(tmp_path / str(number), file, part) == []


def test_a_wrong_one_would_be_found(tmp_path: Path) -> None:
    (file, part), *_ = shown("access-rules.md")
    assert file == CONTRACT
    part["paths"]["/partners/{partner_id}/orders"]["get"]["x-ostiary-rule"] = "claims.partner_id == path.partnerid"
    (error,) = errors(tmp_path, file, part)
    assert error.rule == "policy-invalid"
