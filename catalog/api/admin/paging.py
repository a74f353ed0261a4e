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
    return cut(items[start : start + limit + 1], limit, key)


def cut(found: Sequence[T], limit: int, key: Callable[[T], str]) -> Page[T]:
    """The page of what was read with one more than the limit, which tells whether there is more."""
    shown = tuple(found[:limit])
    return Page(shown, key(shown[-1]) if len(found) > limit else None)
