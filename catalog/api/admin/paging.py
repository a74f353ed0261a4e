"""Pages of a list: at most `limit` items, from behind the one whose key is `after`."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec

from catalog.api.admin.context import AdminRequest

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page. `next` is the `after` of the page that follows, None on the last."""

    items: tuple[T, ...]
    next: str | None


DEFAULT_LIMIT = 100


def page(request: AdminRequest, items: Sequence[T], key: Callable[[T], str]) -> Page[T]:
    """The page that the request asks for by its parameters `limit` and `after`.

    `key` gives what is unique in an item. Where the item behind which the page begins is gone, there is nothing to
    go on from, and the page is empty.
    """
    after: str | None = request.query.get("after")
    start = 0
    if after is not None:
        start = next((number + 1 for number, item in enumerate(items) if key(item) == after), len(items))
    limit: int = request.query.get("limit", DEFAULT_LIMIT)
    shown = tuple(items[start : start + limit])
    more = start + limit < len(items)
    return Page(shown, key(shown[-1]) if more and shown else None)
