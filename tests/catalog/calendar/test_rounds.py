"""The calendar's rounds over a whole year in a real store: by processes that come and go, and by two at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from catalog.audit.log import AuditLog
from catalog.calendar.callers import Caller
from catalog.calendar.extension import Extension
from catalog.calendar.extensions import Extensions
from catalog.calendar.rounds import CalendarRounds
from catalog.notices.delivery import Deliverer
from catalog.notices.outbox import Outbox, Posted
from catalog.people.principal import Principal
from catalog.publishing.transaction import Also
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from tests.catalog.calendar.views import DAY, ENDING, SUNSET, View

START = SUNSET - 200 * DAY
INES = Principal("ines", {"sales": frozenset({"api-owner"})})
ADA = Principal("ada", {"architecture": frozenset({"architect"})})


class StillCalling:
    """The shop has called a day ago, whenever that is."""

    def __init__(self) -> None:
        self.asked = 0

    async def calls_since(self, api: str, version: str, since: int) -> Sequence[Caller]:
        assert (api, version, since) == ("orders", "v1", SUNSET)
        self.asked += 1
        return [Caller(consumer="shop", application="shop-web", calls=2, last_seen=SUNSET + DAY)]

    async def observed_since(self) -> int | None:
        return START

    async def lost_since(self, since: int) -> int:
        return 0


class Collected:
    name = "file"

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, posted: Posted) -> None:
        self.sent.append(posted.notice.key)


class World:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = float(START)
        self.view: View | None = View(v1=ENDING)
        self.callers = StillCalling()
        self.collected = Collected()

    def clock(self) -> float:
        return self.now

    def extensions(self) -> Extensions:
        async def republish(also: Also) -> Refusal | None:
            async with self.store.write() as connection:
                return await also(connection)

        return Extensions(self.store, AuditLog(self.store, self.clock), self.clock, lambda: self.view, republish)

    def rounds(self) -> CalendarRounds:
        """Of a process that has just started: it remembers nothing."""
        return CalendarRounds(self.store, lambda: self.view, self.extensions(), self.callers, self.clock)

    async def day(self) -> None:
        await self.rounds().make()
        audit = AuditLog(self.store, self.clock)
        await Deliverer(Outbox(self.store), [self.collected], audit, self.clock).deliver()


@pytest.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    store = Store.open(store_url)
    await store.migrate()
    yield World(store)
    await store.close()


async def test_a_year_of_restarts_tells_each_step_once(world: World) -> None:
    for day in (0, 0.5, 1, 109, 110, 111, 150, 170, 171, 192, 193, 194, 199, 199.5, 200, 201, 202, 203, 280, 364):
        world.now = START + day * DAY
        await world.day()
    about = "orders/v1"
    owner = [key for key in world.collected.sent if key.endswith(":owner")]
    assert owner == [
        f"deprecated:{about}:{ENDING.deprecation}:{SUNSET}:owner",
        f"sunset:{about}:{SUNSET}:90:owner",
        f"sunset:{about}:{SUNSET}:30:owner",
        f"sunset:{about}:{SUNSET}:7:owner",
        f"sunset:{about}:{SUNSET}:1:owner",
        f"ended:{about}:{SUNSET}:owner",
        f"ended-called:{about}:{SUNSET}:owner",
    ]
    assert len(set(world.collected.sent)) == len(world.collected.sent)
    of_shop, of_carrier = (
        [key for key in world.collected.sent if key.endswith(f":consumer:{name}")] for name in ("shop", "carrier")
    )
    assert (len(of_shop), len(of_carrier)) == (7, 6)  # the carrier does not call any more


async def test_usage_is_asked_for_only_once_a_version_has_ended(world: World) -> None:
    for now in (START, SUNSET - 1, SUNSET, SUNSET + DAY - 1):
        world.now = float(now)
        await world.rounds().make()
    assert world.callers.asked == 0
    world.now = float(SUNSET + DAY)
    await world.rounds().make()
    assert world.callers.asked == 1


async def test_two_catalogs_on_one_store_tell_once(world: World) -> None:
    world.now = float(SUNSET - 30 * DAY)
    made = await asyncio.gather(*(world.rounds().make() for _ in range(4)))
    assert sum(made) == 3
    assert len(await Outbox(world.store).list()) == 3


async def test_without_an_estate_there_is_nothing_to_tell(world: World) -> None:
    world.view = None
    assert await world.rounds().make() == 0


async def test_an_extension_turns_the_reminders_to_its_own_date(world: World) -> None:
    await world.day()
    extensions = world.extensions()
    until = SUNSET + 40 * DAY
    asked = await extensions.request(INES, "shop-web", "orders", "v1", until, "late")
    assert isinstance(asked, Extension)
    assert isinstance(await extensions.decide(ADA, asked.number, "granted", "fair"), Extension)
    for now in (START, SUNSET - 29 * DAY, SUNSET + 11 * DAY):
        world.now = float(now)
        await world.day()
    of_shop = [key for key in world.collected.sent if key.endswith(":consumer:shop")]
    assert of_shop[1:] == [
        "extension:1:granted:consumer:shop",
        f"extension-ending:1:{until}:90:consumer:shop",
        f"extension-ending:1:{until}:30:consumer:shop",
    ]
