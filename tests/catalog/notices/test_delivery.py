"""Delivery on both databases: at least once by each channel, later and later, and no old news."""

import email
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

import pytest

from catalog.audit.log import AuditLog
from catalog.notices.channels import Channel, DeliveryError
from catalog.notices.delivery import KEEP_TRYING, LEASE, Deliverer, pause
from catalog.notices.file_drop import FileDrop
from catalog.notices.message import message_of
from catalog.notices.notice import Notice
from catalog.notices.outbox import Delivery, Outbox, Posted, post
from catalog.storage.engine import Store

NOW = 1_800_000_000


def notice(key: str = "k", due_at: int = NOW, useless_at: int | None = None, subject: str = "It ends") -> Notice:
    return Notice(
        kind="version-deprecated",
        key=key,
        about="orders/v1",
        recipients=("a@x.example", "b@x.example"),
        subject=subject,
        body="Grüße, Orders v1 ends.\n",
        due_at=due_at,
        useless_at=useless_at,
    )


@dataclass
class Memory:
    """A channel that fails as it is told to."""

    name: str = "file"
    failures: list[Exception] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    tried: int = 0

    async def send(self, posted: Posted) -> None:
        self.tried += 1
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(posted.notice.key)


class World:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.outbox = Outbox(store)
        self.now = float(NOW)

    async def put(self, *wanted: Notice) -> None:
        async with self.store.write() as connection:
            await post(connection, wanted, self.now)

    async def deliver(self, *channels: Channel) -> int:
        audit = AuditLog(self.store, lambda: self.now)
        return await Deliverer(self.outbox, channels, audit, lambda: self.now).deliver()

    async def deliveries(self) -> list[Delivery]:
        return [each for posted in await self.outbox.list() for each in posted.deliveries]


@pytest.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    store = Store.open(store_url)
    await store.migrate()
    yield World(store)
    await store.close()


async def test_each_channel_gets_it_once(world: World) -> None:
    await world.put(notice("a"), notice("b", NOW + 5))
    file, smtp = Memory("file"), Memory("smtp")
    assert await world.deliver(file, smtp) == 2
    assert await world.deliver(file, smtp) == 0
    world.now += 5
    assert await world.deliver(file, smtp) == 2
    assert file.sent == smtp.sent == ["a", "b"]


async def test_it_is_tried_again_later_and_later(world: World) -> None:
    await world.put(notice())
    channel = Memory(failures=[DeliveryError("no route")] * 3)
    waits = []
    while not channel.sent:
        await world.deliver(channel)
        (delivery,) = await world.deliveries()
        waits.append(delivery.next_at - world.now)
        world.now = delivery.next_at - 1
        before = channel.tried
        assert await world.deliver(channel) == 0
        assert channel.tried == before
        world.now += 1
    assert [22 <= waits[0] <= 30, 44 <= waits[1] <= 60, 89 <= waits[2] <= 120] == [True] * 3
    (delivery,) = await world.deliveries()
    assert (delivery.attempts, delivery.outcome, delivery.error) == (4, "sent", "")


def test_a_pause_has_an_end() -> None:
    assert 2_700 <= pause(1000) <= 3_600


async def test_what_is_refused_for_good_is_not_tried_again(world: World) -> None:
    await world.put(notice("a"))
    channel = Memory(failures=[DeliveryError("no such mailbox", final=True)])
    await world.deliver(channel)
    world.now += 86_400
    await world.deliver(channel)
    assert channel.tried == 1
    (delivery,) = await world.deliveries()
    assert (delivery.outcome, delivery.error, delivery.ended_at) == ("refused", "no such mailbox", NOW)


async def test_a_fault_of_one_notice_holds_no_other_up(world: World) -> None:
    await world.put(notice("a"), notice("b", NOW - 1))
    channel = Memory(failures=[ValueError("secret detail")])
    assert await world.deliver(channel) == 1
    assert channel.sent == ["a"]
    pending = [each for each in await world.deliveries() if each.outcome == "pending"]
    assert [each.error for each in pending] == ["a fault of the catalog: ValueError"]


async def test_old_news_is_not_sent(world: World) -> None:
    await world.put(notice("reminder", useless_at=NOW + 100))
    channel = Memory(failures=[DeliveryError("down")])
    await world.deliver(channel)
    world.now += 100
    assert await world.deliver(channel) == 0
    assert channel.tried == 1
    assert [each.outcome for each in await world.deliveries()] == ["useless"]


async def test_a_channel_that_is_new_does_not_send_the_past(world: World) -> None:
    world.now = NOW - KEEP_TRYING - 1
    await world.put(notice("old", NOW - KEEP_TRYING - 1))
    world.now += 2
    await world.put(notice("young", NOW - KEEP_TRYING + 1))
    world.now = NOW
    channel = Memory("smtp")
    assert await world.deliver(channel) == 1
    assert channel.sent == ["young"]


async def test_a_process_that_died_in_an_attempt_leaves_it_to_the_next(world: World) -> None:
    await world.put(notice())

    class Died(BaseException):
        pass

    channel = Memory(failures=[Died()])  # type: ignore[list-item]
    with pytest.raises(Died):
        await world.deliver(channel)
    assert await world.deliver(channel) == 0
    world.now += LEASE
    assert await world.deliver(channel) == 1
    assert [each.attempts for each in await world.deliveries()] == [2]


async def test_a_file_appears_whole_and_the_same_each_time(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "out"
    await world.put(notice(subject="Orders\nv1  ends"))
    drop = FileDrop(folder, "Ostiary <ostiary@acme.example>")
    assert await world.deliver(drop) == 1
    (file,) = folder.iterdir()
    (posted,) = await world.outbox.list()
    assert file.name == f"{NOW}-{posted.id}.eml"
    data = file.read_bytes()
    await drop.send(posted)
    assert [each.read_bytes() for each in folder.iterdir()] == [data]
    message: Message = email.message_from_bytes(data)
    assert message["Message-ID"] == f"<{posted.id}@acme.example>"
    assert message["To"] == "a@x.example, b@x.example"
    assert message["Subject"] == "Orders v1 ends"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"] == "Fri, 15 Jan 2027 08:00:00 +0000"
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode("utf-8").replace("\r\n", "\n") == "Grüße, Orders v1 ends.\n"


async def test_a_folder_that_cannot_be_written_is_tried_again(world: World, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file, not a folder")
    await world.put(notice())
    assert await world.deliver(FileDrop(tmp_path / "out", "ostiary@acme.example")) == 0
    (delivery,) = await world.deliveries()
    assert (delivery.outcome, delivery.error) == ("pending", f"{tmp_path / 'out'}: File exists")


def test_a_sender_without_a_domain_still_has_a_message_id() -> None:
    posted = Posted(id="1", notice=notice(), created_at=NOW)
    assert message_of(posted, "ostiary")["Message-ID"] == "<1@ostiary.invalid>"
