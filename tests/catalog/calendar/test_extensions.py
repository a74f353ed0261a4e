"""Extensions on both databases: who may ask, who may decide, how long, and what the access part says."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import msgspec
import pytest

from catalog.audit.log import AuditLog
from catalog.calendar.extension import Extension, extended, with_extensions
from catalog.calendar.extension_table import sparing
from catalog.calendar.extensions import Extensions
from catalog.calendar.views import extension_view
from catalog.notices.outbox import Outbox
from catalog.people.principal import Delegated, Principal
from catalog.publishing.transaction import Also
from catalog.refusal import Refusal
from catalog.storage.engine import Store
from contracts.operations import Lifecycle
from contracts.snapshot import AccessPart, Application, Subscription
from tests.catalog.calendar.views import DAY, DEPRECATION, SUNSET, View, federated

INES = Principal("ines", {"sales": frozenset({"api-owner"})})
ADA = Principal("ada", {"architecture": frozenset({"architect"})})
ALAN = Principal("alan", {"architecture": frozenset({"architect", "api-owner"})})
OTTO = Principal("otto", {"operations": frozenset({"operator"})})
UNTIL = SUNSET + 30 * DAY
APPLICATIONS = (Application("shop-web", "Web", "shop", (Subscription("orders", "v1", "gold", ()),)),)


@dataclass
class World:
    store: Store
    view: View = field(default_factory=View)
    now: float = float(SUNSET - 40 * DAY)
    published: list[tuple[Application, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.audit = AuditLog(self.store, lambda: self.now)

        async def republish(also: Also) -> Refusal | None:
            """As the publisher does: all of it in one transaction, which a refusal undoes."""
            async with self.store.write() as connection:
                refusal = await also(connection)
                access = AccessPart((), APPLICATIONS)
                spared = (await sparing(lambda: self.now)(connection, access)).applications
            if refusal is None:
                self.published.append(spared)
            return refusal

        self.extensions = Extensions(self.store, self.audit, lambda: self.now, lambda: self.view, republish)

    async def ask(
        self, principal: Principal = INES, application: str = "shop-web", version: str = "v1", until: int = UNTIL
    ) -> Extension | Refusal:
        return await self.extensions.request(
            principal, application, "orders", version, until, "their release is in August", request_id="r1"
        )

    async def asked(self) -> Extension:
        made = await self.ask()
        assert isinstance(made, Extension), made
        return made

    async def granted(self) -> Extension:
        made = await self.extensions.decide(ADA, (await self.asked()).number, "granted", "fair")
        assert isinstance(made, Extension), made
        return made

    async def log(self) -> list[str]:
        events = [each.event async for each in self.audit.entries()]
        return [f"{each.subject} {each.action} {each.object} by {each.actor}: {each.reason}" for each in events]


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


async def test_where_a_domain_governs_itself_its_own_architects_decide(world: World) -> None:
    federated(world.view)
    number = (await world.asked()).number
    [asked] = await Outbox(world.store).list(about=f"extension/{number}")
    assert asked.notice.recipients == ("alma@acme.example",)
    for decision in ("granted", "refused"):
        refusal = await world.extensions.decide(ADA, number, decision, "no matter of hers")
        assert refused(refusal) == "role-missing"
        assert isinstance(refusal, Refusal)
        assert "an architect of sales" in refusal.detail
    alma = Principal("alma", {"sales": frozenset({"architect"})})
    made = await world.extensions.decide(alma, number, "granted", "fair")
    assert isinstance(made, Extension)
    assert refused(await world.extensions.decide(ADA, number, "revoked", "no matter of hers")) == "role-missing"
    handed = Delegated("architect", "alma", frozenset({"sales"}), int(world.now) + DAY)
    stands_in = Principal("olga", {"sales": frozenset({"api-owner"})}, (handed,))
    assert isinstance(await world.extensions.decide(stands_in, number, "revoked", "over"), Extension)


async def test_an_extension_is_asked_for_and_granted(world: World) -> None:
    asked = await world.asked()
    assert (asked.number, asked.consumer, asked.state, asked.version) == (1, "shop", "requested", 1)
    assert await world.extensions.in_force() == ()
    assert world.published == []
    granted = await world.extensions.decide(ADA, 1, "granted", "fair", version=1)
    assert isinstance(granted, Extension)
    assert (granted.state, granted.decided_by, granted.version) == ("granted", "ada", 2)
    assert await world.extensions.in_force() == (granted,)
    assert await world.extensions.find(1) == granted
    assert [each.subscriptions[0].extended_until for (each,) in world.published] == [UNTIL]
    assert await world.log() == [
        "extension requested 1/shop-web/orders/v1 by ines: their release is in August",
        "extension granted 1/shop-web/orders/v1 by ada: fair",
    ]


async def test_an_extension_ends_by_itself(world: World) -> None:
    await world.granted()
    world.now = UNTIL - 0.001
    assert len(await world.extensions.in_force()) == 1
    world.now = UNTIL
    assert await world.extensions.in_force() == ()


async def test_nobody_grants_what_they_asked_for(world: World) -> None:
    made = await world.ask(ALAN)
    assert isinstance(made, Extension)
    assert refused(await world.extensions.decide(ALAN, 1, "granted", "fair")) == "role-missing"
    assert refused(await world.extensions.decide(ALAN, 1, "refused", "unfair")) == "role-missing"
    # Nor does anybody to whom they delegated their role.
    delegate = Principal("ines", delegated=(Delegated("architect", "alan", frozenset(), UNTIL),))
    assert refused(await world.extensions.decide(delegate, 1, "granted", "fair")) == "role-missing"
    assert (await world.extensions.find(1)) == made
    assert world.published == []


@pytest.mark.parametrize("principal", [INES, OTTO, Principal("nobody")])
async def test_only_an_architect_decides(world: World, principal: Principal) -> None:
    await world.asked()
    result = await world.extensions.decide(principal, 1, "granted", "fair")
    assert refused(result) == "role-missing"
    assert isinstance(result, Refusal)
    assert result.members["roles"] == ["architect"]


async def test_who_may_ask(world: World) -> None:
    assert refused(await world.ask(OTTO)) == "role-missing"
    assert refused(await world.ask(Principal("nobody"))) == "role-missing"
    developer = frozenset({"partner-developer"})
    assert refused(await world.ask(Principal("rival", {"sales": developer}))) == "resource-not-found"
    assert isinstance(await world.ask(Principal("dev", {"shop": developer})), Extension)


@pytest.mark.parametrize(
    ("until", "message"),
    [
        (SUNSET, "must be after the sunset (2027-07-01) and ahead"),
        (SUNSET + 60 * DAY + 1, "must be within 60 days after the sunset, by 2027-08-30"),
    ],
)
async def test_how_long_it_may_be(world: World, until: int, message: str) -> None:
    result = await world.ask(until=until)
    assert refused(result) == "schema-violation"
    assert isinstance(result, Refusal)
    assert [each["message"] for each in result.members["violations"]] == [message]
    assert isinstance(await world.ask(until=SUNSET + 60 * DAY), Extension)


async def test_what_can_be_extended(world: World) -> None:
    assert refused(await world.ask(application="other-app")) == "resource-not-found"
    assert refused(await world.ask(version="v2")) == "resource-not-found"
    world.view.v1 = Lifecycle("deprecated", DEPRECATION)
    assert refused(await world.ask()) == "state-conflict"
    world.view.v1 = Lifecycle("retired", DEPRECATION, SUNSET)
    assert refused(await world.ask()) == "state-conflict"


async def test_one_at_a_time(world: World) -> None:
    first = await world.asked()
    result = await world.ask()
    assert refused(result) == "state-conflict"
    assert isinstance(result, Refusal)
    assert result.members["current"] == msgspec.to_builtins(extension_view(first))
    assert isinstance(await world.ask(application="carrier-app"), Extension)
    await world.extensions.decide(ADA, first.number, "refused", "no")
    assert isinstance(await world.ask(), Extension)


async def test_of_two_who_decide_at_once_one_is_told(world: World) -> None:
    await world.asked()
    results = await asyncio.gather(
        world.extensions.decide(ADA, 1, "granted", "fair", version=1),
        world.extensions.decide(ALAN, 1, "refused", "unfair", version=1),
    )
    won = [each for each in results if isinstance(each, Extension)]
    assert len(won) == 1
    assert [refused(each) for each in results if isinstance(each, Refusal)] == ["state-conflict"]
    assert await world.extensions.find(1) == won[0]
    assert len(await world.log()) == 2


async def test_a_decision_about_another_state_is_none(world: World) -> None:
    await world.asked()
    assert refused(await world.extensions.decide(ADA, 1, "granted", "fair", version=2)) == "state-conflict"
    assert refused(await world.extensions.decide(ADA, 1, "revoked", "why")) == "state-conflict"
    assert refused(await world.extensions.decide(ADA, 2, "granted", "fair")) == "resource-not-found"


async def test_a_calendar_that_moved_meanwhile_is_looked_at_again(world: World) -> None:
    await world.asked()
    world.view.v1 = Lifecycle("deprecated", DEPRECATION, SUNSET - 60 * DAY)
    assert refused(await world.extensions.decide(ADA, 1, "granted", "fair")) == "schema-violation"
    world.view.v1 = Lifecycle()
    assert refused(await world.extensions.decide(ADA, 1, "granted", "fair")) == "resource-not-found"
    assert isinstance(await world.extensions.decide(ADA, 1, "refused", "moot"), Extension)


async def test_what_was_granted_can_be_revoked(world: World) -> None:
    await world.granted()
    revoked = await world.extensions.decide(ALAN, 1, "revoked", "they have moved", version=2)
    assert isinstance(revoked, Extension)
    assert await world.extensions.in_force() == ()
    assert [each.subscriptions[0].extended_until for (each,) in world.published] == [UNTIL, None]


async def test_only_who_asked_withdraws(world: World) -> None:
    await world.asked()
    assert refused(await world.extensions.withdraw(ADA, 1, "no")) == "role-missing"
    assert isinstance(await world.extensions.withdraw(INES, 1, "moot"), Extension)
    assert refused(await world.extensions.withdraw(INES, 1, "moot")) == "state-conflict"
    assert refused(await world.extensions.withdraw(INES, 9, "moot")) == "resource-not-found"


async def test_lists(world: World) -> None:
    granted = await world.granted()
    asked = await world.ask(application="carrier-app")
    assert await world.extensions.list() == (asked, granted)
    assert await world.extensions.list(state="granted") == (granted,)
    assert await world.extensions.list(api="books") == ()


async def test_who_is_told(world: World) -> None:
    await world.granted()
    sent = {each.notice.key: each.notice for each in await Outbox(world.store).list()}
    assert {key: each.recipients for key, each in sent.items()} == {
        "extension:1:requested:architect": ("ada@acme.example", "alan@acme.example"),
        "extension:1:granted:member:ines": ("ines@acme.example",),
        "extension:1:granted:owner": ("sales@acme.example", "ines@acme.example", "olga@acme.example"),
        "extension:1:granted:consumer:shop": ("dev@shop.example",),
    }
    partner = sent["extension:1:granted:consumer:shop"]
    assert partner.subject == "shop-web may go on calling Orders v1 until 31 July 2027"
    assert "Reason: fair" in partner.body


async def test_a_partner_hears_nothing_of_a_refusal(world: World) -> None:
    await world.asked()
    await world.extensions.decide(ADA, 1, "refused", "no")
    keys = {each.notice.key for each in await Outbox(world.store).list()}
    assert keys == {
        "extension:1:requested:architect",
        "extension:1:refused:member:ines",
        "extension:1:refused:owner",
    }


async def test_the_access_part_spares_only_whom_it_was_granted(world: World) -> None:
    granted = await world.granted()
    later = msgspec.structs.replace(granted, number=2, until=UNTIL + DAY)
    subscriptions = tuple(Subscription("orders", each, "gold", ("s",)) for each in ("v1", "v2"))
    applications = tuple(Application(each, "An app", "shop", subscriptions) for each in ("shop-web", "shop-other"))
    made = with_extensions(applications, [later, granted])
    assert made[1] == applications[1]
    assert [each.extended_until for each in made[0].subscriptions] == [UNTIL + DAY, None]
    assert msgspec.structs.replace(made[0], subscriptions=subscriptions) == applications[0]
    assert with_extensions(applications, []) == applications
    assert extended([granted, later]) == {("shop-web", "orders", "v1"): UNTIL + DAY}
