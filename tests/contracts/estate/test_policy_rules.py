from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import pytest

from contracts.estate.estate import contracts_part, load_estate
from contracts.findings import Finding
from contracts.operations import ApiVersion, Operation
from contracts.policy_settings import MODES, Mode, PolicyUse
from contracts.surroundings import Surroundings
from tests.support.estates import write_estate

API = "apis/books/api.yaml"
CONTRACT = "apis/books/v1.openapi.yaml"
ANNEXES = (
    "ostiary.yaml",
    "upstreams:\n",
    "upstreams:\n  hall: {url: 'http://127.0.0.1:1'}\n  erp: {url: 'http://127.0.0.1:2', kind: odoo}\n",
)


class Room(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", kw_only=True):
    most_guests: Annotated[int, msgspec.Meta(ge=1)]
    names: tuple[str, ...] = ()
    annex: str | None = None


class Judge:
    """Knows one policy, which admits no `off` and no more guests than ten."""

    def names(self) -> Iterable[str]:
        return ["room"]

    def config(self, policy: str, /) -> type[msgspec.Struct] | None:
        return Room if policy == "room" else None

    def modes(self, policy: str, /) -> tuple[Mode, ...]:
        return MODES[1:]

    def upstreams(self, use: PolicyUse, /) -> Mapping[str, str]:
        return {"/annex": use.config["annex"]} if "annex" in use.config else {}

    def faults(
        self,
        use: PolicyUse,
        plan: str,
        version: ApiVersion,
        operation: Operation,
        around: Surroundings,
        /,
    ) -> Iterable[tuple[str, str, bool]]:
        if use.config.get("most-guests", 0) > 10:
            yield "/most-guests", "too many guests", True
        elif use.config.get("most-guests", 0) > 9:
            yield "/most-guests", f"{len(around.versions)} of them may be too many", False
        elif "most-guests" not in use.config:
            yield "", "no number of guests", True


def found(root: Path, *changes: tuple[str, str, str]) -> list[Finding]:
    return load_estate(write_estate(root, *changes), policies=Judge())[1]


def estate(settings: str) -> tuple[str, str, str]:
    return "ostiary.yaml", "plans:\n", f"policies:\n  {settings}\nplans:\n"


@pytest.mark.parametrize(
    ("settings", "rule", "pointer", "said"),
    [
        ("rooms: {most-guests: 1}", "unknown-policy", "/policies/rooms", "did you mean 'room'?"),
        ("room: {most-guest: 1}", "unknown-key", "/policies/room/most-guest", "did you mean 'most-guests'?"),
        ("room: {most-guests: 0}", "invalid-value", "/policies/room/most-guests", "0 should be >= 1"),
        ("room: {most-guests: 1, names: x}", "wrong-type", "/policies/room/names", "takes a list"),
        ("room: {most-guests: 1, mode: now}", "invalid-value", "/policies/room/mode", "'now' is none of"),
        ("room: {most-guests: 1, mode: off}", "policy-invalid", "/policies/room/mode", "has no mode 'off'"),
        (
            "room: {most-guests: 1, consumers: {nobody: report}}",
            "unknown-consumer",
            "/policies/room/consumers/nobody",
            "there is no consumer 'nobody'",
        ),
        (
            "room: {most-guests: 11}",
            "policy-invalid",
            "/policies/room/most-guests",
            "room: too many guests (on GET",
        ),
        (
            "room: {most-guests: 1, annex: hal}",
            "unknown-upstream",
            "/policies/room/annex",
            "room: there is no upstream 'hal' (did you mean 'hall'?)",
        ),
        (
            "room: {most-guests: 1, annex: erp}",
            "policy-invalid",
            "/policies/room/annex",
            "upstream 'erp' is of kind 'odoo', and what serves books v1 is of kind 'http'",
        ),
        ("room: {}", "policy-invalid", "/policies/room", "no number of guests"),
        ("room: 3", "wrong-type", "/policies/room", "takes a mapping"),
    ],
    ids=lambda value: value.replace(" ", "") if isinstance(value, str) and ":" in value else None,
)
def test_settings_are_judged_where_they_stand(
    tmp_path: Path, settings: str, rule: str, pointer: str, said: str
) -> None:
    (first, *_) = [each for each in found(tmp_path, ANNEXES, estate(settings)) if each.severity == "error"]
    assert (first.rule, first.place.file, first.place.pointer) == (rule, "ostiary.yaml", pointer)
    assert said in first.message


def test_what_one_layer_lacks_another_gives(tmp_path: Path) -> None:
    changes = (
        estate("room: {names: [a]}"),
        (API, "description:", "policies: {room: {most-guests: 5}}\ndescription:"),
    )
    assert [each for each in found(tmp_path, *changes) if each.severity == "error"] == []


def test_a_fault_is_told_in_the_nearest_place_that_causes_it(tmp_path: Path) -> None:
    changes = (
        estate("room: {most-guests: 2}"),
        (API, "description:", "policies: {room: {most-guests: 20}}\ndescription:"),
        (CONTRACT, "paths:\n", "x-ostiary-policies: {room: {names: [b]}}\npaths:\n"),
    )
    faults = {each.place for each in found(tmp_path, *changes) if each.rule == "policy-invalid"}
    assert {(place.file, place.pointer) for place in faults} == {(API, "/policies/room/most-guests")}


def test_a_plans_settings_are_judged_on_top_of_an_operations(tmp_path: Path) -> None:
    changes = (
        estate("room: {most-guests: 2}"),
        ("ostiary.yaml", "    limits:", "    policies: {room: {most-guests: 11}}\n    limits:"),
    )
    (first, *_) = [each for each in found(tmp_path, *changes) if each.rule == "policy-invalid"]
    assert first.place.pointer.startswith("/plans/")
    assert "under plan" in first.message


def test_a_snapshot_has_what_was_set(tmp_path: Path) -> None:
    root = write_estate(
        tmp_path,
        estate("room: {most-guests: 2, consumers: {}}"),
        ("ostiary.yaml", "    limits:", "    policies: {room: {mode: report}}\n    limits:"),
        (CONTRACT, "paths:\n", "x-ostiary-policies: {room: {mode: report}}\npaths:\n"),
    )
    loaded, findings = load_estate(root, policies=Judge())
    assert loaded is not None, findings
    part = contracts_part(loaded)
    for operation in part.versions[0].operations:
        (use,) = operation.policies
        assert (use.mode, use.config) == ("report", {"most-guests": 2})
        assert use.sources == (
            "ostiary.yaml#/policies/room",
            f"{CONTRACT}#/x-ostiary-policies/room",
        )
    assert [plan.policies[0].mode for plan in part.plans if plan.policies] == ["report"]


def test_an_upstream_that_only_a_policy_names_is_no_leftover(tmp_path: Path) -> None:
    findings = found(tmp_path, ANNEXES, estate("room: {most-guests: 1, annex: hall}"))
    unused = [each.place.pointer for each in findings if each.rule == "unused-upstream"]
    assert unused == ["/upstreams/erp"]


def test_a_layer_that_is_no_mapping_is_told(tmp_path: Path) -> None:
    changes = (CONTRACT, "paths:\n", "x-ostiary-policies: [room]\npaths:\n")
    (first, *_) = [each for each in found(tmp_path, changes) if each.severity == "error"]
    assert (first.rule, first.place.pointer) == ("extension-invalid", "/x-ostiary-policies")
    changes = (CONTRACT, "paths:\n", "x-ostiary-policies: {room: 3}\npaths:\n")
    (first, *_) = [each for each in found(tmp_path, changes) if each.severity == "error"]
    assert (first.rule, first.place.pointer) == ("wrong-type", "/x-ostiary-policies/room")


def test_what_is_not_certain_is_told_and_forbids_nothing(tmp_path: Path) -> None:
    loaded, findings = load_estate(write_estate(tmp_path, estate("room: { most-guests: 10 }")), policies=Judge())
    assert loaded is not None
    unproved = {(each.severity, each.place.pointer) for each in findings if each.rule == "policy-unproved"}
    assert unproved == {("warning", "/policies/room/most-guests")}


def test_what_is_wrong_on_every_operation_is_said_once(tmp_path: Path) -> None:
    (fault,) = found(tmp_path, estate("room: {most-guests: 11}"))
    assert fault.message == "room: too many guests (on GET /books/v1/books and 2 more)"
