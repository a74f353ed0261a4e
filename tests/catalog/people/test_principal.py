"""By which right a principal acts: its own or another's, for a team or for any, and never an author's."""

import pytest

from catalog.people.members import Members
from catalog.people.principal import Delegated, Principal, Right
from contracts.estate_files import MemberEntry, TeamEntry, TeamsFile

NOBODY: frozenset[str] = frozenset()
ANNA = Principal(
    "anna",
    {"sales": frozenset({"api-owner"}), "platform": frozenset({"architect"})},
    (
        Delegated("security", "sara", frozenset({"trust"}), 100),
        Delegated("architect", "omar", frozenset({"sales", "trust"}), 100),
    ),
)


@pytest.mark.parametrize(
    ("role", "team", "without", "right"),
    [
        ("api-owner", None, NOBODY, Right("api-owner")),
        ("api-owner", "sales", NOBODY, Right("api-owner")),
        ("api-owner", "platform", NOBODY, None),
        ("operator", None, NOBODY, None),
        # Of its own in one team, by delegation in two others.
        ("architect", None, NOBODY, Right("architect")),
        ("architect", "platform", NOBODY, Right("architect")),
        ("architect", "sales", NOBODY, Right("architect", "omar")),
        ("architect", "sales", frozenset({"omar"}), None),
        ("architect", "platform", frozenset({"omar"}), Right("architect")),
        ("security", None, NOBODY, Right("security", "sara")),
        ("security", "trust", frozenset({"sara"}), None),
        # Who is an author acts in no role, whoever handed it over.
        ("api-owner", "sales", frozenset({"anna"}), None),
        ("security", "trust", frozenset({"anna"}), None),
    ],
)
def test_rights(role: str, team: str | None, without: frozenset[str], right: Right | None) -> None:
    assert ANNA.right(role, team=team, without=without) == right  # type: ignore[arg-type]


def test_who_has_a_role_where() -> None:
    def entry(*roles: str) -> MemberEntry:
        return MemberEntry("N", "n@example.com", roles)  # type: ignore[arg-type]

    members = Members(
        TeamsFile(
            {
                "b": TeamEntry("B", "b@example.com", {"zoe": entry("architect"), "ann": entry("architect")}),
                "a": TeamEntry("A", "a@example.com", {"ann": entry("api-owner"), "bo": entry()}),
            }
        )
    )
    assert [each.name for each in members.holders("architect")] == ["ann", "zoe"]
    assert [each.name for each in members.holders("architect", "a")] == []
    assert members.by_name["ann"].memberships == {"b": frozenset({"architect"}), "a": frozenset({"api-owner"})}
