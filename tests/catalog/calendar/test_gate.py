"""The sunset gate: what a change needs before a version ends or is retired."""

from collections.abc import AsyncIterator, Sequence

import msgspec
import pytest

from catalog.audit.log import AuditLog
from catalog.calendar.agreements import Consent, Override
from catalog.calendar.callers import Caller
from catalog.calendar.consents import Consents
from catalog.calendar.extension import Extension
from catalog.calendar.extensions import Extensions
from catalog.calendar.gate import (
    CalendarGate,
    Evidence,
    VersionChange,
    brown_out_conditions,
    changes_between,
    notice_conditions,
    retirement_conditions,
)
from catalog.calendar.overrides import Overrides
from catalog.changes.conditions import Condition
from catalog.people.principal import Delegated, Principal
from catalog.publishing.transaction import Also
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from contracts.operations import Brownout, Lifecycle
from tests.catalog.calendar.views import DAY, DEPRECATION, ENDING, POLICY, SUNSET, View, federated

NOW = SUNSET + 20 * DAY
RETIRED = msgspec.structs.replace(ENDING, state="retired")
RETIRING = VersionChange("orders", "v1", ENDING, RETIRED)
SHOP = Caller(consumer="shop", application="shop-web", calls=3, last_seen=SUNSET + 10 * DAY)
HEARD = SUNSET - 300 * DAY
DIGEST = "sha256:" + "0" * 64


def consent(sunset: int = SUNSET, consumer: str = "shop") -> Consent:
    return Consent(
        consumer=consumer,
        api="orders",
        api_version="v1",
        sunset=sunset,
        given_by="Sam of Shop",
        text_digest=DIGEST,
        recorded_by="ines",
        at=NOW,
    )


def extension(until: int = NOW + DAY) -> Extension:
    return Extension(
        number=1,
        consumer="shop",
        application="shop-web",
        api="orders",
        api_version="v1",
        until=until,
        reason="",
        requested_by="ines",
        requested_at=0,
        state="granted",
    )


def override(sunset: int = SUNSET) -> Override:
    return Override(api="orders", api_version="v1", sunset=sunset, reason="it leaks", given_by="ada", at=NOW)


def judged(
    evidence: Evidence, change: VersionChange = RETIRING, now: int = NOW, **more: frozenset[str]
) -> list[str]:
    found = retirement_conditions(change, evidence, quiet_days=14, now=now, **more)
    return [f"{'+' if each.met else '-'} {each.id}: {each.text}" for each in found]


QUIET = Evidence(observed_since=HEARD)


def test_silence_after_the_sunset_opens_the_gate() -> None:
    assert judged(QUIET) == [
        "+ sunset:orders/v1: orders v1 ended on 1 July 2027",
        "+ extensions:orders/v1: no extension on orders v1 is in force",
        "+ quiet:orders/v1: nobody called orders v1 for 14 days",
    ]


def test_before_the_sunset_it_is_shut() -> None:
    assert judged(QUIET, now=SUNSET - 1)[0].startswith("- sunset:")
    assert judged(QUIET, now=SUNSET)[0].startswith("+ sunset:")


def test_what_was_never_announced_is_not_retired() -> None:
    for before in (Lifecycle(), Lifecycle("deprecated", DEPRECATION)):
        lines = judged(QUIET, VersionChange("orders", "v1", before, RETIRED))
        assert lines[0] == "- sunset:orders/v1: orders v1 has no sunset: nobody was told that it ends"


def test_a_version_that_is_taken_away_is_retired() -> None:
    assert len(judged(QUIET, VersionChange("orders", "v1", ENDING, None))) == 3


@pytest.mark.parametrize(
    "change",
    [
        VersionChange("orders", "v1", None, ENDING),
        VersionChange("orders", "v1", RETIRED, None),
        VersionChange("orders", "v1", Lifecycle("draft"), None),
        VersionChange("orders", "v1", RETIRED, ENDING),
        VersionChange("orders", "v1", Lifecycle(), ENDING),
    ],
)
def test_what_retires_nothing_needs_nothing(change: VersionChange) -> None:
    assert judged(Evidence(callers=[SHOP]), change) == []


