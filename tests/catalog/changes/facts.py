"""Facts about changes for tests, and strategies that make any."""

from hypothesis import strategies as st

from catalog.changes.facts import Approval, Facts, Found, Traits
from contracts.estate_changes import (
    ApprovalRule,
    ApproversEntry,
    RequireEntry,
    WhenEntry,
)

ROLES = ("api-owner", "architect", "operator", "security")
TEAMS = ("sales", "customers", "logistics")
PEOPLE = ("ines", "omar", "ruth", "jonas")
GOVERNANCE = ("centralised", "federated", "decentralised")
TOUCHES = ("new-api", "deprecation", "owner", "classification", "people", "withdrawal")


def found(fingerprint: str = "a000000000000001", **more: object) -> Found:
    members: dict[str, object] = {
        "rule": "request-body-removed",
        "severity": "error",
        "message": "it is gone",
        **more,
    }
    return Found(fingerprint=fingerprint, **members)  # type: ignore[arg-type]


def traits(**more: object) -> Traits:
    members: dict[str, object] = {
        "owner": "sales",
        "domain": frozenset(("sales", "logistics")),
        "classification": "internal",
        "criticality": 3,
        "governance": "centralised",
        **more,
    }
    return Traits(**members)  # type: ignore[arg-type]


def facts(**more: object) -> Facts:
    members: dict[str, object] = {"unit": "orders", "is_estate": False, "traits": (traits(),), **more}
    return Facts(**members)  # type: ignore[arg-type]


def _some(values: tuple[object, ...], least: int = 0) -> st.SearchStrategy[tuple[object, ...]]:
    return st.frozensets(st.sampled_from(values), min_size=least).map(lambda each: tuple(sorted(each, key=str)))


def _team_sets() -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(TEAMS), min_size=1)


any_traits = st.builds(
    Traits,
    owner=st.sampled_from(TEAMS),
    domain=_team_sets(),
    classification=st.sampled_from(("public", "internal", "confidential", "restricted")),
    criticality=st.sampled_from((1, 2, 3, 4)),
    governance=st.sampled_from(GOVERNANCE),
)

any_found = st.builds(
    Found,
    rule=st.just("some-rule"),
    severity=st.sampled_from(("error", "warning", "info")),
    message=st.just("something"),
    fingerprint=st.integers(1, 5).map(lambda number: f"a{number:015d}"),
    undecided=st.booleans(),
    new=st.booleans(),
    waived=st.sampled_from((0, 1)),
)

any_facts = st.builds(
    Facts,
    unit=st.sampled_from(("orders", "partners")),
    is_estate=st.just(False),
    traits=st.lists(any_traits, min_size=1, max_size=2).map(tuple),
    touches=st.frozensets(st.sampled_from(TOUCHES)),
    changes=st.lists(any_found, max_size=4).map(tuple),
    lint=st.lists(any_found, max_size=4).map(tuple),
)

any_rule = st.builds(
    ApprovalRule,
    name=st.sampled_from(("first", "second", "third")),
    when=st.builds(
        WhenEntry,
        apis=_some(("orders", "partners")),
        verdict=_some(("breaking", "undecided", "compatible")),
        lint=_some(("errors", "warnings", "clean")),
        touches=_some(TOUCHES),
        classification=_some(("restricted", "public")),
        criticality=_some((1, 2)),
        governance=_some(GOVERNANCE),
    ),
    require=st.builds(
        RequireEntry,
        approvals=st.lists(
            st.builds(
                ApproversEntry,
                roles=_some(ROLES, 1),
                count=st.integers(1, 3),
                of=st.sampled_from(("governance", "anyone", "owner", "domain")),
            ),
            max_size=2,
        ).map(tuple),
        waived=_some(("breaking", "undecided", "lint")),
    ),
)

any_approval = st.builds(
    Approval,
    actor=st.sampled_from(PEOPLE),
    role=st.sampled_from(ROLES),
    teams=_team_sets(),
    giver=st.sampled_from(("", *PEOPLE)),
)
