"""The rules for members of teams."""

from pathlib import Path

import pytest

from contracts.estate.loading import load_sources
from contracts.estate.people_rules import people_rules

INES = "ines: { name: Ines, email: ines@acme.example, roles: [api-owner] }"


def found(folder: Path, first: str, second: str) -> list[str]:
    text = f"""\
teams:
  sales: {{ title: Sales, contact: sales@acme.example, members: {{ {first} }} }}
  platform: {{ title: Platform, contact: platform@acme.example, members: {{ {second} }} }}
"""
    (folder / "teams.yaml").write_text(text)
    sources, _ = load_sources(folder)
    return [f"{each.place.file}:{each.place.line} {each.rule}" for each in people_rules(sources)]


@pytest.mark.parametrize(
    "second",
    [
        "omar: { name: Omar, email: omar@acme.example }",
        "ines: { name: Ines, email: INES@acme.example, roles: [security] }",
    ],
)
def test_one_person_may_be_in_two_teams(tmp_path: Path, second: str) -> None:
    assert found(tmp_path, INES, second) == []


@pytest.mark.parametrize(
    "second", ["ines: { name: Ines, email: other@acme.example }", "ines: { name: I, email: ines@acme.example }"]
)
def test_two_people_under_one_name(tmp_path: Path, second: str) -> None:
    assert found(tmp_path, INES, second) == ["teams.yaml:3 member-ambiguous"]


def test_nobody_is_called_as_the_catalog_is(tmp_path: Path) -> None:
    taken = "catalog: { name: Cat, email: cat@acme.example }"
    assert found(tmp_path, taken, INES) == ["teams.yaml:2 member-name-reserved"]


@pytest.mark.parametrize(("team", "rules"), [("sales", []), ("sails", ["consumers.yaml:5 unknown-consumer-team"])])
def test_who_acts_for_a_consumer_is_a_team(tmp_path: Path, team: str, rules: list[str]) -> None:
    (tmp_path / "consumers.yaml").write_text(
        f"consumers:\n  acme:\n    title: Acme\n    contact: dev@acme.example\n    team: {team}\n"
    )
    assert found(tmp_path, INES, "") == rules
