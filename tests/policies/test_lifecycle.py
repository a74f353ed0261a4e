from itertools import groupby
from typing import Any

import pytest

from contracts.operations import Brownout, Lifecycle
from contracts.snapshot import Subscription
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


DAY = 86_400
BROWNOUTS = (
    Brownout(DATES["sunset"] - 30 * DAY, DATES["sunset"] - 30 * DAY + 3600),
    Brownout(DATES["sunset"] - 7 * DAY, DATES["sunset"] - 6 * DAY),
    Brownout(DATES["sunset"] - DAY, DATES["sunset"]),
)
ENDING = Lifecycle(
    "deprecated",
    DATES["deprecation"],
    DATES["sunset"],
    documentation="https://docs.example/g",
    brownouts=BROWNOUTS,
)


class Year:
    """One bound stage, and a clock that is turned under it."""

    def __init__(self) -> None:
        self.world = World()
        made = version(lifecycle=ENDING, successor_base_path="/orders/v2")
        stage = lifecycle.bind(made, operation(), self.world.ports())
        assert stage is not None
        self.stage = stage

    def at(self, now: float, extended_until: int | None = None) -> tuple[Verdict, dict[bytes, bytes]]:
        self.world.now = now
        request = exchange()
        request.subscription = Subscription("orders", "v1", "gold", (), extended_until)
        verdict = self.stage(request)
        assert verdict is ALLOW or isinstance(verdict, Deny)
        return verdict, dict(request.answer_headers)


def type_of(verdict: Verdict) -> str:
    return verdict.problem.type.id if isinstance(verdict, Deny) else "allowed"


def test_brown_outs_are_exact_to_the_second() -> None:
    year = Year()
    for window in BROWNOUTS[:2]:
        seen = [type_of(year.at(now)[0]) for now in (window.start - 0.001, window.start, window.end - 0.001)]
        assert seen == ["allowed", "version-brown-out", "version-brown-out"]
        assert type_of(year.at(window.end)[0]) == "allowed"
    # The last one goes over into the end.
    assert type_of(year.at(DATES["sunset"] - 0.001)[0]) == "version-brown-out"
    assert type_of(year.at(DATES["sunset"])[0]) == "version-sunset"


def test_a_whole_year_day_by_day() -> None:
    year = Year()
    seen = [type_of(year.at(DATES["sunset"] + (day - 300) * DAY, None)[0]) for day in range(-50, 365)]
    runs = [(kind, sum(1 for _ in group)) for kind, group in groupby(seen)]
    assert runs == [
        ("allowed", 320),
        ("version-brown-out", 1),
        ("allowed", 22),
        ("version-brown-out", 1),
        ("allowed", 5),
        ("version-brown-out", 1),
        ("version-sunset", 65),
    ]


def test_a_brown_out_says_when_it_is_over_and_where_to_go() -> None:
    verdict, headers = Year().at(BROWNOUTS[0].start + 0.25)
    assert isinstance(verdict, Deny)
    refusal = verdict.problem
    assert (verdict.policy, refusal.status) == ("lifecycle", 410)
    assert refusal.headers == (("retry-after", "3600"),)
    assert refusal.extensions == {
        "successor": "https://api.example/orders/v2",
        "migration-guide": "https://docs.example/g",
        "until": "2024-06-01T00:59:59Z",
        "sunset": "2024-06-30T23:59:59Z",
    }
    assert refusal.detail == (
        "Orders v1 ends on 2024-06-30T23:59:59Z; in this announced brown-out it refuses every call."
    )
    assert list(headers) == [b"deprecation", b"sunset", b"link"]


@pytest.mark.parametrize("before_the_end", [0.001, 0.5, 1, 59.999, 3600])
def test_who_waits_as_told_is_let_through(before_the_end: float) -> None:
    year = Year()
    now = BROWNOUTS[0].end - before_the_end
    verdict, _ = year.at(now)
    assert isinstance(verdict, Deny)
    ((_, seconds),) = verdict.problem.headers
    assert year.at(now + int(seconds))[0] is ALLOW


def test_an_extension_spares_from_brown_outs_and_the_sunset_until_its_date() -> None:
    year = Year()
    until = DATES["sunset"] + 60 * DAY
    for now in (*(window.start for window in BROWNOUTS), DATES["sunset"], until - 0.001):
        verdict, headers = year.at(now, until)
        assert verdict is ALLOW
        assert headers[b"sunset"] == b"Thu, 29 Aug 2024 23:59:59 GMT"
        assert headers[b"deprecation"] == b"@1688169599"
    verdict, headers = year.at(until, until)
    assert type_of(verdict) == "version-sunset"
    assert headers[b"sunset"] == b"Sun, 30 Jun 2024 23:59:59 GMT"


def test_an_extension_spares_nobody_else() -> None:
    year = Year()
    assert year.at(DATES["sunset"], DATES["sunset"] + DAY)[0] is ALLOW
    assert type_of(year.at(DATES["sunset"])[0]) == "version-sunset"


def test_an_extension_that_the_sunset_overtook_tells_the_sunset() -> None:
    until = BROWNOUTS[1].end
    verdict, headers = Year().at(BROWNOUTS[1].start, until)
    assert (verdict, headers[b"sunset"]) == (ALLOW, b"Sun, 30 Jun 2024 23:59:59 GMT")


def test_an_extension_of_a_retired_version_is_none() -> None:
    stage = lifecycle.bind(version(lifecycle=Lifecycle("retired", NOW, NOW)), operation(), World().ports())
    assert stage is not None
    request = exchange()
    request.subscription = Subscription("orders", "v1", "gold", (), NOW + DAY)
    assert isinstance(stage(request), Deny)


def test_a_public_operation_is_browned_out_too() -> None:
    world = World()
    world.now = BROWNOUTS[0].start
    stage = lifecycle.bind(version(lifecycle=ENDING), operation(public=True, scopes=()), world.ports())
    assert stage is not None
    verdict = stage(exchange())
    assert isinstance(verdict, Deny)
    assert verdict.problem.type.id == "version-brown-out"