def test_who_still_calls_is_named_and_can_consent() -> None:
    other = Caller(consumer="carrier", application="carrier-app", calls=1, last_seen=SUNSET)
    evidence = Evidence(observed_since=HEARD, callers=[SHOP, other])
    assert judged(evidence)[2] == (
        "- quiet:orders/v1: orders v1 was called within 14 days, by shop-web (3, the last on 11 July 2027), "
        "carrier-app (1, the last on 1 July 2027)"
    )
    (*_, quiet) = retirement_conditions(RETIRING, evidence, quiet_days=14, now=NOW)
    assert quiet.needs == ("consent:carrier", "consent:shop")
    one = msgspec.structs.replace(evidence, consents=[consent()])
    assert judged(one)[2].startswith("- quiet:")
    both = msgspec.structs.replace(evidence, consents=[consent(), consent(consumer="carrier")])
    assert judged(both)[2] == (
        "+ quiet:orders/v1: nobody called orders v1 for 14 days, but by those who agreed: carrier, shop"
    )


def test_a_consent_to_a_later_end_is_none_to_an_earlier_one() -> None:
    evidence = Evidence(observed_since=HEARD, callers=[SHOP], consents=[consent(SUNSET + 1)])
    assert judged(evidence)[2].startswith("- quiet:")
    evidence = Evidence(observed_since=HEARD, callers=[SHOP], consents=[consent(SUNSET - 1)])
    assert judged(evidence)[2].startswith("+ quiet:")


def test_many_callers_are_not_all_named() -> None:
    many = [msgspec.structs.replace(SHOP, application=f"app-{number}") for number in range(9)]
    assert judged(Evidence(observed_since=HEARD, callers=many))[2].endswith(" and 4 more")


def test_calls_of_nobody_in_particular_count() -> None:
    evidence = Evidence(observed_since=HEARD, callers=[msgspec.structs.replace(SHOP, consumer="", application="")])
    (*_, quiet) = retirement_conditions(RETIRING, evidence, quiet_days=14, now=NOW)
    assert (quiet.met, quiet.needs) == (False, ())
    assert "nobody in particular" in quiet.text


def test_silence_that_nobody_listened_to_is_no_evidence() -> None:
    assert judged(Evidence())[2] == (
        "- quiet:orders/v1: orders v1 has to be quiet for 14 days, and usage never was reported"
    )
    since = NOW - 14 * DAY + 1
    assert judged(Evidence(observed_since=since))[2].startswith("- quiet:")
    assert judged(Evidence(observed_since=since - 1))[2].startswith("+ quiet:")


def test_what_gateways_lost_is_said() -> None:
    assert judged(Evidence(observed_since=HEARD, lost_calls=12))[2] == (
        "+ quiet:orders/v1: nobody called orders v1 for 14 days; gateways lost count of 12 calls"
    )


def test_an_extension_keeps_it_shut() -> None:
    evidence = Evidence(observed_since=HEARD, extensions=[extension()])
    assert judged(evidence)[1] == (
        "- extensions:orders/v1: extensions on orders v1 are in force: shop-web until 22 July 2027"
    )


def test_an_override_stands_for_all_of_it_unless_an_author_gave_it() -> None:
    evidence = Evidence(callers=[SHOP], extensions=[extension()], overrides=[override()])
    assert judged(evidence, now=DEPRECATION) == [
        "+ sunset-gate:orders/v1: ada has overridden the sunset gate of orders v1: it leaks"
    ]
    assert len(judged(evidence, authors=frozenset({"ada"}))) == 3


def test_an_override_in_the_name_of_an_author_counts_no_more_than_their_own_and_anothers_does() -> None:
    for_ada = msgspec.structs.replace(override(), given_by="jonas", giver="ada")
    both = Evidence(callers=[SHOP], overrides=[for_ada, msgspec.structs.replace(override(), given_by="omar")])
    assert [len(judged(both, authors=frozenset({author}))) for author in ("ada", "jonas", "omar")] == [1, 1, 1]
    alone = msgspec.structs.replace(both, overrides=[for_ada])
    assert [len(judged(alone, authors=frozenset({author}))) for author in ("ada", "jonas", "omar")] == [3, 3, 1]


