"""The guide about changing an API says what holds: the default rules, what is touched, and keys that exist."""

import re
from collections.abc import Mapping
from typing import get_args

import msgspec
import yaml
from typer.main import get_command

from catalog.cli.main import build
from contracts.estate_changes import DEFAULT_RULES, ChangesEntry, Touch
from tests.docs.test_guides import fences

GUIDE = "docs/guides/changes.md"


def rows(text: str, heading: str) -> list[str]:
    """The first cells of the table below a heading."""
    section = re.split(r"^## ", text.split(f"## {heading}\n", 1)[1], maxsplit=1, flags=re.M)[0]
    return re.findall(r"^\| (`[^|]+`) \|", section, re.M)


def test_every_default_rule_is_in_the_table_and_none_that_is_not(written: Mapping[str, str]) -> None:
    assert rows(written[GUIDE], "The default rules") == [f"`{rule.name}`" for rule in DEFAULT_RULES]


def test_every_matter_that_a_change_can_touch_is_explained(written: Mapping[str, str]) -> None:
    told = [
        word for cell in rows(written[GUIDE], "What a change touches") for word in re.findall(r"`([^`]+)`", cell)
    ]
    assert sorted(told) == sorted(get_args(Touch))


def test_the_rules_that_the_guide_shows_are_rules(written: Mapping[str, str]) -> None:
    [shown] = [text for _, text in fences(written[GUIDE], "yaml")]
    entry = msgspec.convert(yaml.load(shown, yaml.BaseLoader)["changes"], ChangesEntry, strict=False)
    assert [rule.name for rule in entry.approval] == ["breaking", "money"]
    assert entry.approval[1].require.approvals[1].count == 2
    assert [window.spared for window in entry.freeze_windows] == [("shipments",)]


def test_the_guide_names_every_command_about_changes(written: Mapping[str, str]) -> None:
    group = get_command(build()).commands["changes"]  # type: ignore[attr-defined]
    text = written[GUIDE]
    for name in group.commands:
        assert f"ostiary changes {name}" in text or f"`{name}`" in text, name
