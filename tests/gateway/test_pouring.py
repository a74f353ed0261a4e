"""A content that is poured goes at the client's pace, and ends with it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.pouring import Pouring
from gateway.upstreams.odoo.content import ContentBrokenOffError


class Content:
    """Three pieces, or what breaks them off."""

    def __init__(self, broken: str = "", seconds: float = 60) -> None:
        self.deadline = asyncio.get_running_loop().time() + seconds
        self.given = 0
        self.closed = 0
        self._broken = broken

    async def pieces(self) -> AsyncIterator[bytes]:
        for piece in (b"a", b"b", b"c"):
            self.given += 1
            yield piece
        if self._broken:
            raise ContentBrokenOffError(self._broken)

    def close(self) -> None:
        self.closed += 1


class Receiver:
    """Keeps what it is told; with `slow` it pauses the call at each piece."""

    def __init__(self, slow: bool = False) -> None:
        self.told: list[Any] = []
        self.call: Pouring | None = None
        self._slow = slow

    def head(self, status: int, headers: Any, length: int | None) -> None:
        self.told.append((status, length))

    def data(self, data: bytes) -> None:
        self.told.append(data)
        if self._slow:
            assert self.call is not None
            self.call.pause()

    def ended(self) -> None:
        self.told.append("ended")

    def failed(self, problem_id: str, detail: str) -> None:
        self.told.append(problem_id)


def pour(content: Content, receiver: Receiver) -> tuple[Pouring, asyncio.Task[None]]:
    call = receiver.call = Pouring(content)  # type: ignore[arg-type]
    return call, asyncio.create_task(call.into(receiver, 200, []))  # type: ignore[arg-type]


async def test_a_slow_client_is_waited_for() -> None:
    content, receiver = Content(), Receiver(slow=True)
    call, task = pour(content, receiver)
    for given in (1, 2, 3):
        while content.given < given:
            await asyncio.sleep(0)
        for _ in range(10):
            await asyncio.sleep(0)
        assert content.given == given  # and not one more
        call.resume()
    await task
    assert receiver.told == [(200, None), b"a", b"b", b"c", "ended"]
    assert content.closed == 1


async def test_a_client_that_leaves_is_told_nothing_more() -> None:
    content, receiver = Content(), Receiver(slow=True)
    call, task = pour(content, receiver)
    while content.given < 1:
        await asyncio.sleep(0)
    call.cancel()
    await task
    assert receiver.told == [(200, None), b"a"]
    assert content.closed >= 1


async def test_a_client_that_takes_nothing_does_not_hold_the_turn_for_ever() -> None:
    content, receiver = Content(seconds=0.05), Receiver(slow=True)
    _, task = pour(content, receiver)
    await task
    assert receiver.told == [(200, None), b"a", "upstream-timeout"]
    assert content.closed == 1


@pytest.mark.parametrize("problem_id", ["upstream-timeout", "upstream-malformed"])
async def test_what_breaks_off_is_told(problem_id: str) -> None:
    content, receiver = Content(problem_id), Receiver()
    _, task = pour(content, receiver)
    await task
    assert receiver.told[-2:] == [b"c", problem_id]
    assert content.closed == 1
