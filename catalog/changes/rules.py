"""The estate's approval rules, evaluated: which of them hold for a change, and what they ask for together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from catalog.changes.facts import Approval, Facts, Kind, Traits
from contracts.estate_changes import ApprovalRule, ApproversEntry, WhenEntry
from contracts.estate_words import Role

_ORDER: Final[tuple[Kind, ...]] = ("breaking", "undecided", "lint")


@dataclass(frozen=True, slots=True)
class Needed:
    """So many people in one of `roles` have to approve; of `teams`, unless it is None. `because` are the rules."""

    roles: tuple[Role, ...]
    count: int
    teams: frozenset[str] | None
    because: tuple[str, ...]

    @property
    def who(self) -> str:
        """In words: `architect or security of sales`."""
        of = f" of {' or '.join(sorted(self.teams))}" if self.teams is not None else ""
        return f"{' or '.join(self.roles)}{of}"

    def takes(self, approval: Approval) -> bool:
        """Whether an approval counts here."""
        return approval.role in self.roles and (self.teams is None or bool(self.teams & approval.teams))

    def only(self, role: Role) -> "Needed":
        """The same from those in one of its roles alone."""
        return Needed((role,), self.count, self.teams, self.because)

    def given(self, approvals: Iterable[Approval]) -> tuple[str, ...]:
        """Who approved it so far. Who acts for another and the other are one: two signatures of one right."""
        counted: dict[str, str] = {}
        rights: set[str] = set()
        for approval in approvals:
            right = approval.giver or approval.actor
            if self.takes(approval) and approval.actor not in counted and right not in rights:
                counted[approval.actor] = right
                rights.add(right)
        return tuple(counted)


@dataclass(frozen=True, slots=True)
class Requirements:
    """What all rules that hold ask for. `waived` is by kind of finding, with the rules that want it."""

    approvals: tuple[Needed, ...] = ()
    waived: tuple[tuple[Kind, tuple[str, ...]], ...] = ()


def requirements(rules: Iterable[ApprovalRule], facts: Facts) -> Requirements:
    """What the rules that hold for a change ask for: of the same people the most that any of them wants.

    A rule is held against what an API was and what it becomes, each by itself, so that no change lowers the bar
    for itself. Adding a rule never takes anything away.
    """
    approvals: dict[tuple[tuple[Role, ...], frozenset[str] | None], Needed] = {}
    waived: dict[Kind, dict[str, None]] = {}
    for rule in rules:
        for traits in _matching(rule.when, facts):
            for kind in rule.require.waived:
                waived.setdefault(kind, {})[rule.name] = None
            for entry in rule.require.approvals:
                roles = tuple(sorted(set(entry.roles)))
                teams = _teams(entry, traits)
                before = approvals.get((roles, teams))
                because = () if before is None else before.because
                if rule.name not in because:
                    because = (*because, rule.name)
                count = max(entry.count, 0 if before is None else before.count)
                approvals[roles, teams] = Needed(roles, count, teams, because)
    return Requirements(
        tuple(sorted(approvals.values(), key=_order)),
        tuple((kind, tuple(waived[kind])) for kind in _ORDER if kind in waived),
    )


def _order(needed: Needed) -> tuple[tuple[Role, ...], tuple[str, ...]]:
    return needed.roles, tuple(sorted(needed.teams or ()))


def _matching(when: WhenEntry, facts: Facts) -> Iterator[Traits | None]:
    """The traits with which a rule holds: None for one that has none to ask for."""
    if not (
        _any(when.unit, ("estate" if facts.is_estate else "api",))
        and _any(when.apis, (facts.unit,) if not facts.is_estate else ())
        and _any(when.verdict, facts.verdicts)
        and _any(when.lint, (facts.lint_result,))
        and _any(when.touches, facts.touches)
    ):
        return
    for traits in facts.traits or (None,):
        if _fits(when, traits):
            yield traits


def _fits(when: WhenEntry, traits: Traits | None) -> bool:
    if traits is None:
        return not (when.classification or when.criticality or when.governance)
    return (
        _any(when.classification, (traits.classification,))
        and _any(when.criticality, (traits.criticality,))
        and _any(when.governance, (traits.governance,))
    )


def _any(wanted: Sequence[object], found: Iterable[object]) -> bool:
    return not wanted or any(each in wanted for each in found)


def _teams(entry: ApproversEntry, traits: Traits | None) -> frozenset[str] | None:
    """Whose members count. Only architects belong to a domain: security and operations are the whole company's."""
    if traits is None or entry.of == "anyone":
        return None
    if entry.of == "owner":
        return frozenset((traits.owner,))
    if entry.of == "domain":
        return traits.domain
    federated = traits.governance == "federated" and set(entry.roles) == {"architect"}
    return traits.domain if federated else None