@pytest.mark.parametrize(
    ("before", "after", "met"),
    [
        # A new end, 90 days or one second less from the deprecation that lies ahead.
        (Lifecycle(), Lifecycle("deprecated", NOW + DAY, NOW + 91 * DAY), True),
        (Lifecycle(), Lifecycle("deprecated", NOW + DAY, NOW + 91 * DAY - 1), False),
        # A deprecation that lies behind was told to nobody until now.
        (Lifecycle(), Lifecycle("deprecated", NOW - 400 * DAY, NOW + 90 * DAY), True),
        (Lifecycle(), Lifecycle("deprecated", NOW - 400 * DAY, NOW + 90 * DAY - 1), False),
        # A sunset that is moved nearer is held against the promise, one that is moved away is not.
        (Lifecycle("deprecated", NOW, NOW + 95 * DAY), Lifecycle("deprecated", NOW, NOW + 80 * DAY), False),
        (Lifecycle("deprecated", NOW, NOW + 70 * DAY), Lifecycle("deprecated", NOW, NOW + 80 * DAY), None),
        (Lifecycle("deprecated", NOW, NOW + DAY), Lifecycle(), None),
        (None, Lifecycle("deprecated", NOW, NOW + DAY), None),
        (Lifecycle("draft"), Lifecycle("deprecated", NOW, NOW + DAY), None),
        (Lifecycle("deprecated", NOW, SUNSET), Lifecycle("retired", NOW, SUNSET - DAY), None),
    ],
)
def test_notice(before: Lifecycle | None, after: Lifecycle, met: bool | None) -> None:
    found = notice_conditions(VersionChange("orders", "v1", before, after), 90, NOW)
    assert [each.met for each in found] == ([] if met is None else [met])
    assert notice_conditions(VersionChange("orders", "v1", before, after), None, NOW) == ()


def test_the_words_of_a_notice_that_is_too_short() -> None:
    after = Lifecycle("deprecated", NOW, NOW + 34 * DAY)
    assert notice_conditions(VersionChange("orders", "v1", Lifecycle(), after), 90, NOW) == (
        Condition(
            "notice:orders/v1", False, "orders v1 ends on 24 August 2027: 34 days of notice, 90 are promised"
        ),
    )


@pytest.mark.parametrize(
    ("known", "windows", "met"),
    [
        ([], [(NOW + DAY, NOW + 2 * DAY)], True),
        ([], [(NOW + DAY - 1, NOW + 2 * DAY)], False),
        ([], [(NOW + 9 * DAY, NOW + 10 * DAY), (NOW - 60, NOW + 60)], False),
        # What was announced may come, come later and be shorter; it may not grow unannounced.
        ([(NOW, NOW + 100)], [(NOW, NOW + 100)], None),
        ([(NOW, NOW + 100)], [(NOW + 50, NOW + 100)], None),
        ([(NOW, NOW + 100)], [(NOW, NOW + 101)], False),
        ([(NOW, NOW + 100)], [], None),
        # What is over refuses nobody any more.
        ([], [(NOW - 100, NOW)], None),
    ],
)
def test_a_new_brown_out_is_announced_before(
    known: list[tuple[int, int]], windows: list[tuple[int, int]], met: bool | None
) -> None:
    def lifecycle(some: list[tuple[int, int]]) -> Lifecycle:
        return Lifecycle(
            "deprecated", NOW - DAY, NOW + 90 * DAY, brownouts=tuple(Brownout(*each) for each in some)
        )

    change = VersionChange("orders", "v1", lifecycle(known), lifecycle(windows))
    assert [each.met for each in brown_out_conditions(change, 1, NOW)] == ([] if met is None else [met])
    for before in (None, Lifecycle("draft")):
        assert brown_out_conditions(VersionChange("orders", "v1", before, lifecycle(windows)), 1, NOW) == ()


def test_the_words_of_a_brown_out_that_comes_too_soon() -> None:
    after = Lifecycle("deprecated", NOW, NOW + 90 * DAY, brownouts=(Brownout(NOW + 3600, NOW + 7200),))
    assert brown_out_conditions(VersionChange("orders", "v1", Lifecycle(), after), 1, NOW) == (
        Condition(
            "brown-out:orders/v1",
            False,
            "orders v1 refuses every call from 21 July 2027, 01:00 UTC, a brown-out that is new: "
            "it is announced 1 day before",
        ),
    )


