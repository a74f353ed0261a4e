"""The state that several workers share, on a Redis or Valkey server: one script, called in batches.

What is asked for in one turn of the event loop is sent as one pipeline, all over one connection, and nobody waits
for the answers to what was asked before. When the server fails, everybody who waits is told at once, and until
the next attempt nobody else waits for it: attempts are spaced and jittered, so that a server that comes back is
not met by all workers at the same instant.
"""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from redis.exceptions import NoScriptError

from gateway.adapters.shared_servers import FAULTS, Argument, Call, is_cluster, server_at
from gateway.adapters.shared_servers import TIMEOUT as TIMEOUT

log = structlog.get_logger()

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 5.0

Answer = list[Any]


class StateUnavailableError(Exception):
    """The server cannot be asked now."""


class SharedStore:
    """Runs `script` on the server at `url` (`redis://`, `rediss://`, `unix://`), or on the Cluster that the one at
    `redis+cluster://` or `rediss+cluster://` belongs to. A Cluster of which a part is lost counts as lost.

    `spread` says that the keys of one call have to be in one slot, as they are with the same hash tag. `outages`
    counts how often it was lost: it is after `timeout` seconds without an answer. Raises ValueError for a URL that
    is none. Belongs to one event loop.
    """

    def __init__(
        self, url: str, script: str, clock: Callable[[], float] = time.monotonic, timeout: float = TIMEOUT
    ) -> None:
        self.spread = is_cluster(url)
        self._server = server_at(url, timeout)
        self._script = script
        self._sha = ""
        self._clock = clock
        self._waiting: list[tuple[Call, asyncio.Future[Answer]]] = []
        self._next: asyncio.Task[None] | None = None  # sends what is waiting, when the loop comes round
        self._senders: set[asyncio.Task[None]] = set()
        self._pause = 0.0
        self._not_before = 0.0
        self._losses = 0
        self.outages = 0

    @property
    def available(self) -> bool:
        """Whether the last attempt went well, or there was none yet."""
        return not self._pause

    @property
    def worth_asking(self) -> bool:
        """Whether the server is there, as far as is known, or it is time to look again."""
        return not self._pause or self._clock() >= self._not_before

    def run(self, key: str, *arguments: Argument) -> asyncio.Future[Answer]:
        """The script's answer for one key; fails with StateUnavailableError."""
        return self.run_over((key,), arguments)

    def run_over(self, keys: tuple[str, ...], arguments: tuple[Argument, ...]) -> asyncio.Future[Answer]:
        """The script's answer for several keys; fails with StateUnavailableError."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if not self.worth_asking:
            future.set_exception(StateUnavailableError())
            return future
        if self._pause:
            self._not_before = self._clock() + LONGEST_PAUSE  # this call is the attempt; the others do not wait
        self._waiting.append(((keys, arguments), future))
        if self._next is None:
            self._next = asyncio.create_task(self._send())
            self._senders.add(self._next)
            self._next.add_done_callback(self._senders.discard)
        return future

    async def close(self) -> None:
        """Ends the connection; who waits is told that the server is not there."""
        senders = tuple(self._senders)
        for sender in senders:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)
        self._drop(self._waiting)
        await self._server.close()

    async def _send(self) -> None:
        """The calls of one turn of the loop, at once; those of the next do not wait for their answers."""
        batch, self._waiting, self._next = self._waiting, [], None
        losses = self._losses
        try:
            answers = await self._execute([call for call, _ in batch])
        except FAULTS as error:
            if self._losses == losses:  # of all that were on their way, the first tells
                self._lost(error)
        else:
            self._found()
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
        finally:
            self._drop(batch)

    async def _execute(self, calls: list[Call]) -> list[Answer]:
        if not self._sha:
            self._sha = await self._server.load(self._script)
        answers = await self._server.run(self._sha, calls)
        if any(isinstance(answer, NoScriptError) for answer in answers):
            # A server that was restarted has forgotten the script: none of these calls was run.
            self._sha = await self._server.load(self._script)
            lost = [index for index, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
            again = await self._server.run(self._sha, [calls[index] for index in lost])
            for index, answer in zip(lost, again, strict=True):
                answers[index] = answer
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    def _found(self) -> None:
        if self._pause:
            log.info("shared state is back")
            self._pause = 0.0

    def _lost(self, error: Exception) -> None:
        if not self._pause:
            self.outages += 1
            # The text of the error would name the server's address, and may name its password.
            log.warning("shared state is lost", reason=type(error).__name__)
        self._losses += 1
        self._pause = min(LONGEST_PAUSE, self._pause * 2 or FIRST_PAUSE)
        self._not_before = self._clock() + self._pause * random.uniform(0.5, 1.0)  # noqa: S311

    @staticmethod
    def _drop(calls: list[tuple[Call, asyncio.Future[Answer]]]) -> None:
        for _, future in calls:
            if not future.done():
                future.set_exception(StateUnavailableError())
                future.exception()  # who asked may have gone away meanwhile
