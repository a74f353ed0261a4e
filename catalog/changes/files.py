"""Which files a change adds, takes away or alters, and how: as lines, bounded."""

import difflib
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final, Literal

import msgspec

_MAX_LINES: Final = 400
"""Lines of the diff of one file that are shown."""
_MAX_TEXT: Final = 200_000
"""Bytes of a file beyond which no diff of lines is made: the comparison grows with the product of the lengths."""


class FileChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file. `diff` is a unified diff without its head; `cut` says that more was left out."""

    path: str
    action: Literal["added", "removed", "changed"]
    diff: tuple[str, ...] = ()
    cut: bool = False


def file_changes(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[FileChange, ...]:
    """Every file that differs, by path."""
    return tuple(
        _change(path, before.get(path), after.get(path))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    )


def _change(path: str, before: bytes | None, after: bytes | None) -> FileChange:
    if before is None:
        return FileChange(path, "added")
    if after is None:
        return FileChange(path, "removed")
    if max(len(before), len(after)) > _MAX_TEXT:
        return FileChange(path, "changed", cut=True)
    lines = tuple(islice(_diff(before, after), _MAX_LINES + 1))
    return FileChange(path, "changed", lines[:_MAX_LINES], len(lines) > _MAX_LINES)


def _diff(before: bytes, after: bytes) -> Iterator[str]:
    old, new = (each.decode("utf-8", "replace").splitlines() for each in (before, after))
    return islice(difflib.unified_diff(old, new, n=2, lineterm=""), 2, None)
