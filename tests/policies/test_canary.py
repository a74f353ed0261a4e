"""Who is sent to a canary, and when nobody is any more."""

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import problem
from policies import canary
from policies.canaries import LONGEST, Bounds, Canaries, Canary, CanaryName
from policies.canary import CanaryConfig
from policies.exchange import Exchange, Principal, Violation
from policies.policy import Setting
from policies.verdict import ALLOW
from tests.support.policy_world import World, exchange, operation, version

BOUNDS = Bounds(error_rate=0.1, minimum_calls=10, window=60.0, cool_down=300.0)
NAME = CanaryName("orders", "v1", "next")


class Watched:
    """One canary, and a clock to turn."""

    def __init__(self, bounds: Bounds = BOUNDS) -> None:
        self.now = 1000.0
        self.told: list[str] = []
        self.canary = Canary(NAME, bounds, lambda: self.now, lambda each: self.told.append(each.reason))

    def calls(self, count: int, failed: int = 0, *, there: bool = True, operation: str = "list") -> None:
        """`failed` of `count` calls, which are the last ones."""
        for number in range(count):
            self.canary.ended(operation, there, number >= count - failed)


# -- the watch ----------------------------------------------------------------------------------------------


def test_a_canary_that_fails_more_than_the_stable_upstream_is_backed_out_of() -> None:
    watched = Watched()
    watched.calls(100, 5, there=False)
    watched.calls(20, 3)
    assert not watched.canary.backed_out, "3 of 20 are not more than 5 and 10 in a hundred"
    watched.calls(1, 1)
    assert watched.canary.backed_out


def test_too_few_calls_say_nothing() -> None:
    watched = Watched()
    watched.calls(9, 9)
    assert not watched.canary.backed_out
    watched.calls(1, 1)
    assert watched.canary.backed_out


def test_what_fails_at_both_is_not_the_canarys_fault() -> None:
    watched = Watched()
    watched.calls(50, 40, there=False)
    watched.calls(50, 40)
    assert not watched.canary.backed_out


def test_a_handful_of_stable_calls_excuses_nothing() -> None:
    watched = Watched()
    watched.calls(2, 2, there=False)
    watched.calls(10, 5)
    assert watched.canary.backed_out


def test_one_operation_of_which_all_fails_does_not_drown_among_the_others() -> None:
    watched = Watched()
    watched.calls(1000, operation="list")
    watched.calls(9, 9, operation="place")
    assert not watched.canary.backed_out
    watched.calls(1, 1, operation="place")
    assert watched.canary.backed_out
    assert watched.told == ["place"]


def test_failures_are_forgotten_with_the_window() -> None:
    watched = Watched()
    for _ in range(20):
        watched.calls(5, 5)
        watched.now += 66.0
    assert not watched.canary.backed_out


def test_a_canary_is_tried_anew_and_each_back_out_lasts_twice_as_long() -> None:
    watched = Watched()
    lengths = []
    for _ in range(12):
        watched.calls(10, 10)
        assert watched.canary.backed_out
        lengths.append(watched.canary.length)
        watched.calls(50, 50)  # of what was on its way nothing comes
        assert watched.canary.back_outs == len(lengths)
        watched.now += watched.canary.length - 1.0
        assert watched.canary.backed_out
        watched.now += 1.0
        assert not watched.canary.backed_out
    assert lengths[:3] == [300.0, 600.0, 1200.0]
    assert lengths[-1] == LONGEST


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0, 30)), max_size=200))
def test_a_canary_is_backed_out_of_exactly_when_its_window_says_so(story: list[tuple[bool, bool, float]]) -> None:
    """Against the plainest of counts: a list of what happened, looked through each time."""
    watched = Watched(Bounds(error_rate=0.2, minimum_calls=5, window=50.0, cool_down=1e4))
    seen: list[tuple[int, bool, bool]] = []
    for there, failed, pause in story:
        watched.now += pause
        current = int(watched.now / 5.0)
        seen.append((current, there, failed))
        watched.canary.ended("one", there, failed)
        recent = [(at, bad) for moment, at, bad in seen if moment > current - 10]
        counts = {side: [bad for at, bad in recent if at is side] for side in (True, False)}
        usual = sum(counts[False]) / len(counts[False]) if len(counts[False]) >= 5 else 0.0
        worse = len(counts[True]) >= 5 and sum(counts[True]) / len(counts[True]) > usual + 0.2
        assert watched.canary.backed_out is (there and failed and worse)
        if watched.canary.backed_out:
            return


def test_settings_that_change_begin_afresh_and_those_that_are_gone_are_forgotten() -> None:
    canaries = Canaries()
    first = canaries.find(NAME, CanaryConfig(to="next", percent=5.0), BOUNDS)
    assert canaries.find(NAME, CanaryConfig(to="next", percent=5.0), BOUNDS) is first
    second = canaries.find(NAME, CanaryConfig(to="next", percent=6.0), BOUNDS)
    assert second is not first
    assert canaries.every() == [first, second]
    del first
    assert canaries.every() == [second]


