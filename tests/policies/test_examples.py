"""What the documentation shows of each policy's settings is what an estate can have and a gateway can bind."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from catalog.estates import load_estate
from contracts.findings import has_errors
from policies.binding import SettingsError, bind_all
from policies.examples import example_config, example_use
from policies.policy import NoConfig, Phase, Policy
from policies.ports import Sandbox
from policies.stages import ORDER
from tests.support.example_estate import write_example_estate
from tests.support.policy_world import World

READS: Final = frozenset({"cache", "canary", "classification", "mirror", "response-schema", "transformation"})
"""Policies whose examples are about an operation that reads; the others' are about one that writes."""

SHOWN: Final = tuple(policy for policy in ORDER if policy.example)


@pytest.mark.parametrize("policy", SHOWN, ids=lambda policy: policy.id)
def test_an_example_passes_the_check_and_is_bound(tmp_path: Path, policy: Policy[Any]) -> None:
    operation = "listOrders" if policy.id in READS else "createOrder"
    root = write_example_estate(
        tmp_path, policy.id, policy.example, operation, classified=policy.id == "classification"
    )
    estate, findings = load_estate(root)
    assert not has_errors(findings), [str(each) for each in findings]
    assert estate is not None
    (version,) = (each for each in estate.versions if each.version == "v1")
    (bound,) = (each for each in version.operations if each.id == operation)
    (use,) = (each for each in bound.policies if each.policy == policy.id)
    assert (use.config, use.mode, use.consumers) == (
        example_use(policy).config,
        example_use(policy).mode,
        example_use(policy).consumers,
    )
    stages = bind_all(version, bound, replace(World().ports(), sandbox=Sandbox()))
    assert policy.id in {*stages.policies, *(each.policy for each in stages.filters)}


@pytest.mark.parametrize("policy", SHOWN, ids=lambda policy: policy.id)
def test_an_example_sets_something_that_is_the_policys_own(policy: Policy[Any]) -> None:
    assert example_use(policy).config
    assert isinstance(example_config(policy), policy.config)


@pytest.mark.parametrize("text", ["", "- a\n", "a: [\n"], ids=["none", "list", "no yaml"])
def test_what_is_no_example_is_said_to_be_none(text: str) -> None:
    policy = Policy(id="x", why="x", failure="x", config=NoConfig, phase=Phase.HEAD, example=text)
    with pytest.raises(SettingsError, match="the policy 'x' has no example"):
        example_use(policy)
