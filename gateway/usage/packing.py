"""What was counted, as the rows of batches, in small steps: all at once would hold up requests."""

from collections.abc import Iterator
from typing import Final

from contracts.packed import Steps
from contracts.usage import batch
from contracts.usage.batch import MAX_ROWS, MAX_SIGHTS, Kind, Row, Sight
from gateway.telemetry.counting import CLIENT_GONE
from gateway.usage.callers import Caller, Counted, OperationCallers, Tally
from gateway.usage.counting import ABORTED

BATCH: Final = 1 << 19
"""Bytes of rows from which on a batch is full. One row is below a megabyte, and `MAX_BATCH` is far from either."""


def batch_of(rows: Iterator[Row | None]) -> Steps[list[Row]]:
    """The next of `rows`, as many as one batch takes; none where no more is left."""
    found: list[Row] = []
    size = 0
    for row in rows:
        yield
        if row is None:
            continue
        found.append(row)
        size += len(batch.encode(row))
        if size >= BATCH or len(found) == MAX_ROWS:
            break
    return found


def rows_of(counted: Counted, epoch: float) -> Iterator[Row | None]:
    """What each caller did, which is at rest then; None for one of which there is nothing to tell, and which is
    dropped. `epoch` is the Unix time of the monotonic zero."""
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
    alike: dict[str, Tally] = {}
    for tally in (caller, *caller.others.values()):
        word = _word(tally.status, operation.statuses)
        known = alike.get(word)
        if known is None:
            alike[word] = tally
        else:
            known.merge(tally)
    for word, tally in alike.items():
        yield _tally(word, tally)


def _tally(word: str, tally: Tally) -> batch.Tally:
    return batch.Tally(word, tally.calls, round(tally.seconds * 1e6), tally.bytes, tally.buckets)


def _word(status: int, declared: frozenset[int]) -> str:
    """What a contract declares is told exactly; other codes are an upstream's own, of which there may be any."""
    if status == ABORTED:
        return batch.ABORTED
    if status in declared or status == CLIENT_GONE:
        return str(status)
    return f"{status // 100}xx" if 100 <= status < 600 else "other"


def _seen(caller: Caller) -> Iterator[Sight]:
    found: dict[tuple[Kind, str, str], int] = {}
    if caller.accepted:
        found["accepted", "", ""] = caller.accepted
    if caller.reported is not None:
        for policy, count in caller.reported.items():
            found["would-refuse", policy, ""] = count
    if caller.seen is not None:
        for term, count in caller.seen.items():
            if count:
                key = (term.kind, term.name, term.value)
                found[key] = found.get(key, 0) + count  # of two contracts, where one replaced the other
    for (kind, name, value), count in list(found.items())[:MAX_SIGHTS]:
        yield Sight(kind, name, value, count)
