"""The assessment of a proposal: the same for the same files, another for anything that a decision is about."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import as_file, files

import pytest

from catalog.changes.assessment import Assessment, Proposal, WaiverInForce, assess
from catalog.revisions.closure import units_of
from contracts.estate.estate import load_estate
from contracts.estate_changes import ApprovalRule, ChangesEntry

TODAY = date(2026, 11, 28)
RULES = ChangesEntry()
ORDERS = "apis/orders/v2.openapi.yaml"
BREAKING = (ORDERS, b"maximum: 10000", b"maximum: 5000")
FINGERPRINT = "a4b21636079cdb22"


@cache
def units() -> Mapping[str, Mapping[str, bytes]]:
    """The demonstration's."""
    with as_file(files("catalog.demo") / "estate") as root:
        estate, findings = load_estate(root)
        assert estate is not None, findings
        return units_of(estate)


def proposal(unit: str, *changes: tuple[str, bytes, bytes], base: str = "sha256:base") -> Proposal:
    after = dict(units()[unit])
    for path, old, new in changes:
        assert old in after[path], (path, old)
        after[path] = after[path].replace(old, new, 1)
    others = {name: each for name, each in units().items() if name != unit}
    return Proposal(unit, base, units()[unit], f"sha256:{hash(changes)}", after, others)


def assessed(about: Proposal, *waivers: WaiverInForce, rules: ChangesEntry = RULES) -> Assessment:
    return assess(about, waivers, rules, TODAY)


@cache
def breaking() -> Assessment:
    return assessed(proposal("orders", BREAKING))


def test_what_is_the_same_is_compatible_and_touches_nothing() -> None:
    found = assessed(proposal("orders"))
    assert (found.verdict, found.bump, found.touches, found.changes, found.files) == (
        "compatible",
        "none",
        (),
        (),
        (),
    )
    assert {each.new for each in found.lint} == {False}


def test_a_breaking_change_is_found_with_its_place_and_the_fingerprint_that_diff_prints() -> None:
    [found] = breaking().changes
    assert (found.rule, found.fingerprint, found.operation) == (
        "request-maximum-narrowed",
        FINGERPRINT,
        "POST /orders",
    )
    assert (found.file, found.before, found.after) == (ORDERS, "10000", "5000")
    assert found.line > 1
    assert (breaking().verdict, breaking().bump) == ("breaking", "major")
    [file] = breaking().files
    assert [line for line in file.diff if line[0] in "+-"] != []


def test_the_digest_is_the_same_for_the_same_and_another_for_all_that_is_decided_about() -> None:
    about = proposal("orders", BREAKING)
    waived = assessed(about, WaiverInForce(3, FINGERPRINT, breaking().changes[0].message))
    ruled = assessed(about, rules=ChangesEntry(approval=(ApprovalRule("one"),)))
    moved = assessed(proposal("orders", BREAKING, base="sha256:other"))
    again = assessed(about)
    assert again == breaking()
    assert len({each.digest for each in (again, waived, ruled, moved)}) == 4
    assert [each.waived for each in waived.changes] == [3]
    assert waived.verdict == "breaking"  # a waiver lets a change pass; it does not undo it


def test_a_waiver_of_another_finding_changes_nothing() -> None:
    assert assessed(proposal("orders", BREAKING), WaiverInForce(3, "f" * 16, "it is gone")) == breaking()


def test_a_waiver_of_another_change_at_the_same_place_changes_nothing() -> None:
    assert (
        assessed(proposal("orders", BREAKING), WaiverInForce(3, FINGERPRINT, "it was something else"))
        == breaking()
    )


@pytest.mark.parametrize(
    ("old", "new", "touches"),
    [
        (b"owner: sales", b"owner: logistics", ("owner",)),
        (b"criticality: 1", b"criticality: 2\ngovernance: decentralised", ("criticality", "governance")),
        (b"classification: confidential", b"classification: internal", ("classification",)),
        (b"deprecation: 2026-09-01", b"deprecation: 2026-08-01", ("deprecation",)),
        (b"title: Sales orders", b"title: Orders of sales", ()),
    ],
)
def test_what_a_change_of_api_yaml_touches(old: bytes, new: bytes, touches: tuple[str, ...]) -> None:
    found = assessed(proposal("orders", ("apis/orders/api.yaml", old, new)))
    assert (found.problems, found.touches) == ((), touches)


def test_an_api_counts_as_it_was_and_as_it_becomes() -> None:
    found = assessed(proposal("orders", ("apis/orders/api.yaml", b"criticality: 1", b"criticality: 4")))
    assert [each.criticality for each in found.traits] == [1, 4]


