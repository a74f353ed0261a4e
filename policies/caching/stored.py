"""An answer as the cache keeps it, and what it may still be used for (RFC 9111 §4.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from policies.caching.directives import Directives
from policies.exchange import Header


class Use(Enum):
    """What can be done with a stored answer, for one request."""

    HIT = "hit"
    STALE = "stale"
    """It may be given, if it is validated meanwhile (RFC 5861 §3)."""
    VALIDATE = "validate"


@dataclass(frozen=True, slots=True)
class Stored:
    """`vary` are the fields of a request that it was chosen by, with their values. Times are Unix seconds; `age`
    is what it had when it was `received`, and `lifetime` for how many seconds it is fresh. `stale_on_error` and
    `stale_meanwhile` are for how many more it may be given if the upstream fails, or while it is asked. `strict`:
    it is never given stale because a client would take it so (`must-revalidate` and the like)."""

    status: int
    headers: tuple[Header, ...]
    body: bytes
    vary: tuple[tuple[bytes, bytes], ...]
    received: float
    age: float
    lifetime: int
    stale_on_error: int = 0
    stale_meanwhile: int = 0
    strict: bool = False

    @property
    def size(self) -> int:
        """Bytes that it takes, roughly."""
        return 512 + len(self.body) + sum(len(name) + len(value) + 100 for name, value in self.headers)

    def field(self, name: bytes) -> bytes | None:
        """The first header field of a lower-case name."""
        return next((value for each, value in self.headers if each.lower() == name), None)

    def matches(self, fields: Mapping[bytes, bytes]) -> bool:
        """Whether a request would have chosen it too (§4.1)."""
        return all(fields.get(name, b"").strip() == value for name, value in self.vary)

    def age_at(self, now: float) -> float:
        """§4.2.3. A clock that was set back makes nothing younger."""
        return self.age + max(0.0, now - self.received)

    def left_at(self, now: float) -> float:
        """Seconds for which it is still fresh; less than 0 where it is stale."""
        return self.lifetime - self.age_at(now)

    def use(self, wanted: Directives, now: float) -> Use:
        """What `wanted` lets a cache do with it (§4, §5.2.1)."""
        age, left = self.age_at(now), self.left_at(now)
        most = wanted.seconds("max-age")
        if "no-cache" in wanted or (most is not None and age > most):
            return Use.VALIDATE
        if left > (wanted.seconds("min-fresh") or 0):
            return Use.HIT
        if "min-fresh" in wanted or self.strict:
            return Use.VALIDATE
        if "max-stale" in wanted and -left <= _most_stale(wanted):
            return Use.HIT
        return Use.STALE if -left < self.stale_meanwhile else Use.VALIDATE

    def helps(self, now: float) -> bool:
        """Whether it may be given in place of an upstream's failure (RFC 5861 §4)."""
        return not self.strict and -self.left_at(now) < self.stale_on_error

    def useful_until(self) -> float:
        """When it can be used for nothing any more, if it has nothing to be validated by."""
        return self.received - self.age + self.lifetime + max(self.stale_on_error, self.stale_meanwhile)

    @property
    def validators(self) -> list[Header]:
        """What asks an upstream whether it still holds (§4.3.1)."""
        found: list[Header] = []
        tag, modified = self.field(b"etag"), self.field(b"last-modified")
        if tag is not None:
            found.append((b"if-none-match", tag))
        if modified is not None:
            found.append((b"if-modified-since", modified))
        return found


_NOT_UPDATED: Final = frozenset({b"content-length", b"content-encoding", b"content-range", b"content-type"})


def updated(stored: tuple[Header, ...], told: list[Header]) -> list[Header]:
    """A stored answer's fields after a 304 (§3.2): those that it has replace those of the same name."""
    fresh = [header for header in told if header[0].lower() not in _NOT_UPDATED]
    names = {name.lower() for name, _ in fresh}
    return [*(header for header in stored if header[0].lower() not in names), *fresh]


def _most_stale(wanted: Directives) -> float:
    seconds = wanted.seconds("max-stale")
    # Without an argument: however stale (§5.2.1.2). Text that is no number says nothing so bold.
    return float("inf") if wanted.is_bare("max-stale") else float(seconds or 0)
