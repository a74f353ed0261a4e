"""The rules for members: a member's key is one person in the whole estate, nobody acts as the catalog, and
who acts for a consumer is a team."""

from collections.abc import Iterator
from typing import Final

from contracts.documents.document import escape
from contracts.estate.catalogue import finding
from contracts.estate.decode import declared, suggestion
from contracts.estate.loading import Sources
from contracts.estate_files import MemberEntry
from contracts.findings import Finding, Place

RESERVED_MEMBER: Final = "catalog"
"""The name under which the catalog acts of itself, in the audit log and in decisions."""


def people_rules(sources: Sources) -> Iterator[Finding]:
    """One key for two people, of whom each would act with the other's roles; the catalog's own name; and consumers
    whose team is none."""
    yield from _consumers(sources)
    file = sources.teams
    seen: dict[str, tuple[MemberEntry, Place]] = {}
    for team, entry in file.value.teams.items():
        for name, member in entry.members.items():
            place = file.place_of_key(f"/teams/{escape(team)}/members/{escape(name)}")
            if name == RESERVED_MEMBER:
                message = f"no member can be called {name!r}: the catalog acts of itself under that name"
                yield finding("member-name-reserved", place, message)
            first, where = seen.setdefault(name, (member, place))
            if _person(first) != _person(member):
                message = f"{name!r} is {member.name} ({member.email}) here, and {first.name} ({first.email}) at"
                yield finding("member-ambiguous", place, f"{message} {where}")


def _consumers(sources: Sources) -> Iterator[Finding]:
    file, known = sources.consumers, declared(sources.teams.document, "teams")
    for name, entry in file.value.consumers.items():
        if entry.team is not None and entry.team not in known:
            message = f"the team of {name!r} is {entry.team!r}, which is no team{suggestion(entry.team, known)}"
            yield finding("unknown-consumer-team", file.place(f"/consumers/{escape(name)}/team"), message)


def _person(member: MemberEntry) -> tuple[str, str]:
    return member.name, member.email.lower()
