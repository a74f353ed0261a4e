"""The script on a real server decides as the windows in process do, at the same times; and it forgets nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.limits import RateLimit
from gateway.adapters.limiter import InProcessLimiter
from gateway.adapters.limiting.counter import Counter
from gateway.adapters.limiting.script import SCRIPT
from policies.limits.meter import meter_of
from tests.support.valkey import valkey

START = 1_800_000_000_000
TIME = "redis.call('TIME')"
KINDS = (
    RateLimit("fixed", 7, 10),
    RateLimit("sliding", 7, 10, "sliding"),
    RateLimit("log", 7, 10, "log"),
    RateLimit("gcra", 7, 10, "gcra", burst=3),
    RateLimit("calendar", 7, 86_400, "calendar", period="day", time_zone="Europe/Brussels"),
)


class Server:
    """Runs the script at times that the test says."""

    def __init__(self, client: redis.Redis) -> None:
        assert SCRIPT.count(TIME) == 1
        self._client = client
        self._script = client.register_script(SCRIPT.replace(TIME, "redis.call('LRANGE', '{time}', 0, 1)"))
        self.now = START
        self._lives = 0

    def forget(self) -> None:
        """As one that was started again, which takes it a microsecond."""
        self._lives += 1
        self._client.flushall()

    def ask(
        self, counters: list[Counter], need: int, want: int | None = None, back: int | None = None
    ) -> list[int]:
        """What it granted, of each."""
        at = self.now / 1000
        self._client.delete("{time}")
        self._client.rpush("{time}", self.now // 1000, self.now % 1000 * 1000 + self._lives)
        texts = [counter.asked(need, need if want is None else want, at, at, back) for counter in counters]
        answer: Any = self._script([counter.key for counter in counters], texts)
        return [counter.take(answer[0].split(), index, need, at) for index, counter in enumerate(counters)]


@pytest.fixture(scope="module")
def client() -> Iterator[redis.Redis]:
    with valkey() as running, redis.Redis(unix_socket_path=str(running.socket)) as made:
        yield made


@pytest.fixture
def server(client: redis.Redis) -> Server:
    made = Server(client)
    made.forget()
    return made


def counter(limit: RateLimit) -> Counter:
    return Counter(limit, limit.name, exact=True)


STEPS = st.lists(st.tuples(st.integers(0, 4000), st.integers(1, 3)), max_size=60)  # ms before it, and units


@pytest.mark.parametrize("limits", [*((each,) for each in KINDS), KINDS], ids=lambda limits: limits[-1].name)
def test_it_decides_as_the_windows_in_process_do(server: Server, limits: tuple[RateLimit, ...]) -> None:
    @given(STEPS)
    @settings(max_examples=60)
    def run(steps: list[tuple[int, int]]) -> None:
        server.forget()
        server.now = START
        ours = InProcessLimiter(lambda: server.now / 1000, lambda: server.now / 1000)
        meter, counters = meter_of(limits, ["k"] * len(limits)), [counter(each) for each in limits]
        for wait, cost in steps:
            server.now += wait
            allowance = ours.take(meter, cost)
            granted = server.ask(counters, cost)
            assert granted == [0 if allowance.violated else cost] * len(limits)
            told = [number for each in counters for number in each.count(server.now / 1000)]
            assert told == allowance.left
            assert [each.limit.name for each in counters if each.refused] == list(allowance.violated)

    run()


@pytest.mark.parametrize("limit", KINDS, ids=lambda limit: limit.name)
def test_what_was_taken_and_not_used_goes_back(server: Server, limit: RateLimit) -> None:
    one, other = counter(limit), counter(limit)
    assert server.ask([one], 3) == [3]
    server.now += 5
    assert server.ask([other], limit.most - 3) == [limit.most - 3]
    server.now += 5
    server.ask([one], 0, back=2)
    assert server.ask([other], 2) == [2]
    assert server.ask([other], 1) == [0]


def test_what_goes_back_of_a_log_is_what_was_taken_then(server: Server) -> None:
    one, other = counter(KINDS[2]), counter(KINDS[2])
    assert server.ask([one], 3) == [3]
    server.now += 1000
    assert server.ask([other], 4) == [4]
    server.ask([one], 0, back=2)
    server.now += 9000  # the first of them are older than the window, the others are not
    assert server.ask([other], 3) == [3]
    assert server.ask([other], 1) == [0]


@pytest.mark.parametrize("limit", KINDS, ids=lambda limit: limit.name)
def test_what_goes_back_late_is_of_no_window_any_more(server: Server, limit: RateLimit) -> None:
    one, other = counter(limit), counter(limit)
    assert server.ask([one], 2) == [2]
    server.now += 2 * 86_400_000
    assert server.ask([other], limit.most) == [limit.most]
    if limit.kind != "gcra":  # whose bucket has no windows: there a late return is a return
        server.ask([one], 0, back=2)
        assert server.ask([other], 1) == [0]


@pytest.mark.parametrize("limit", KINDS, ids=lambda limit: limit.name)
def test_a_server_that_forgot_is_told_by_all_who_know_and_counts_nothing_twice(
    server: Server, limit: RateLimit
) -> None:
    early, late = counter(limit), counter(limit)
    assert server.ask([early], 1) == [1]
    assert server.ask([late], 1) == [1]
    server.forget()
    assert server.ask([early], 0) == [0]
    assert early.free == limit.most - 1  # it knows of its own unit alone
    server.ask([early], 1)
    server.ask([late], 0)
    assert late.free == limit.most - 3  # both units of before, and the one since
    for each in (early, late, counter(limit)):
        server.ask([each], 0)
        assert each.free == limit.most - 3


@pytest.mark.parametrize("limit", KINDS, ids=lambda limit: limit.name)
def test_what_was_given_without_the_server_is_counted_when_it_is_back(server: Server, limit: RateLimit) -> None:
    one = counter(limit)
    server.ask([one], 1)
    one.owe(1, server.now / 1000)
    server.ask([one], 0)
    assert one.free == limit.most - 2
    server.ask([one], 0)
    assert one.free == limit.most - 2


@pytest.mark.parametrize("limit", KINDS, ids=lambda limit: limit.name)
def test_nothing_is_kept_for_longer_than_it_matters(server: Server, client: redis.Redis, limit: RateLimit) -> None:
    one = counter(limit)
    server.ask([one], 2)
    until = client.pexpiretime(one.key)
    assert server.now < until <= server.now + 1000 + (2 * 10_000 if limit.kind != "calendar" else 86_400_000)


def test_a_workers_clock_that_is_hours_off_changes_no_day(server: Server, client: redis.Redis) -> None:
    limit = KINDS[4]
    right, wrong = counter(limit), counter(limit)
    server.ask([right], 5)
    at = server.now / 1000
    for hours in (-20, 20):
        text = wrong.asked(1, 1, at, at + hours * 3600)
        answer: Any = server._script([wrong.key], [text])
        assert wrong.take(answer[0].split(), 0, 1, at) == 1
    server.ask([right], 1)
    assert right.free == 0
