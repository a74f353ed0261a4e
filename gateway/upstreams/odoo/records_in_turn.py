"""Writes to one record go one after the other, whoever makes them.

Odoo undoes all but one of the writes that meet in a record and makes them anew by itself, after random times and
with a worker of its own for each: 36 of them took 4.4 s. Those that go in turn take none of that. Who waits for a
record holds no connection meanwhile.
"""

from collections.abc import Sequence

from contracts.odoo_care import OdooCare
from gateway.upstreams.odoo.effects import Record
from gateway.upstreams.odoo.flow import Flow
from gateway.upstreams.odoo.turns import NotInTime, Turns
from policies.limits.slots import Slots


class RecordsInTurn:
    """The records of one Odoo, of which `name` tells others apart. What nobody writes to is forgotten."""

    def __init__(self, slots: Slots, name: str, care: OdooCare) -> None:
        self._slots = slots
        self._name = name
        self._care = care
        self._turns: dict[Record, Turns] = {}
        self._users: dict[Record, int] = {}

    @property
    def waiting(self) -> int:
        """How many wait for a record."""
        return sum(turns.waiting for turns in self._turns.values())

    async def take(self, records: Sequence[Record], deadline: float) -> NotInTime | None:
        """None once all of them are the caller's, who has to give them back. They are taken in their order, which
        is one for everybody, so that no two wait for each other."""
        held: list[Record] = []
        try:
            for record in records:
                refusal = await self._take(record, deadline)
                if refusal is not None:
                    self.give_back(held)
                    return refusal
                held.append(record)
        except BaseException:
            self.give_back(held)
            raise
        return None

    def give_back(self, records: Sequence[Record]) -> None:
        for record in records:
            self._turns[record].give_back()
            self._leave(record)

    async def _take(self, record: Record, deadline: float) -> NotInTime | None:
        self._users[record] = self._users.get(record, 0) + 1
        try:
            refusal = await self._of(record).take(deadline)
        except BaseException:
            self._leave(record)
            raise
        if refusal is not None:
            self._leave(record)
        return refusal

    def _of(self, record: Record) -> Turns:
        turns = self._turns.get(record)
        if turns is None:
            name, care = f"{self._name}/{record[0]}/{record[1]}", self._care
            turns = Turns(self._slots, name, 1, queue=care.queue, wait=care.wait, flow=Flow(1))
            self._turns[record] = turns
        return turns

    def _leave(self, record: Record) -> None:
        left = self._users[record] - 1
        if left:
            self._users[record] = left
        else:
            del self._users[record], self._turns[record]
