"""Dates as options: a day or a moment in UTC, as an estate writes them."""

import re
from typing import Final, overload

from catalog.cli.output import fail

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?")


@overload
def moment(option: str, text: str) -> int: ...
@overload
def moment(option: str, text: str | None) -> int | None: ...
def moment(option: str, text: str | None) -> int | None:
    """Unix seconds of an option's value; None where it was not given. Ends the command for what is no date."""
    if text is None:
        return None
    from contracts.dates import timestamp

    try:
        if not _DATE.fullmatch(text):
            raise ValueError
        return timestamp(text)
    except ValueError:
        fail(f"{option} {text!r} is no date of the calendar, such as 2027-06-30 or 2027-06-30T12:00:00Z")
