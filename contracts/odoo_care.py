"""How the gateway spares an Odoo: how many calls it gets at once and how fast, and how long the others wait."""

import msgspec

from contracts.limits import RateLimit


class OdooCare(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A call waits for its turn, in the order in which calls came, for at most `wait` seconds, and at most `queue`
    calls do. One whose turn cannot come in time is refused at once.

    With a `pace` calls to Odoo go one after the other, and no faster than that. A call of which Odoo says that it
    was undone, as it met another, is made again `repeats` times, each after a random time of up to `back_off` ·
    2^(n-1) seconds.
    """

    wait: float = 5.0
    queue: int = 256
    pace: RateLimit | None = None
    repeats: int = 1
    back_off: float = 0.5
