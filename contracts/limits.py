"""A limit as it is enforced: how many units, in what window, and whose calls it counts together."""

from typing import Final, Literal, TypeAlias, get_args

import msgspec

Dimension: TypeAlias = Literal[
    "subscription",
    "plan",
    "application",
    "consumer",
    "credential",
    "address",
    "operation",
    "api",
    "upstream",
]
DIMENSIONS: Final[tuple[Dimension, ...]] = get_args(Dimension)

CALLER: Final = frozenset({"subscription", "plan", "application", "consumer", "credential"})
"""Dimensions that say who calls. On a public operation nobody is known by them."""

WindowKind: TypeAlias = Literal["fixed", "calendar", "sliding", "log", "gcra"]
"""`fixed`: begins with the first call in it. `calendar`: a day or month of a time zone. `sliding`: the window
before counts by the share of it that is still in the last `window` seconds. `log`: exactly the last `window`
seconds. `gcra`: the generic cell rate algorithm (ITU-T I.371), which gives units back steadily."""

OnUnavailable: TypeAlias = Literal["local", "open", "closed"]
"""Without the shared state: each worker enforces its share, the limit does not hold, or every call is refused."""


class RateLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """At most `quota` units in `window` seconds. `name` is what the headers show.

    What is counted together is what agrees in all dimensions of `by`, which is empty for the subscription. `burst`
    is the most that a `gcra` limit gives at once. `period` and `time_zone` are those of a calendar's window, of
    which `window` is then the usual length.
    """

    name: str
    quota: int
    window: int
    kind: WindowKind = "fixed"
    by: tuple[Dimension, ...] = ()
    burst: int = 0
    period: Literal["", "day", "month"] = ""
    time_zone: str = "UTC"
    on_unavailable: OnUnavailable = "local"

    @property
    def most(self) -> int:
        """Units that it can ever give at once."""
        return self.burst or self.quota

    @property
    def of_caller(self) -> bool:
        """Whether it needs to be known who calls."""
        return not self.by or not CALLER.isdisjoint(self.by)

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        return self.by or ("subscription",)
