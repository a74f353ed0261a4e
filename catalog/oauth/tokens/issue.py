"""What is to be issued: a grant's decision, before it is a token."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.oauth.wire.errors import InvalidScope


@dataclass(frozen=True, slots=True)
class Issue:
    """An access token: about whom (`sub`), for what and for whom. `claims` are further ones of it, and `members`
    further ones of the response (a refresh token, say). It ends at the latest at `until` (Unix seconds)."""

    subject: str
    scopes: tuple[str, ...]
    audiences: tuple[str, ...]
    claims: Mapping[str, Any] = field(default_factory=dict)
    members: Mapping[str, Any] = field(default_factory=dict, repr=False)
    until: int | None = None


def scopes_asked(asked: str | None, granted: tuple[str, ...]) -> tuple[str, ...]:
    """RFC 6749 §3.3: all that was granted where nothing is asked; else what is asked, if all of it is granted.

    Raises InvalidScope where it is not: a token with less than was asked for would fail later and further from its
    cause.
    """
    if asked is None:
        return granted
    wanted = set(asked.split(" "))
    if not wanted <= set(granted):
        raise InvalidScope()
    return tuple(sorted(wanted))
