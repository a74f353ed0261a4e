"""The calls of one exchange: made again where Odoo says that it undid them, and with their errors understood.

What was undone by a conflict may be made again, since nothing of it is left; Odoo has done so itself by then, five
times. Nothing else is repeated here: not what timed out, and not what may have had its effect.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.odoo_care import OdooCare
from contracts.operations import OdooBackend
from contracts.problems import Problem
from gateway.upstreams.odoo import mismatch, outcomes
from gateway.upstreams.odoo.client_values import of_client
from gateway.upstreams.odoo.content import Content
from gateway.upstreams.odoo.transport import Json, Transport
from policies.exchange import Exchange


@dataclass(slots=True)
class Conflicts:
    """Calls of one Odoo that a conflict undid: made again, or told to the client."""

    repeated: int = 0
    told: int = 0


@dataclass(frozen=True, slots=True)
class Caring:
    """What the calls of one Odoo share. `may_repeat` takes a repetition of the upstream's budget, if it has one;
    `beside` are header fields that go with each call."""

    care: OdooCare
    conflicts: Conflicts
    may_repeat: Callable[[], bool] = lambda: True
    beside: Mapping[str, str] | None = None
    chance: Callable[[], float] = random.random


class Careful:
    """A Transport for one exchange."""

    def __init__(self, transport: Transport, exchange: Exchange, backend: OdooBackend, caring: Caring) -> None:
        self._transport = transport
        self._exchange = exchange
        self._backend = backend
        self._caring = caring

    async def execute(
        self,
        model: str,
        method: str,
        *,
        ids: Sequence[int] | None = None,
        arguments: Mapping[str, Any],
        context: Mapping[str, Any],
        told: Mapping[str, str],
        deadline: float,
    ) -> Json | Problem:
        """See `Transport`."""
        caring = self._caring
        if caring.beside:
            told = {**told, **caring.beside}
        repeats = 0
        while True:
            outcome = await self._transport.execute(
                model, method, ids=ids, arguments=arguments, context=context, told=told, deadline=deadline
            )
            if outcome is not outcomes.ROLLED_BACK:
                break
            pause = caring.care.back_off * 2.0**repeats * caring.chance()
            if (
                repeats >= caring.care.repeats
                or asyncio.get_running_loop().time() + pause >= deadline
                or not caring.may_repeat()
            ):
                caring.conflicts.told += 1
                break
            caring.conflicts.repeated += 1
            repeats += 1
            await asyncio.sleep(pause)
        return self._understood(method, outcome) if isinstance(outcome, Problem) else outcome

    async def download(
        self,
        model: str,
        key: int,
        field: str,
        *,
        context: Mapping[str, Any],
        told: Mapping[str, str],
        deadline: float,
    ) -> Content | bytes | Problem:
        """See `Transport`."""
        told = {**told, **(self._caring.beside or {})}
        found = await self._transport.download(model, key, field, context=context, told=told, deadline=deadline)
        return self._understood("read", found) if isinstance(found, Problem) else found

    def _understood(self, method: str, outcome: Problem) -> Problem:
        """The problem as the client is to have it; a mapping that does not fit is noted."""
        clients = of_client(self._exchange, self._backend, method, outcome)
        if clients is not None:
            return clients
        if isinstance(outcome, mismatch.Mismatch) and self._exchange.noted(mismatch.NOTE) is None:
            self._exchange.note(mismatch.NOTE, outcome)
        return outcome
