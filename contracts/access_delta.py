"""What turns one access part into the next: a few lines of a large text, in place of all of it.

A part has a line for each application (see `contracts.snapshot`). A delta names the part that it is made for and
replaces whole lines of it by others. It is not signed itself: what comes of it has to have the digest that the
signed manifest names, or it is thrown away and the part is fetched whole.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final, TypeVar

import msgspec

from contracts.snapshot import APPLICATIONS, AccessChange, AccessPart, Application, Data, SnapshotError

MOST_LINES: Final = 2_000
"""Of which a delta is made; where more has changed the part is as well read whole, in small steps."""

Place = Annotated[int, msgspec.Meta(ge=0)]


class Edit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """Bytes of the base, from the start of a line to the end of one with its line feed, and what stands there
    then."""

    start: Place
    end: Place
    text: str


class AccessDelta(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`base` is the digest of the part that it is for; the edits are in the order of their places."""

    base: str
    edits: tuple[Edit, ...]


T = TypeVar("T")


class _Id(msgspec.Struct):
    client_id: str


_decoder = msgspec.json.Decoder(AccessDelta)
_FRAME: Final = b"]"


def encode(delta: AccessDelta) -> bytes:
    return msgspec.json.encode(delta)


def decode(data: Data) -> AccessDelta:
    """Raises SnapshotError."""
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise SnapshotError(f"the delta does not decode: {error}") from None


def delta_of(base: str, old: Sequence[bytes], new: Sequence[bytes]) -> AccessDelta | None:
    """From the lines of one part to those of another; None where more than `MOST_LINES` differ.

    Lines are unique, for each application has one. What is equal at the place where both have arrived is passed
    over; else it is looked for where the next equal line is, which finds the fewest edits as long as the order
    is the same.
    """
    edits: list[Edit] = []
    lines, offset, known = 0, 0, 0
    for old_start, old_end, new_start, new_end in _differences(old, new):
        lines += old_end - old_start + new_end - new_start
        if lines > MOST_LINES:
            return None
        offset += sum(len(line) + 1 for line in old[known:old_start])
        length = sum(len(line) + 1 for line in old[old_start:old_end]) - (old_end == len(old))
        text = b"".join(line + b"\n" for line in new[new_start:new_end])
        if new_end == len(new):
            text = text.removesuffix(b"\n")
        edits.append(Edit(offset, offset + length, text.decode()))
        offset, known = offset + length, old_end
    return AccessDelta(base, tuple(edits))


def _differences(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[tuple[int, int, int, int]]:
    """Stretches of lines that differ: from where to where in the old part, and in the new one."""
    at_old = {line: index for index, line in enumerate(old)}
    at_new = {line: index for index, line in enumerate(new)}
    one = other = 0
    while one < len(old) or other < len(new):
        if one < len(old) and other < len(new) and old[one] == new[other]:
            one, other = one + 1, other + 1
            continue
        start, beside = one, other
        while (one < len(old) or other < len(new)) and not (
            one < len(old) and other < len(new) and old[one] == new[other]
        ):
            further = at_old.get(new[other], -1) if other < len(new) else len(old)
            beyond = at_new.get(old[one], -1) if one < len(old) else len(new)
            if further > one:
                one = further
            elif beyond > other:
                other = beyond
            else:
                one, other = min(one + 1, len(old)), min(other + 1, len(new))
        yield start, one, beside, other


def apply(base: Data, delta: AccessDelta) -> Iterator[memoryview | bytes]:
    """The new part, piece by piece. Raises SnapshotError where an edit is not of whole lines of this base."""
    view, done = memoryview(base), 0
    for edit in delta.edits:
        _check(base, edit, done)
        yield view[done : edit.start]
        yield edit.text.encode()
        done = edit.end
    yield view[done:]


def read_change(base: Data, made: Data, delta: AccessDelta) -> AccessChange:
    """What the delta does to the applications, once `made` was proved to be the part. Raises SnapshotError.

    As edits are of whole lines, what they do not touch is the same before and after.
    """
    before = {_id(line) for edit in delta.edits for line in _applications(bytes(base[edit.start : edit.end]))}
    changed = tuple(
        _decode(line, Application) for edit in delta.edits for line in _applications(edit.text.encode())
    )
    first, last = made.find(b"\n"), made.rfind(b"\n")
    frame = bytes(made[: first + 1]) + bytes(made[last + 1 :])
    return AccessChange(
        delta.base,
        _decode(frame, AccessPart),
        changed,
        frozenset(before - {each.client_id for each in changed}),
    )


def _check(base: Data, edit: Edit, done: int) -> None:
    whole = (
        done <= edit.start <= edit.end <= len(base)
        and (edit.start == 0 or base[edit.start - 1] == 0x0A)
        and (edit.end == len(base) or edit.end == edit.start or base[edit.end - 1] == 0x0A)
        and (edit.end == len(base) or not edit.text or edit.text.endswith("\n"))
    )
    if not whole:
        raise SnapshotError("the delta does not fit the part that it is for")


def _applications(text: bytes) -> Iterator[bytes]:
    """The lines that are applications, without the comma that parts them from the next."""
    for line in text.split(b"\n"):
        if line and not line.startswith(_FRAME) and not line.endswith(APPLICATIONS):
            yield line.removesuffix(b",")


def _id(line: bytes) -> str:
    return _decode(line, _Id).client_id


def _decode(line: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(line, type=kind)
    except msgspec.DecodeError as error:
        raise SnapshotError(f"a line of the delta does not decode: {error}") from None
