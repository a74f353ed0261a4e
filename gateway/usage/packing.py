"""What was counted, as the rows of batches, in small steps: all at once would hold up requests."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from contracts.packed import Steps
from contracts.usage import batch
from contracts.usage.batch import MAX_ROWS, MAX_SIGHTS, Kind, Row, Sight
from gateway.telemetry.counting import CLIENT_GONE
from gateway.usage.counting import ABORTED, Caller, Counted, Tally

BATCH: Final = 1 << 19
"""Bytes of rows in a batch of several. One row is below a megabyte, and `MAX_BATCH` is far from either."""


def rows_of(counted: Counted, epoch: float) -> Steps[list[list[Row]]]:
    """The rows, batch by batch. `epoch` is the Unix time of the monotonic zero."""
    batches: list[list[Row]] = []
    size = 0
    for (api, version, operation), callers in counted.items():
        for application, caller in callers.items():
            yield
            row = Row(
                api=api,
                version=version,
                operation=operation,
                application=application,
                consumer=caller.consumer,
                first=int(epoch + caller.first),
                last=int(epoch + caller.last),
                tallies=tuple(_tallies(caller)),
                seen=tuple(_seen(caller)),
            )
            length = len(batch.encode(row))
            if not batches or size + length > BATCH or len(batches[-1]) == MAX_ROWS:
                batches.append([])
                size = 0
            batches[-1].append(row)
            size += length
    return batches


def _tallies(caller: Caller) -> Iterator[batch.Tally]:
    found: dict[str, Tally] = {}
    for status, tally in caller.tallies.items():
        word = _word(status, caller.observable.statuses)
        known = found.get(word)
        if known is None:
            found[word] = tally
            continue
        known.calls += tally.calls
        known.seconds += tally.seconds
        known.bytes += tally.bytes
        known.buckets = [one + other for one, other in zip(known.buckets, tally.buckets, strict=True)]
    for word, tally in found.items():
        yield batch.Tally(word, tally.calls, round(tally.seconds * 1e6), tally.bytes, tuple(tally.buckets))


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
    for policy, count in caller.reported.items():
        found["would-refuse", policy, ""] = count
    for term, count in caller.seen.items():
        found[term.kind, term.name, term.value] += count
    for (kind, name, value), count in list(found.items())[:MAX_SIGHTS]:
        yield Sight(kind, name, value, count)
