"""Editors complete and check the settings of policies as `ostiary check` does."""

from typing import Any

import jsonschema_rs
import pytest

from catalog.estate_schemas import schema_of
from contracts.documents.document import parse
from contracts.estate.schemas import KINDS
from policies.policy import NoConfig, Phase, Policy
from policies.stages import ORDER
from tests.support.plugins import plugged_in

SHOWN = [policy for policy in ORDER if policy.example]


def settings_of(policy: Policy[Any]) -> Any:
    document, _ = parse(policy.example.encode(), "example")
    assert document is not None
    return document.value


def api(policies: Any) -> dict[str, Any]:
    manifest = {"title": "T", "owner": "sales", "contact": "a@example.com", "upstream": "shop"}
    return {**manifest, "classification": "internal", "versions": {"v1": {}}, "policies": policies}


@pytest.mark.parametrize("policy", SHOWN, ids=lambda policy: policy.id)
def test_an_example_is_as_an_editor_wants_it(policy: Policy[Any]) -> None:
    validator = jsonschema_rs.validator_for(schema_of("api"))
    assert [str(each) for each in validator.iter_errors(api({policy.id: settings_of(policy)}))] == []
    assert not validator.is_valid(api({policy.id: {**settings_of(policy), "no-such-key": 1}}))
    assert validator.is_valid(api({policy.id: {"mode": policy.mode, "consumers": {"acme": policy.mode}}}))


def test_settings_stand_in_every_layer() -> None:
    bad: dict[str, Any] = {"no-such-policy": {}}
    whole = {"name": "x", "upstreams": {}, "plans": {"a": {"limits": {"m": "1/second"}}}}
    estate = jsonschema_rs.validator_for(schema_of("estate"))
    assert estate.is_valid(whole)
    assert not estate.is_valid({**whole, "policies": bad})
    assert not estate.is_valid({**whole, "plans": {"a": {"limits": {"m": "1/second"}, "policies": bad}}})
    manifest = jsonschema_rs.validator_for(schema_of("api"))
    assert not manifest.is_valid(api(bad))
    assert not manifest.is_valid({**api({}), "versions": {"v1": {"policies": bad}}})


def test_a_plug_in_is_known_and_a_mode_that_it_lacks_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Policy(
        id="guard",
        why="x",
        failure="x",
        config=NoConfig,
        phase=Phase.HEAD,
        bind=lambda *_: None,
        modes=("enforce",),
    )
    with plugged_in(monkeypatch, guard):
        validator = jsonschema_rs.validator_for(schema_of("api"))
    assert validator.is_valid(api({"guard": {"mode": "enforce"}}))
    assert not validator.is_valid(api({"guard": {"mode": "report"}}))


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_key_means_is_told(kind: str) -> None:
    layer = schema_of(kind)["$defs"].get("Policies")
    assert (layer is not None) == (kind in ("estate", "api"))
    if layer is not None:
        assert layer["properties"]["network"]["properties"]["deny"]["description"].endswith("may not be called.")
