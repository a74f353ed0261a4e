"""The estate at a glance: stages, sprawl and what is left over, and nothing said of whom nobody has watched long
enough."""

import msgspec

from catalog.clock import DAY
from catalog.governance.activity import Activity
from catalog.governance.look_table import Look
from catalog.governance.looking import Counted
from catalog.governance.overview import QUIET_DAYS, Overview, overview
from contracts.estate.estate import Estate
from contracts.estate_files import (
    ApplicationEntry,
    ConsumerEntry,
    ConsumersFile,
    SubscriptionEntry,
    VersionEntry,
)
from tests.catalog.governance.sample import NOW, changed, sample

QUIET = QUIET_DAYS * DAY


def seen_by(estate: Estate, seen: Activity | None = None) -> Overview:
    return overview(estate, seen or Activity(), (), (), NOW)


def test_an_api_is_where_the_best_of_its_versions_is() -> None:
    found = {each.stage: (each.apis, each.versions) for each in seen_by(sample()).stages}
    assert found == {
        "draft": ((), 0),
        "published": (("orders", "partners", "shipments"), 3),
        "deprecated": ((), 1),
        "retired": ((), 0),
    }
    ended = changed(apis={"partners": {"versions": {"v1": VersionEntry(state="retired")}}})
    assert {each.stage: each.apis for each in seen_by(ended).stages}["retired"] == ("partners",)


def test_versions_sprawl() -> None:
    versions = {
        "v1": VersionEntry(state="deprecated", sunset="2026-01-01"),
        "v2": VersionEntry(state="published"),
        "v3": VersionEntry(state="published"),
        "v4": VersionEntry(state="draft"),
    }
    found = {each.why: each.concerned for each in seen_by(changed(apis={"orders": {"versions": versions}})).sprawl}
    assert found == {
        "several-published": ("v2", "v3"),
        "many-live": ("v1", "v2", "v3"),
        "past-its-end": ("v1",),
    }
    assert seen_by(sample()).sprawl_count == 0


def test_who_calls_nothing_is_told_once_calls_were_counted_for_long_enough() -> None:
    versions = {("orders", "v1"): NOW - QUIET - 1, ("orders", "v2"): NOW, ("partners", "v1"): NOW}
    applications = {"polar-dispatch": NOW - QUIET - 1, "aurora-shop": NOW - 5}
    young = seen_by(sample(), Activity(NOW - QUIET + 1, applications, versions))
    assert (young.sprawl, young.leftovers) == ((), ())
    old = seen_by(sample(), Activity(NOW - QUIET, applications, versions))
    assert [(each.api, each.why, each.concerned) for each in old.sprawl] == [
        ("orders", "unused", ("v1",)),
        ("shipments", "unused", ("v1",)),
    ]
    found = {each.application: (each.why, each.last_seen is not None) for each in old.leftovers}
    assert found == {"lumen-bi": ("calls-nothing", False), "polar-dispatch": ("calls-nothing", True)}


def test_consumers_are_left_over() -> None:
    gone = ApplicationEntry("Old desk", subscriptions=(SubscriptionEntry("orders", "v9", "partner"),))
    consumers = ConsumersFile(
        {
            "none": ConsumerEntry("Nobody", "none@example.com"),
            "old": ConsumerEntry("Old", "old@example.com", {"old-desk": gone}),
        }
    )
    found = seen_by(changed(consumers=consumers))
    assert [(each.consumer, each.application, each.why) for each in found.leftovers] == [
        ("none", "", "no-application"),
        ("old", "old-desk", "nothing-to-call"),
    ]
    assert [each.rule for each in found.gaps] == ["consumer-without-application"]


def test_findings_are_told_by_rule_and_over_time() -> None:
    counted = (
        Counted("orders", "contact-unknown", "warning", 1),
        Counted("orders", "operation-summary", "warning", 2),
        Counted("partners", "operation-summary", "warning", 3),
        Counted("estate", "unused-upstream", "info", 9),
        Counted("shipments", "record-claimed-twice", "error", 1),
    )
    look = Look(publication=7, at=NOW, apis=3, errors=1, warnings=6, infos=9, waived=2)
    found = overview(sample(), Activity(), (look,), counted, NOW)
    assert [(each.rule, each.findings, each.units) for each in found.rules] == [
        ("record-claimed-twice", 1, ("shipments",)),
        ("operation-summary", 5, ("orders", "partners")),
        ("contact-unknown", 1, ("orders",)),
        ("unused-upstream", 9, ("estate",)),
    ]
    assert "which one is right" in found.rules[0].why
    assert found.rules[1].why  # of a ruleset
    [shown] = found.looks
    assert msgspec.structs.astuple(shown)[2:] == (3, 1, 6, 9, 2)
