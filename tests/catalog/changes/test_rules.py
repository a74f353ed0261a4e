"""The rules of an estate, over any facts: what holds for all of them, and what the default rules say."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.changes.conditions import Condition, all_met, unmet
from catalog.changes.facts import Approval, Facts
from catalog.changes.judging import Circumstances, conditions, needed_of
from catalog.changes.rules import requirements
from contracts.estate_changes import DEFAULT_RULES, ApprovalRule, ChangesEntry, FreezeWindow, RequireEntry
from tests.catalog.changes.facts import any_approval, any_facts, any_rule, facts, found, traits

NOW = 1_800_000_000
rules = st.lists(any_rule, max_size=4).map(tuple)
approvals = st.lists(any_approval, max_size=5).map(tuple)


def judged(
    approval: tuple[ApprovalRule, ...], about: Facts, given: tuple[Approval, ...] = (), **around: object
) -> dict[str, Condition]:
    circumstances = Circumstances(NOW, **around)  # type: ignore[arg-type]
    return {each.id: each for each in conditions(ChangesEntry(approval=approval), about, given, circumstances)}


def by_default(about: Facts, *given: Approval) -> dict[str, Condition]:
    return judged(DEFAULT_RULES, about, given)


@given(any_facts, rules, any_rule, approvals)
def test_another_rule_never_makes_a_change_easier(
    about: Facts, some: tuple[ApprovalRule, ...], one: ApprovalRule, given: tuple[Approval, ...]
) -> None:
    fewer, more = judged(some, about, given), judged((*some, one), about, given)
    assert fewer.keys() <= more.keys()
    assert all(fewer[key].met for key in fewer if more[key].met)


@given(any_facts, rules, approvals, any_approval)
def test_another_approval_never_makes_a_change_harder(
    about: Facts, some: tuple[ApprovalRule, ...], given: tuple[Approval, ...], one: Approval
) -> None:
    before, after = judged(some, about, given), judged(some, about, (*given, one))
    assert before.keys() == after.keys()
    assert all(after[key].met for key in before if before[key].met)


@given(any_facts, rules)
def test_a_waiver_never_makes_a_change_harder(about: Facts, some: tuple[ApprovalRule, ...]) -> None:
    waived = replace(
        about,
        changes=tuple(msgspec.structs.replace(each, waived=7) for each in about.changes),
        lint=tuple(msgspec.structs.replace(each, waived=7) for each in about.lint),
    )
    before, after = judged(some, about), judged(some, waived)
    assert before.keys() == after.keys()
    assert all(after[key].met for key in after if key.startswith("waived:"))
    assert all(after[key].met for key in before if before[key].met)


@given(any_facts, any_facts, rules)
def test_what_an_api_was_and_what_it_becomes_both_count(
    one: Facts, other: Facts, some: tuple[ApprovalRule, ...]
) -> None:
    both = replace(one, traits=(one.traits[0], other.traits[0]))
    together = judged(some, both)
    for each in both.traits:
        alone = judged(some, replace(one, traits=(each,)))
        assert alone.keys() <= together.keys()
        assert all(alone[key].met for key in alone if together[key].met)


@given(any_facts, rules, approvals)
def test_what_is_needed_is_what_is_not_met(
    about: Facts, some: tuple[ApprovalRule, ...], given: tuple[Approval, ...]
) -> None:
    open_ = [each for each in judged(some, about, given).values() if each.id.startswith("approvals:")]
    missing = needed_of(ChangesEntry(approval=some), about, given)
    assert sorted(each.roles for each in missing) == sorted(each.needs for each in open_ if not each.met)


@given(any_facts, rules)
def test_nobody_counts_twice(about: Facts, some: tuple[ApprovalRule, ...]) -> None:
    """One person with every role and every team, who approved in each of them, meets no condition of two."""
    one = tuple(
        Approval("omar", role, frozenset(("sales", "customers", "logistics")))
        for role in ("architect", "security", "operator", "api-owner")
    )
    for needed in requirements(some, about).approvals:
        assert len(needed.given(one)) == 1
        assert needed.count == 1 or not judged(some, about, one)[_id(needed.roles, needed.teams)].met


@given(any_facts)
def test_without_rules_only_soundness_counts(about: Facts) -> None:
    left = judged((), about)
    assert left.keys() - {"withdrawal"} == {"sound"}
    assert not judged((), about, problems=("it is broken",))["sound"].met


def test_a_compatible_change_with_clean_lint_needs_nothing_by_default() -> None:
    assert all_met(by_default(facts(changes=(found(severity="info"), found(severity="warning")))).values())


@pytest.mark.parametrize(
    ("about", "wanted"),
    [
        (facts(changes=(found(),)), {"waived:breaking"}),
        (facts(changes=(found(waived=3),)), set()),
        (facts(changes=(found(undecided=True, severity="warning"),)), {"approvals:architect"}),
        (
            facts(changes=(found(undecided=True),), traits=(traits(governance="decentralised"),)),
            {"waived:undecided"},
        ),
        (
            facts(changes=(found(undecided=True),), traits=(traits(governance="federated"),)),
            {"approvals:architect:logistics+sales"},
        ),
        (facts(lint=(found(),)), {"waived:lint"}),
        (facts(lint=(found(new=False),)), set()),
        (facts(lint=(found(severity="warning"),)), set()),
        (facts(traits=(traits(classification="restricted"),)), {"approvals:security"}),
        (facts(traits=(traits(criticality=1),)), {"approvals:architect"}),
        (facts(touches=frozenset(("new-api",))), {"approvals:architect"}),
        (facts(touches=frozenset(("deprecation",))), {"approvals:architect"}),
        (facts(touches=frozenset(("reinstatement",))), {"approvals:architect"}),
        (
            facts(touches=frozenset(("deprecation",)), traits=(traits(governance="decentralised"),)),
            set(),
        ),
        (
            facts(touches=frozenset(("governance",)), traits=(traits(), traits(governance="decentralised"))),
            {"approvals:architect"},
        ),
        (facts(touches=frozenset(("classification",))), {"approvals:security"}),
        (facts(unit="estate", is_estate=True, traits=()), {"approvals:architect+operator"}),
        (
            facts(unit="estate", is_estate=True, traits=(), touches=frozenset(("people",))),
            {"approvals:architect+operator", "approvals:security"},
        ),
        (facts(touches=frozenset(("withdrawal",))), {"withdrawal"}),
    ],
)
def test_the_default_rules(about: Facts, wanted: set[str]) -> None:
    assert {each.id for each in unmet(by_default(about).values())} == wanted


def test_criticality_1_wants_two_architects_and_one_is_named() -> None:
    about = facts(traits=(traits(criticality=1),), changes=(found(undecided=True),))
    omar, ines = (Approval(name, "architect", frozenset(("sales",))) for name in ("omar", "ines"))
    one = by_default(about, omar)["approvals:architect"]
    assert not one.met
    assert one.text == "2 people with the role architect have to approve (rules undecided, critical); omar did"
    assert by_default(about, omar, ines)["approvals:architect"].met


@pytest.mark.parametrize(
    ("able", "said"),
    [
        ((), "nobody has it, which is too few"),
        (("omar",), "only omar has it, which is too few"),
        (("omar", "ines"), None),
    ],
)
def test_a_condition_that_too_few_can_meet_says_who_could(able: tuple[str, ...], said: str | None) -> None:
    about = facts(traits=(traits(criticality=1),))
    rights = tuple(Approval(name, "architect", frozenset(("sales",))) for name in able)
    others = (Approval("ruth", "security", frozenset(("customers",))),)
    text = judged(DEFAULT_RULES, about, able=(*rights, *others))["approvals:architect"].text
    assert text.partition("; of all who are not its authors ")[2] == (said or "")


def test_whoever_acts_for_another_is_not_a_second_person() -> None:
    about = facts(traits=(traits(criticality=1),))
    own = Approval("omar", "architect", frozenset(("sales",)))
    for_omar = Approval("jonas", "architect", frozenset(("sales",)), giver="omar")
    for_ines = Approval("jonas", "architect", frozenset(("sales",)), giver="ines")
    assert not by_default(about, own, for_omar)["approvals:architect"].met
    assert by_default(about, own, for_ines)["approvals:architect"].met


def test_the_architect_of_another_domain_does_not_count_where_governance_is_federated() -> None:
    about = facts(changes=(found(undecided=True),), traits=(traits(governance="federated"),))
    other = Approval("ruth", "architect", frozenset(("customers",)))
    assert not by_default(about, other)["approvals:architect:logistics+sales"].met


def test_a_rule_without_requirements_changes_nothing() -> None:
    assert requirements((ApprovalRule("seen", require=RequireEntry()),), facts()).approvals == ()


def test_a_freeze_holds_back_from_its_first_second_to_the_one_before_its_end() -> None:
    window = FreezeWindow("2027-01-15T08:00:00Z", "2027-01-15T08:00:10Z", "Stock-taking", ("partners",))
    settings = ChangesEntry(approval=(), freeze_windows=(window,))

    def held(now: int, unit: str = "orders") -> bool:
        return bool(unmet(conditions(settings, facts(unit=unit), (), Circumstances(now))))

    start = 1_800_000_000
    assert [held(start + seconds) for seconds in (-1, 0, 9, 10)] == [False, True, True, False]
    assert not held(start, "partners")


def test_ended_waivers_and_late_reviews_hold_back() -> None:
    left = judged((), facts(), expired=(found(),), overdue=(4,))
    assert {each.id: each.needs for each in unmet(left.values())} == {
        "waivers-expired": ("a000000000000001",),
        "review:4": (),
    }


def _id(roles: tuple[str, ...], teams: frozenset[str] | None) -> str:
    return ":".join(["approvals", "+".join(roles), *(["+".join(sorted(teams))] if teams is not None else [])])
