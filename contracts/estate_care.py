"""How an estate says what an Odoo is spared."""

from typing import Annotated, Final

import msgspec

from contracts.estate_words import EstateStruct, LimitText, Seconds
from contracts.limits_text import LimitEntry, parse_limit
from contracts.odoo_care import OdooCare

CALLS_OF_A_WRITE: Final = 3
"""The fewest calls that a mediated change of a record makes: it is looked up, written, and read back."""


class CareEntry(EstateStruct, frozen=True):
    """How an Odoo is spared: how long calls wait for their turn, and at what pace they go. `pace` is such as
    `1/second`, what Odoo Online admits: calls then go one at a time. `repeats` are of writes that Odoo undid."""

    wait: Seconds = 5.0
    queue: Annotated[int, msgspec.Meta(ge=0, le=4096)] = 256
    pace: LimitText | None = None
    repeats: Annotated[int, msgspec.Meta(ge=0, le=5)] = 1
    back_off: Annotated[float, msgspec.Meta(gt=0, le=30)] = 0.5


def care_of(entry: CareEntry) -> OdooCare:
    """As it is enforced. Raises ValueError for a pace at which no call would ever go."""
    pace = None
    if entry.pace is not None:
        # Calls that are spread evenly: of a window, all might be spent at its beginning.
        pace = parse_limit("pace", LimitEntry(limit=entry.pace, window="gcra", burst=1))
    return OdooCare(entry.wait, entry.queue, pace, entry.repeats, entry.back_off)
