"""Lists as CSV for a spreadsheet (RFC 4180), sent as they are read, page by page."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final

from starlette.responses import Response, StreamingResponse

Pages = Callable[[str | None], Awaitable[Any]]
"""Asks for the page behind a place, as lists of the admin API have it."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


async def as_csv(name: str, columns: Sequence[str], pages: Pages) -> Response:
    """The whole list as a file. The first page is read before anything is sent: a refusal of it is a refusal."""
    first = await pages(None)

    async def lines() -> AsyncIterator[str]:
        found = first
        yield _lines([columns])
        while True:
            yield _lines([cell(each[column]) for column in columns] for each in found["items"])
            if found["next"] is None:
                return
            found = await pages(found["next"])

    headers = {"content-disposition": f'attachment; filename="{name}.csv"', "cache-control": "no-store"}
    return StreamingResponse(lines(), headers=headers, media_type="text/csv")


def cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula (CWE-1236): with an apostrophe before what would be one, also
    behind white space, which some leave out."""
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat()
        case list() | tuple():
            text = " ".join(map(str, value))
        case _:
            text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def _lines(rows: Any) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue()
