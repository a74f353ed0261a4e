"""Changes to header fields and query parameters: renamed, removed and set, in that order.

In a request a field's name counts in whatever spelling an upstream would take for it: one that is set must not be
beside another that the client sent as `X_Channel`.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Annotated, Final
from urllib.parse import quote, unquote_plus

import msgspec

from policies.exchange import Header
from policies.field_names import HOP_BY_HOP, OF_THE_ANSWER, OF_THE_CONTENT, is_forwarded, plain_name
from policies.policy import Fault, PolicyConfig
from policies.validation.violations import escape

FieldName = Annotated[
    str, msgspec.Meta(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", description="the name of a header field")
]
FieldValue = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([!-~]([ -~]*[!-~])?)?$", description="text in visible ASCII, with no space at either end"
    ),
]
ParameterName = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]

_SHARED: Final = HOP_BY_HOP | OF_THE_CONTENT
_OF_A_REQUEST: Final = frozenset({b"accept-encoding", b"range", b"if-range", b"sec-websocket-key"})
_OF_AN_ANSWER: Final = OF_THE_ANSWER | {b"set-cookie", b"via", b"trailer"}
_BEFORE_VALUE: Final = re.compile(rb"[^=]*")


class FieldChanges(PolicyConfig, frozen=True):
    """Changes to header fields."""

    rename: dict[str, FieldName] = msgspec.field(default_factory=dict)
    """New names by the old ones."""
    remove: tuple[FieldName, ...] = ()
    """Names of those that go."""
    set: dict[str, FieldValue] = msgspec.field(default_factory=dict)
    """Values by name; each takes the place of all fields of its name."""


class ParameterChanges(PolicyConfig, frozen=True):
    """Changes to query parameters."""

    rename: dict[str, ParameterName] = msgspec.field(default_factory=dict)
    """New names by the old ones."""
    remove: tuple[ParameterName, ...] = ()
    """Names of those that go."""
    set: dict[str, str] = msgspec.field(default_factory=dict)
    """Values by name; each takes the place of all parameters of its name."""


@lru_cache(maxsize=2_048)
def _known(name: bytes) -> bytes:
    return plain_name(name)


def change_fields(changes: FieldChanges) -> Callable[[list[Header]], list[Header]] | None:
    """What makes the changes to a head's fields; None where there are none."""
    renamed = {plain_name(old.encode()): new.encode() for old, new in changes.rename.items()}
    added = [(name.encode(), value.encode()) for name, value in changes.set.items()]
    gone = frozenset(plain_name(name.encode()) for name in (*changes.remove, *changes.set))
    if not (renamed or gone):
        return None

    def change(headers: list[Header]) -> list[Header]:
        made: list[Header] = []
        for name, value in headers:
            plain = _known(name)
            if plain in renamed:
                name = renamed[plain]
                plain = _known(name)
            if plain not in gone:
                made.append((name, value))
        made += added
        return made

    return change


def change_query(changes: ParameterChanges) -> Callable[[bytes], bytes] | None:
    """What makes the changes to a raw query; None where there are none. What stays is written as it came."""
    renamed = {old: quote(new, safe="").encode() for old, new in changes.rename.items()}
    written = {quote(new, safe="").encode(): new for new in changes.rename.values()}
    added = [f"{quote(name, safe='')}={quote(value, safe='')}".encode() for name, value in changes.set.items()]
    gone = frozenset((*changes.remove, *changes.set))
    if not (renamed or gone):
        return None

    def change(query: bytes) -> bytes:
        made: list[bytes] = []
        for pair in query.split(b"&") if query else ():
            found = _BEFORE_VALUE.match(pair)
            assert found is not None
            name = unquote_plus(found[0].decode("latin-1"))
            if name in renamed:
                pair = renamed[name] + pair[found.end() :]
                name = written[renamed[name]]
            if name not in gone:
                made.append(pair)
        return b"&".join(made + added)

    return change


def faults_of_fields(changes: FieldChanges, pointer: str, *, answer: bool) -> Iterator[Fault]:
    """Names that are the gateway's own business: credentials, framing, identity, what was forwarded, traces."""
    named = [(f"/rename/{escape(old)}", name) for old, new in changes.rename.items() for name in (old, new)]
    named += [(f"/remove/{index}", name) for index, name in enumerate(changes.remove)]
    named += [(f"/set/{escape(name)}", name) for name in changes.set]
    for below, name in named:
        if not name.isascii() or plain_name(name.encode()) in (b"", b"-"):
            yield Fault(f"{pointer}{below}", f"{name!r} is not the name of a header field")
        elif _is_reserved(plain_name(name.encode()), answer=answer):
            yield Fault(f"{pointer}{below}", f"the header field {name!r} is the gateway's own, and is not changed")


def _is_reserved(plain: bytes, *, answer: bool) -> bool:
    if plain in _SHARED:
        return True
    if answer:
        return plain in _OF_AN_ANSWER
    return plain in _OF_A_REQUEST or not is_forwarded(plain)
