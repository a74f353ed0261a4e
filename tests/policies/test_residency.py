from typing import Any

import msgspec
import pytest
import yaml

from contracts.surroundings import Surroundings
from policies.policy import Setting
from policies.residency import EXAMPLE, ResidencyConfig, admitting, bind, check
from tests.support.policy_world import World, operation, version


def faults(consumers: tuple[str, ...] = ("acme",), serving: Any = None, **settings: Any) -> list[tuple[str, str]]:
    around = Surroundings({}, consumers, {"erp": "eu", "next": "us"} if serving is None else serving)
    setting = Setting(msgspec.convert(settings, ResidencyConfig), "enforce", around=around)
    return [(fault.pointer, fault.message) for fault in check(setting, version(), operation())]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"allow": ["eu", "us"]}, []),
        ({"allow": ["eu"]}, [("/allow", "the upstream 'next' is in 'us', and eu may serve")]),
        (
            {"allow": ["us", "ch"]},
            [("/allow", "the upstream 'erp' is in 'eu', and us, ch may serve")],
        ),
        ({"by-consumer": {"acme": ["eu"]}}, []),  # its calls stay away from the other
        (
            {"by-consumer": {"acme": ["us"]}},
            [("/by-consumer/acme", "the upstream 'erp' is in 'eu', and us may serve")],
        ),
        (
            {"by-consumer": {"acme": []}},
            [("/by-consumer/acme", "the upstream 'erp' is in 'eu', and nothing may serve")],
        ),
        ({"by-consumer": {"acne": ["eu"]}}, [("/by-consumer/acne", "there is no consumer 'acne'")]),
    ],
    ids=str,
)
def test_upstreams_that_could_never_serve_are_found(
    settings: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert faults(**settings) == expected


def test_an_upstream_without_a_tag_is_nowhere() -> None:
    assert faults(serving={"erp": None}, allow=["eu"]) == [
        ("/allow", "the upstream 'erp' has no `residency`, and eu may serve")
    ]


def test_nothing_is_bound_or_asked_where_nothing_is_said() -> None:
    assert bind(ResidencyConfig(), version(), operation(), World().ports()) is None
    assert admitting(operation(), World().ports()) is None


def test_the_example_works() -> None:
    assert faults(**yaml.safe_load(EXAMPLE), serving={"erp": "eu"}) == []
