"""What a write has changed is not given again (RFC 9111 §4.4)."""

from urllib.parse import urlsplit

from policies.answer import Answer, Wish
from policies.caching.labels import path_label
from policies.caching.memory import AnswerCache
from policies.exchange import Exchange


class Dropping:
    """Drops, once a write was answered well, what is kept of its path, of those that the answer names, and of the
    write's own tags."""

    __slots__ = ("_cache", "_tags")

    def __init__(self, tags: frozenset[str], cache: AnswerCache) -> None:
        self._tags = tags
        self._cache = cache

    def head(self, exchange: Exchange, answer: Answer, /) -> Wish:
        if 200 <= answer.status < 400:
            paths = {exchange.path}
            host = exchange.fields.get(b"host", b"").lower()
            for name in (b"location", b"content-location"):
                paths |= _own_path(answer.field(name), host)
            self._cache.drop({*self._tags, *map(path_label, paths)})
        return Wish.PASS

    def body(self, exchange: Exchange, answer: Answer, /) -> None:
        """Never wished for."""


def _own_path(url: bytes | None, host: bytes) -> set[str]:
    """The path of a URL of this origin. Of another's nothing is dropped: it could have anything dropped."""
    try:
        parts = urlsplit((url or b"").decode("ascii"))
    except ValueError:
        return set()
    return {parts.path} if parts.path.startswith("/") and parts.netloc.lower().encode() in (b"", host) else set()
