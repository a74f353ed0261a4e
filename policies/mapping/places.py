"""Places in a JSON value: JSON pointers (RFC 6901) in which `*` stands for every item of an array.

A place never leads into an array by number: what is mapped is the same in all items. A member that is itself
called `*` cannot be named.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

import msgspec

ITEMS: Final = "*"

PlaceText: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(/([^~/]|~[01])+)+$",
        description="a JSON pointer such as `/body/lines/*/quantity`, in which `*` is every item of an array",
    ),
]


@dataclass(frozen=True, slots=True)
class Place:
    """`base` leads to what the last `*` stands for, and is empty without one; `members` from there on."""

    base: tuple[str, ...]
    members: tuple[str, ...]

    @property
    def tokens(self) -> tuple[str, ...]:
        return self.base + self.members

    def __str__(self) -> str:
        return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in self.tokens)


def parse_place(text: str) -> Place:
    """The place that a `PlaceText` names."""
    tokens = tuple(token.replace("~1", "/").replace("~0", "~") for token in text[1:].split("/"))
    stars = [index for index, token in enumerate(tokens) if token == ITEMS]
    split = stars[-1] + 1 if stars else 0
    return Place(tokens[:split], tokens[split:])


def holders(value: Any, tokens: tuple[str, ...]) -> Iterator[tuple[Any, Any]]:
    """Each place of these tokens that is there: the array or object that holds it, and its index or name in it."""
    first, rest = tokens[0], tokens[1:]
    if first == ITEMS:
        keys: Any = range(len(value)) if isinstance(value, list) else ()
    else:
        keys = (first,) if isinstance(value, dict) and first in value else ()
    for key in keys:
        if rest:
            yield from holders(value[key], rest)
        else:
            yield value, key


def values_at(value: Any, tokens: tuple[str, ...]) -> Iterator[Any]:
    """The values at all places of these tokens; the whole value where there are none."""
    if not tokens:
        yield value
        return
    for holder, key in holders(value, tokens):
        yield holder[key]
