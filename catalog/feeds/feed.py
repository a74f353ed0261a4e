"""A member's feed: of what is new about an API, or for a consumer. No I/O."""

from typing import Literal, TypeAlias

import msgspec

FeedKind: TypeAlias = Literal["api", "consumer"]


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """One feed. Times are Unix seconds. Its token is known to nobody but who made it; with `mail` what is new also
    comes to the member by e-mail."""

    key_id: str
    member: str
    kind: FeedKind
    name: str
    mail: bool
    created_at: int
    ended_at: int | None = None


class Entry(msgspec.Struct, frozen=True):
    """Something new. `id` is unique among all that there is; `at` in Unix seconds; `path` is the portal's page
    about it, below the catalog's own address."""

    id: str
    at: int
    title: str
    text: str
    path: str
