"""Settings of policies from one document to the next: who is refused that was not."""

from typing import Any

import pytest
import yaml

from contracts.diff.examples import DiffExample
from tests.support.diffs import changes_of

NET = {"deny": ["192.0.2.0/24"]}
WIDER = {"deny": ["192.0.2.0/23"]}
TIGHTENED, LOOSENED, CHANGED = "policy-mode-tightened", "policy-mode-loosened", "policy-settings-changed"


def found(base: Any, revision: Any) -> list[tuple[str, str]]:
    """Rules and messages, of settings of one policy at an operation; None where it is not set."""
    before, after = (
        {} if each is None else {"x-ostiary-policies": {"network": each}} for each in (base, revision)
    )
    return [
        (each.rule.id, each.message) for each in changes_of(*DiffExample("operation", before, after).documents())
    ]


def rules(base: Any, revision: Any) -> list[str]:
    return [rule for rule, _ in found(base, revision)]


@pytest.mark.parametrize(
    ("base", "revision", "expected"),
    [
        (None, NET, ["policy-added"]),
        (None, {**NET, "mode": "report"}, ["policy-report-added"]),
        (None, {**NET, "mode": "report", "consumers": {"acme": "enforce"}}, ["policy-added"]),
        (NET, None, ["policy-removed"]),
        # It may be enforced elsewhere, as in the estate's own file.
        ({"mode": "off"}, None, ["policy-report-removed"]),
        ({**NET, "mode": "report"}, {**NET, "mode": "enforce"}, [TIGHTENED]),
        ({"mode": "off"}, {"mode": "enforce"}, [TIGHTENED]),
        (NET, {**NET, "mode": "off"}, [LOOSENED]),
        ({**NET, "mode": "off"}, {**NET, "mode": "report"}, ["policy-report-changed"]),
        # Which mode a policy has by itself is not known here.
        (NET, {**NET, "mode": "enforce"}, [CHANGED]),
        ({**NET, "mode": "report"}, NET, [CHANGED]),
        (NET, WIDER, [CHANGED]),
        ({**NET, "mode": "off"}, {**WIDER, "mode": "off"}, ["policy-report-changed"]),
        (
            {**NET, "mode": "report"},
            {**WIDER, "mode": "enforce"},
            [TIGHTENED, CHANGED],
        ),
        (
            {**NET, "consumers": {"acme": "report"}},
            {**NET, "consumers": {"acme": "enforce"}},
            [TIGHTENED],
        ),
        (
            {**NET, "mode": "enforce"},
            {**NET, "mode": "enforce", "consumers": {"a": "off"}},
            [LOOSENED],
        ),
        (NET, dict(reversed({**NET, "consumers": {}}.items())), []),
        (5, NET, [CHANGED]),
    ],
)
def test_what_a_change_of_settings_is(base: Any, revision: Any, expected: list[str]) -> None:
    assert rules(base, revision) == expected


def test_each_consumer_is_named() -> None:
    """Of a mode that changes for all, those are named that had another before."""
    before = {**NET, "mode": "report", "consumers": {"acme": "off", "globex": "enforce"}}
    after = {**NET, "mode": "enforce", "consumers": {"globex": "report"}}
    assert set(found(before, after)) == {
        (TIGHTENED, "the policy `network` went from `report` to `enforce`"),
        (TIGHTENED, "the policy `network` went from `off` to `enforce` for the consumer `acme`"),
        (LOOSENED, "the policy `network` went from `enforce` to `report` for the consumer `globex`"),
    }


def test_the_document_and_the_operation_are_joined_key_by_key() -> None:
    """Moving a key from the one to the other changes nothing."""
    whole = yaml.safe_load(DiffExample("operation", {}, {}).documents()[0])
    (path,) = whole["paths"].values()
    (method,) = (key for key in path if key in ("get", "post"))

    def text(document: dict[str, Any], operation: dict[str, Any]) -> str:
        made = {**whole, "x-ostiary-policies": {"network": document}}
        made["paths"] = {
            key: {method: {**each[method], "x-ostiary-policies": {"network": operation}}}
            for key, each in whole["paths"].items()
        }
        return yaml.safe_dump(made)

    low = text({**NET, "mode": "report", "consumers": {"a": "off"}}, {"consumers": {"b": "off"}})
    high = text({"mode": "report", "consumers": {"b": "off"}}, {**NET, "consumers": {"a": "off"}})
    assert changes_of(low, high) == ()
    tightened = text({"mode": "report"}, {**NET, "mode": "enforce"})
    assert [each.rule.id for each in changes_of(text({"mode": "report"}, NET), tightened)] == [TIGHTENED]