SSO = b"issuers: { sso: { issuer: 'https://sso.example', environment: production, algorithms: [ES256] } }\n"


@pytest.mark.parametrize(
    ("path", "old", "new", "touches"),
    [
        ("teams.yaml", b"roles: [architect]", b"roles: [architect, security]", ("people",)),
        ("ostiary.yaml", b"notice-days: 180", b"notice-days: 90", ("rules",)),
        ("ostiary.yaml", b"rulesets: [", b"fail-on: warning\n  rulesets: [", ("rules",)),
        ("ostiary.yaml", b"connections: 32", b"connections: 16", ("upstreams",)),
        ("ostiary.yaml", b"per-minute: 10/minute", b"per-minute: 20/minute", ("plans",)),
        ("ostiary.yaml", b"plans:\n", SSO + b"plans:\n", ("issuers",)),
        ("consumers.yaml", b"Nightly reports", b"Daily reports", ("consumers",)),
    ],
)
def test_what_a_change_of_the_estate_touches(path: str, old: bytes, new: bytes, touches: tuple[str, ...]) -> None:
    assert assessed(proposal("estate", (path, old, new))).touches == touches


def test_a_plan_that_lets_in_less_breaks_its_subscribers() -> None:
    found = assessed(proposal("estate", ("ostiary.yaml", b"20/second", b"10/second")))
    assert [each.rule for each in found.changes] == ["plan-limit-lowered"]


NETWORK = b"x-ostiary-policies: { network: { deny: [192.0.2.0/24], mode: report } }\n"


@pytest.mark.parametrize(
    ("unit", "path", "old", "new", "rules"),
    [
        ("orders", ORDERS, b"paths:\n", NETWORK + b"paths:\n", {"policy-report-added"}),
        (
            "orders",
            "apis/orders/api.yaml",
            b"title:",
            b"policies: { rate-limit: { mode: off } }\ntitle:",
            {"policy-report-added"},
        ),
        (
            "estate",
            "ostiary.yaml",
            b"plans:\n",
            b"policies: { network: { deny: [192.0.2.0/24] } }\nplans:\n",
            {"policy-added"},
        ),
        ("orders", ORDERS, b"paths:\n", b"x-ostiary-rule: \"claims.sub != ''\"\npaths:\n", {"access-rule-added"}),
    ],
    ids=["contract", "api.yaml", "ostiary.yaml", "rule"],
)
def test_whoever_sets_policies_asks_security(
    unit: str, path: str, old: bytes, new: bytes, rules: set[str]
) -> None:
    found = assessed(proposal(unit, (path, old, new)))
    assert found.problems == ()
    assert "policies" in found.touches
    assert {each.rule for each in found.changes} == rules


def test_settings_of_policies_are_judged_with_the_proposal() -> None:
    bad = NETWORK.replace(b"deny", b"denied")
    found = assessed(proposal("orders", (ORDERS, b"paths:\n", bad + b"paths:\n")))
    assert [(each.rule, each.file) for each in found.problems] == [("unknown-key", ORDERS)]


def test_what_does_not_compile_with_the_others_says_why_and_still_whose_it_is() -> None:
    found = assessed(proposal("orders", ("apis/orders/api.yaml", b"upstream: erp\n", b"upstream: nowhere\n")))
    assert [(each.rule, each.file) for each in found.problems] == [("unknown-upstream", "apis/orders/api.yaml")]
    assert [each.owner for each in found.traits] == ["sales"]
    assert (found.verdict, found.changes) == ("undecided", ())


def test_an_api_is_not_taken_away_while_somebody_is_subscribed() -> None:
    gone = proposal("partners")
    found = assessed(Proposal("partners", gone.base, gone.before, None, None, gone.others))
    assert {each.rule for each in found.problems} == {"unknown-api"}


def test_a_suppression_is_new_once() -> None:
    text = b"      operationId: findOrders\n"
    reason = b"{ rule: list-continued, reason: Partners have always read it all. }"
    ignored = text + b"      x-ostiary-lint-ignore: [" + reason + b"]\n"
    path = "apis/orders/v1.openapi.yaml"
    found = assessed(proposal("orders", (path, text, ignored)))
    assert found.touches == ("suppressions",)
    # What is in force lets it pass too, and so the next change does not.
    before = proposal("orders", (path, text, ignored)).after
    assert before is not None
    after = {**before, path: before[path].replace(b"have always read", b"always read")}
    assert (
        assessed(Proposal("orders", "sha256:1", before, "sha256:2", after, proposal("orders").others)).touches
        == ()
    )