# -- who is sent there --------------------------------------------------------------------------------------


def config(**settings: Any) -> CanaryConfig:
    return msgspec.convert({"to": "next", **settings}, CanaryConfig)


def called_by(client: str = "acme-shop", consumer: str = "acme", **fields: str) -> Exchange:
    made = exchange(**fields)
    made.version, made.operation = version(operation()), operation()
    made.principal = Principal("i", client, client, consumer, frozenset(), 0.0, "t", {})
    return made


def sent(settings: CanaryConfig, exchanges: Iterable[Exchange], world: World | None = None) -> list[bool]:
    stage = canary.bind(settings, version(operation()), operation(), (world or World()).ports())
    found = []
    for each in exchanges:
        assert stage(each) is ALLOW
        found.append(each.forward is not None and each.forward.upstream == "next")
    return found


CLIENTS = [f"client-{number}" for number in range(2000)]


def chosen(**settings: Any) -> set[str]:
    exchanges = [called_by(client, client) for client in CLIENTS]
    return {client for client, there in zip(CLIENTS, sent(config(**settings), exchanges), strict=True) if there}


def test_a_share_of_the_applications_goes_there_and_stays_there() -> None:
    tenth = chosen(percent=10)
    assert 150 < len(tenth) < 250
    assert chosen(percent=10) == tenth
    assert tenth < chosen(percent=25), "none of them comes back when the share grows"
    assert chosen(percent=0) == set()
    assert chosen(percent=100) == set(CLIENTS)
    assert chosen(percent=10, to="other") != tenth, "another canary is another draw"


def test_all_applications_of_a_consumer_go_together() -> None:
    exchanges = [called_by(client, "acme") for client in CLIENTS[:50]]
    assert len(set(sent(config(percent=50, by="consumer"), exchanges))) == 1


def test_a_share_of_the_calls_is_drawn_call_by_call() -> None:
    found = sent(config(percent=50, by="call"), [called_by() for _ in range(400)])
    assert 120 < sum(found) < 280


def test_who_is_named_or_asks_for_it_goes_there() -> None:
    settings = config(**{"always-for": ["acme"], "header": {"name": "X-Preview", "value": "next"}})
    exchanges = [
        called_by(),
        called_by("other", "globex"),
        called_by("other", "globex", x_preview="next"),
        called_by("other", "globex", x_preview="nex"),
    ]
    assert sent(settings, exchanges) == [True, False, True, False]


def test_a_stranger_is_known_by_its_address() -> None:
    plain = called_by()
    plain.principal = None
    assert sent(config(percent=100), [plain]) == [True]


def test_what_another_policy_has_sent_elsewhere_stays_there() -> None:
    made = called_by()
    made.forwarded().upstream = "elsewhere"
    assert sent(config(percent=100), [made]) == [False]
    assert made.at_end is None


@pytest.mark.parametrize(
    ("status", "changes", "failed"),
    [
        (200, {}, False),
        (404, {}, False),
        (500, {}, True),
        (504, {}, True),
        (499, {}, True),
        (200, {"broken": True}, True),
        (200, {"fell_back": True}, True),
        (200, {"violates": True}, False),
    ],
)
def test_what_counts_as_failed(status: int, changes: dict[str, bool], failed: bool) -> None:
    world = World()
    ports = world.ports()
    made = called_by()
    stage = canary.bind(config(percent=100), version(operation()), operation(), ports)
    stage(made)
    made.upstream_sent_at, made.status = 1.0, status
    if changes.get("broken"):
        made.refusal = problem("upstream-malformed", "It broke off.")
    if changes.get("violates"):
        made.violations = (Violation("body", "/id", "type", "it is no number"),)
    if changes.get("fell_back"):
        made.forwarded().fell_back, made.forwarded().upstream = "next", ""
    assert made.at_end is not None
    for call in made.at_end:
        call(made)
    (watched,) = ports.canaries.every()
    assert (watched.calls, watched.failures) == ([0, 1], [0, int(failed)])


def test_what_was_never_sent_counts_nowhere() -> None:
    ports = World().ports()
    made = called_by()
    stage = canary.bind(config(percent=100), version(operation()), operation(), ports)
    stage(made)
    made.status = 503
    assert made.at_end is not None
    for call in made.at_end:
        call(made)
    assert [each.calls for each in ports.canaries.every()] == [[0, 0]]


# -- what is found at check ---------------------------------------------------------------------------------


def faults(settings: CanaryConfig, mode: Any = "enforce") -> list[tuple[str, str]]:
    found = canary.check(Setting(settings, mode), version(operation()), operation())
    return [(each.pointer, each.message) for each in found]


def test_a_canary_that_is_no_other_upstream_or_gets_no_calls_is_found() -> None:
    assert faults(config(percent=1)) == []
    assert faults(config(percent=1, to="erp")) == [("/to", "'erp' is the operation's own upstream")]
    ((pointer, message),) = faults(config())
    assert (pointer, message.partition(":")[0]) == ("", "nobody is sent to the canary")
    assert faults(config(), "off") == []