def test_the_versions_of_which_something_changes() -> None:
    before = {("orders", "v1"): ENDING, ("orders", "v2"): Lifecycle(), ("books", "v1"): Lifecycle()}
    after = {("orders", "v1"): RETIRED, ("orders", "v2"): Lifecycle(), ("orders", "v3"): Lifecycle()}
    assert changes_between(before, after) == [
        VersionChange("books", "v1", Lifecycle(), None),
        RETIRING,
        VersionChange("orders", "v3", None, Lifecycle()),
    ]


# What the gate gathers, on both databases.


INES = Principal("ines", {"sales": frozenset({"api-owner"})})
ADA = Principal("ada", {"architecture": frozenset({"architect"})})


class FixedCallers:
    def __init__(self) -> None:
        self.found: list[Caller] = []
        self.asked: list[tuple[str, str, int]] = []

    async def calls_since(self, api: str, version: str, since: int) -> Sequence[Caller]:
        self.asked.append((api, version, since))
        return self.found

    async def observed_since(self) -> int | None:
        return HEARD

    async def lost_since(self, since: int) -> int:
        return 0


class World:
    def __init__(self, store: Store) -> None:
        self.now = float(NOW)
        self.view = View()
        self.audit = AuditLog(store, lambda: self.now)
        self.callers = FixedCallers()
        self.consents = Consents(store, self.audit, lambda: self.now, lambda: self.view)
        self.overrides = Overrides(store, self.audit, lambda: self.now, lambda: self.view)

        async def republish(also: Also) -> Refusal | None:
            async with store.write() as connection:
                return await also(connection)

        self.extensions = Extensions(store, self.audit, lambda: self.now, lambda: self.view, republish)
        self.gate = CalendarGate(self.callers, self.consents, self.overrides, self.extensions, lambda: self.now)

    async def conditions(self, authors: frozenset[str] = frozenset()) -> list[str]:
        found = await self.gate.conditions([RETIRING], POLICY, {}, authors)
        return [f"{'+' if each.met else '-'} {each.id}" for each in found]


@pytest.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    store = Store.open(store_url)
    await store.migrate()
    yield World(store)
    await store.close()


def refused(result: object) -> str:
    assert isinstance(result, Refusal), result
    result.problem()  # its id is in the catalogue
    return result.id


async def test_the_gate_asks_for_what_it_judges(world: World) -> None:
    world.callers.found = [SHOP]
    assert await world.conditions() == ["+ sunset:orders/v1", "+ extensions:orders/v1", "- quiet:orders/v1"]
    assert world.callers.asked == [("orders", "v1", NOW - 14 * DAY)]
    recorded = await world.consents.record(INES, "shop", "orders", "v1", "Sam of Shop", DIGEST)
    assert recorded == consent()
    assert await world.conditions() == ["+ sunset:orders/v1", "+ extensions:orders/v1", "+ quiet:orders/v1"]
    world.now = SUNSET - DAY
    assert isinstance(
        await world.extensions.request(INES, "shop-web", "orders", "v1", NOW + DAY, "late"), Extension
    )
    assert isinstance(await world.extensions.decide(ADA, 1, "granted", "fair"), Extension)
    world.now = NOW
    assert await world.conditions() == ["+ sunset:orders/v1", "- extensions:orders/v1", "+ quiet:orders/v1"]
    assert isinstance(await world.overrides.record(ADA, "orders", "v1", "it leaks"), Override)
    assert await world.conditions() == ["+ sunset-gate:orders/v1"]
    assert len(await world.conditions(frozenset({"ada"}))) == 3
    # In her name it is hers as well.
    handed = Delegated("architect", "ada", frozenset({"architecture"}), NOW + DAY)
    jonas = Principal("jonas", {"sales": frozenset({"api-owner"})}, (handed,))
    made = await world.overrides.record(jonas, "orders", "v1", "it leaks")
    assert isinstance(made, Override)
    assert made.giver == "ada"
    assert len(await world.conditions(frozenset({"ada"}))) == 3
    omar = Principal("omar", {"architecture": frozenset({"architect"})})
    assert isinstance(await world.overrides.record(omar, "orders", "v1", "it leaks"), Override)
    assert await world.conditions(frozenset({"ada"})) == ["+ sunset-gate:orders/v1"]


