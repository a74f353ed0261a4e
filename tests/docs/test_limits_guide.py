"""What the guide on limits shows works: as it stands, in an estate."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from contracts.estate.estate import load_estate
from contracts.limits import DIMENSIONS, WindowKind
from policies.judging import InstalledPolicies
from tests.docs.test_guides import fences
from tests.support.estates import write_estate


@pytest.fixture(scope="module")
def guide(written: Mapping[str, str]) -> str:
    return written["docs/guides/limits.md"]


def test_its_settings_have_no_findings(guide: str, tmp_path: Path) -> None:
    root = write_estate(tmp_path)
    shown = [(title, yaml.safe_load(content)) for title, content in fences(guide, "yaml")]
    assert [title for title, _ in shown] == ["ostiary.yaml", "apis/<name>/api.yaml", "apis/<name>/api.yaml"]
    policies: dict[str, Any] = {}
    for title, value in shown:
        if title == "ostiary.yaml":
            file = root / title
            whole = yaml.safe_load(file.read_text(encoding="utf-8"))
            whole["plans"]["trial"] = value["plans"]["gold"]
            file.write_text(yaml.safe_dump(whole), encoding="utf-8")
        else:
            policies |= value["policies"]
    file = root / "apis/books/api.yaml"
    whole = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump(whole | {"policies": policies}, default_flow_style=False), encoding="utf-8")
    assert load_estate(root, policies=InstalledPolicies())[1] == []


def test_it_has_all_dimensions_and_windows(guide: str) -> None:
    for name in (*DIMENSIONS, *get_args(WindowKind)):
        assert f"`{name}`" in guide
