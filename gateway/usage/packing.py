"""What was counted, as the rows of batches, in small steps: all at once would hold up requests."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from contracts.packed import Steps
from contracts.usage import batch
from contracts.usage.batch import MAX_ROWS, MAX_SIGHTS, Kind, Row, Sight
from gateway.telemetry.counting import CLIENT_GONE
from gateway.usage.callers import Caller, Counted, OperationCallers, Tally
from gateway.usage.counting import ABORTED

BATCH: Final = 1 << 19
"""Bytes of rows in a batch of several. One row is below a megabyte, and `MAX_BATCH` is far from either."""


def rows_of(counted: Counted, epoch: float) -> Steps[list[list[Row]]]:
    """The rows, batch by batch. What was told is at rest then. `epoch` is the Unix time of the monotonic zero."""
    batches: list[list[Row]] = []
    size = 0
    for row in _rows(counted, epoch):
        yield
        if row is None:
            continue
        length = len(batch.encode(row))
        if not batches or size + length > BATCH or len(batches[-1]) == MAX_ROWS:
            batches.append([])
            size = 0
        batches[-1].append(row)
        size += length
    return batches


def _rows(counted: Counted, epoch: float) -> Iterator[Row | None]:
    """What each caller did; None for one of which there is nothing to tell, and which is dropped."""
    for key, operation in list(counted.operations.items()):
        idle: list[str] = []
        for application, caller in operation.callers.items():
            if caller.calls:
                row = _row(operation, application, caller, epoch)
                counted.size -= caller.rest()
                yield row
            else:
                idle.append(application)
                yield None
        for application in idle:
            counted.size -= operation.callers.pop(application).size
        if not operation.callers:
            del counted.operations[key]


def _row(operation: OperationCallers, application: str, caller: Caller, epoch: float) -> Row:
    api, version, name = operation.key
    return Row(
        api=api,
        version=version,
        operation=name,
        application=application,
        consumer=caller.consumer,
        first=int(epoch + caller.first),
        last=int(epoch + caller.last),
        tallies=tuple(_tallies(operation, caller)),
        seen=tuple(_seen(caller)),
    )


def _tallies(operation: OperationCallers, caller: Caller) -> Iterator[batch.Tally]:
    if caller.others is None:
        yield _tally(_word(caller.status, operation.statuses), caller)
        return
    alike: dict[str, list[Tally]] = {}
    for tally in (caller, *caller.others.values()):
        alike.setdefault(_word(tally.status, operation.statuses), []).append(tally)
    for word, tallies in alike.items():
        yield _tally(word, *tallies)


def _tally(word: str, *tallies: Tally) -> batch.Tally:
    """One of all those that have the word."""
    return batch.Tally(
        word,
        sum(tally.calls for tally in tallies),
        round(sum(tally.seconds for tally in tallies) * 1e6),
        sum(tally.bytes for tally in tallies),
        tuple(map(sum, zip(*(tally.buckets for tally in tallies), strict=True))),
    )


def _word(status: int, declared: frozenset[int]) -> str:
    """What a contract declares is told exactly; other codes are an upstream's own, of which there may be any."""
    if status == ABORTED:
        return batch.ABORTED
    if status in declared or status == CLIENT_GONE:
        return str(status)
    return f"{status // 100}xx" if 100 <= status < 600 else "other"


def _seen(caller: Caller) -> Iterator[Sight]:
    found: Counter[tuple[Kind, str, str]] = Counter()
    if caller.accepted:
        found["accepted", "", ""] = caller.accepted
    for policy, count in (caller.reported or {}).items():
        found["would-refuse", policy, ""] = count
    for term, count in (caller.seen or {}).items():
        if count:
            found[term.kind, term.name, term.value] += count
    for (kind, name, value), count in list(found.items())[:MAX_SIGHTS]:
        yield Sight(kind, name, value, count)