async def test_the_last_reminder_of_a_brown_out_is_what_the_estate_promises(world: World) -> None:
    window = (Brownout(NOW + 2 * DAY, NOW + 3 * DAY),)
    change = VersionChange("orders", "v1", ENDING, msgspec.structs.replace(ENDING, brownouts=window))
    weekly = msgspec.structs.replace(POLICY, brown_out_reminders=(14, 7))
    for policy, met in ((POLICY, True), (None, True), (weekly, False)):
        found = await world.gate.conditions([change], policy, {}, frozenset())
        assert [(each.id, each.met) for each in found] == [("brown-out:orders/v1", met)]


async def test_an_api_may_promise_more_notice_than_the_estate(world: World) -> None:
    change = VersionChange("orders", "v1", Lifecycle(), Lifecycle("deprecated", NOW, NOW + 100 * DAY))
    for days, met in (({}, True), ({"orders": 101}, False)):
        found = await world.gate.conditions([change], POLICY, days, frozenset())
        assert [each.met for each in found] == [met]
    assert await world.gate.conditions([change], None, {}, frozenset()) == ()


async def test_consents(world: World) -> None:
    record = world.consents.record
    assert refused(await record(Principal("x"), "shop", "orders", "v1", "Sam", DIGEST)) == "role-missing"
    stranger = Principal("x", {"other": frozenset({"api-owner"})})
    assert refused(await record(stranger, "shop", "orders", "v1", "Sam", DIGEST)) == "role-missing"
    assert refused(await record(INES, "nobody", "orders", "v1", "Sam", DIGEST)) == "resource-not-found"
    assert refused(await record(INES, "shop", "orders", "v2", "Sam", DIGEST)) == "resource-not-found"
    assert isinstance(await record(ADA, "shop", "orders", "v1", "Sam", DIGEST), Consent)
    assert refused(await record(INES, "shop", "orders", "v1", "Sam", DIGEST)) == "state-conflict"
    # To another sunset it is another consent.
    world.view.v1 = msgspec.structs.replace(ENDING, sunset=SUNSET - DAY)
    assert isinstance(await record(INES, "shop", "orders", "v1", "Sam", DIGEST), Consent)
    assert [each.sunset for each in await world.consents.of("orders", "v1")] == [SUNSET - DAY, SUNSET]
    events = [each.event async for each in world.audit.entries()]
    assert [(each.subject, each.action, each.object, each.after) for each in events] == [
        ("consent", "recorded", "orders/v1/shop", DIGEST)
    ] * 2


async def test_overrides(world: World) -> None:
    assert refused(await world.overrides.record(INES, "orders", "v1", "why")) == "role-missing"
    assert refused(await world.overrides.record(ADA, "orders", "v9", "why")) == "resource-not-found"
    assert isinstance(await world.overrides.record(ADA, "orders", "v1", "it leaks"), Override)
    assert refused(await world.overrides.record(ADA, "orders", "v1", "again")) == "state-conflict"
    # A version without a sunset can be overridden, too: that is when it is needed most.
    assert isinstance(await world.overrides.record(ADA, "orders", "v2", "it leaks"), Override)
    assert await world.overrides.of("orders", "v1", SUNSET) == (override(),)
    assert await world.overrides.of("orders", "v1", SUNSET + 1) == ()
    events = [each.event async for each in world.audit.entries()]
    assert [(each.subject, each.action, each.object, each.reason) for each in events] == [
        ("retirement", "overridden", "orders/v1", "it leaks"),
        ("retirement", "overridden", "orders/v2", "it leaks"),
    ]


async def test_where_a_domain_governs_itself_no_other_architect_opens_its_gate(world: World) -> None:
    federated(world.view)
    assert refused(await world.overrides.record(ADA, "orders", "v1", "it leaks")) == "role-missing"
    assert refused(await world.consents.record(ADA, "shop", "orders", "v1", "Sam", DIGEST)) == "role-missing"
    alma = Principal("alma", {"sales": frozenset({"architect"})})
    assert isinstance(await world.overrides.record(alma, "orders", "v1", "it leaks"), Override)
    assert isinstance(await world.consents.record(alma, "shop", "orders", "v1", "Sam", DIGEST), Consent)
