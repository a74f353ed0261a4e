from typing import Any

import pytest

from contracts.operations import Lifecycle
from policies import lifecycle
from policies.exchange import Header
from policies.verdict import ALLOW, Deny, Verdict
from tests.support.policy_world import NOW, World, exchange, operation, version

DATES = {"deprecation": 1688169599, "sunset": 1719791999}


def call(world: World, successor: str | None = "/orders/v2", **calendar: Any) -> tuple[Verdict, list[Header]]:
    stage = lifecycle.bind(
        version(lifecycle=Lifecycle(**calendar), successor_base_path=successor), operation(), world.ports()
    )
    assert stage is not None
    request = exchange()
    verdict = stage(request)
    assert verdict is ALLOW or isinstance(verdict, Deny)
    return verdict, request.answer_headers


def test_a_deprecated_version_tells_its_calendar() -> None:
    world = World()
    world.now = DATES["deprecation"] - 1000
    guide = "https://docs.example/orders/v2"
    verdict, headers = call(world, state="deprecated", documentation=guide, **DATES)
    assert verdict is ALLOW
    assert headers == [
        (b"deprecation", b"@1688169599"),
        (b"sunset", b"Sun, 30 Jun 2024 23:59:59 GMT"),
        (
            b"link",
            (
                b'<https://docs.example/orders/v2>; rel="deprecation"; type="text/html", '
                b'<https://api.example/orders/v2>; rel="successor-version"'
            ),
        ),
    ]


def test_the_sunset_is_exact() -> None:
    world = World()
    world.now = DATES["sunset"] - 0.001
    assert call(world, state="deprecated", **DATES)[0] is ALLOW
    world.now = DATES["sunset"]
    verdict, headers = call(world, state="deprecated", **DATES)
    assert isinstance(verdict, Deny)
    assert verdict.policy == "lifecycle"
    assert [name for name, _ in headers] == [b"deprecation", b"sunset", b"link"]


def test_a_running_stage_meets_the_sunset() -> None:
    world = World()
    world.now = DATES["sunset"] - 1
    stage = lifecycle.bind(version(lifecycle=Lifecycle("deprecated", **DATES)), operation(), world.ports())
    assert stage is not None
    assert stage(exchange()) is ALLOW
    world.now += 1
    assert isinstance(stage(exchange()), Deny)


def test_the_end_names_the_successor_and_the_guide() -> None:
    verdict, _ = call(World(), state="deprecated", documentation="https://docs.example/g", **DATES)
    assert isinstance(verdict, Deny)
    assert verdict.problem.status == 410
    assert verdict.problem.type.id == "version-sunset"
    assert verdict.problem.extensions == {
        "successor": "https://api.example/orders/v2",
        "migration-guide": "https://docs.example/g",
    }


def test_a_retired_version_is_gone_without_any_date() -> None:
    verdict, headers = call(World(), state="retired")
    assert isinstance(verdict, Deny)
    assert verdict.problem.status == 410
    assert headers == [(b"link", b'<https://api.example/orders/v2>; rel="successor-version"')]


def test_a_retired_version_is_gone_before_its_sunset() -> None:
    verdict, _ = call(World(), state="retired", deprecation=NOW, sunset=NOW + 1000)
    assert isinstance(verdict, Deny)


def test_a_public_operation_ends_too() -> None:
    stage = lifecycle.bind(
        version(lifecycle=Lifecycle("retired")), operation(public=True, scopes=()), World().ports()
    )
    assert stage is not None
    assert isinstance(stage(exchange()), Deny)


def test_a_date_in_a_published_contract_is_told() -> None:
    verdict, headers = call(World(), successor=None, deprecation=NOW + 1000)
    assert verdict is ALLOW
    assert headers == [(b"deprecation", b"@1800001000")]


@pytest.mark.parametrize("deprecated", [False, True])
def test_a_version_without_dates_has_no_stage(deprecated: bool) -> None:
    stage = lifecycle.bind(
        version(successor_base_path="/orders/v2"), operation(deprecated=deprecated), World().ports()
    )
    assert stage is None


def test_an_address_cannot_break_out_of_the_link() -> None:
    _, headers = call(
        World(), state="deprecated", documentation='https://d.example/>; rel="x\r\n\u00e4', deprecation=1
    )
    assert headers[1][1].startswith(b'<https://d.example/%3E;%20rel=%22x%0D%0A%C3%A4>; rel="deprecation"')
