"""A request that the cache has sent upstream, until its answer is kept or given up."""

from dataclasses import dataclass, replace
from typing import Final

from policies.caching.asked import Asked
from policies.caching.directives import Directives
from policies.caching.flights import Flight, Landing
from policies.caching.memory import AnswerCache
from policies.caching.stored import Stored
from policies.exchange import Exchange, Header


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: the request, what it wants of caches, and what its answer is kept under. `alike` is the
    key of those that surely want the very same answer."""

    asked: Asked
    wanted: Directives
    key: str
    alike: str


class Fetch:
    """`stored` is what is there already and cannot be used as it is; `why` is a reason of RFC 9211 §2.2. `storing`
    is what is to be kept, still without a body, and `given` the body that the client gets in place of the
    upstream's."""

    __slots__ = ("_cache", "_flight", "_labels", "_mark", "given", "question", "stored", "storing", "why")

    def __init__(
        self,
        cache: AnswerCache,
        question: Question,
        labels: frozenset[str],
        stored: Stored | None,
        why: str,
        flight: Flight | None,
    ) -> None:
        self.question = question
        self.stored = stored
        self.why = why
        self.storing: Stored | None = None
        self.given: bytes | None = None
        self._cache = cache
        self._labels = labels
        self._mark = cache.mark()
        self._flight = flight

    def helping(self, now: float) -> Stored | None:
        """What may be given where the upstream fails. Who wants none that is not validated gets none."""
        stored = self.stored
        return (
            stored if stored is not None and "no-cache" not in self.question.wanted and stored.helps(now) else None
        )

    def keep(self, stored: Stored) -> None:
        kept = self._cache.keep(self.question.key, self._labels, stored, self._mark)
        self.storing = None
        self.land(Landing.STORED if kept else Landing.NOT_STORED)

    def keep_with(self, body: bytes, most: int) -> None:
        """Keeps what is to be kept, with its body, unless that is longer than `most` bytes."""
        if self.storing is not None and len(body) <= most:
            self.keep(replace(self.storing, body=body))
        else:
            self.land(Landing.NOT_STORED)

    def land(self, landing: Landing) -> None:
        """Tells those that wait for it, once."""
        flight, self._flight = self._flight, None
        if flight is not None:
            self._cache.flights.end(self.question.alike, flight, landing)

    def at_end(self, exchange: Exchange) -> None:
        answered = exchange.refusal is None and exchange.status != 499
        self.land(Landing.NOT_STORED if answered else Landing.FAILED)


_KEPT_BY_304: Final = frozenset({b"content-location"})


def without_content(headers: list[Header]) -> list[Header]:
    """Those of a 304, which describes no content (RFC 9110 §15.4.5)."""
    return [
        header
        for header in headers
        if not header[0].lower().startswith(b"content-") or header[0].lower() in _KEPT_BY_304
    ]
