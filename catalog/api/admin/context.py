"""What a handler gets: who asks, and what they ask, decoded and held against the contract already."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from catalog.people.principal import Principal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AdminRequest:
    """One request. `path`, `query` and `header` are the contract's parameters by name, with their values as the
    contract types them (header names as the contract spells them); `body` is the JSON body's value."""

    principal: Principal
    request_id: str
    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    header: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None

    def body_as(self, kind: type[T]) -> T:
        """The body as a typed value. Raises msgspec.ValidationError where type and contract differ: our fault."""
        return msgspec.convert(self.body, kind)

    @property
    def if_match(self) -> str | None:
        """The entity tag of `If-Match` without its quotes (RFC 9110 §13.1.1), where the request has one."""
        value: str | None = self.header.get("If-Match")
        return None if value is None else value.removeprefix("W/").strip('"')
