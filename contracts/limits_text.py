"""Plan limits as they are written (`100/minute`, `20 per 5 second`) into quota and window.

The notation is that of the `limits` package, whose parser reads it; a day is 86,400 s, a month 30 days and a
year 360 days there. The windows are fixed-length, never calendar months.
"""

from contracts.snapshot import RateLimit


def parse_limit(name: str, text: str) -> RateLimit:
    """The limit called `name`. Raises ValueError for text that is no limit or admits no call at all."""
    # Imported here: its importers bring `packaging` and half a dozen optional storages, 60 ms for every command.
    from limits import parse

    item = parse(text.strip())
    if item.amount < 1:
        raise ValueError(f"{text!r} admits no call at all")
    if item.multiples < 1:
        raise ValueError(f"{text!r} has a window of no length")
    return RateLimit(name, item.amount, item.get_expiry())
