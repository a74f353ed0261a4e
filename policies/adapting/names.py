"""What names a version in header fields: told to the other version's upstream by that one's name, and back."""

from collections.abc import Callable
from typing import Final, TypeAlias

from contracts.dates import written
from contracts.operations import VersionChoice
from policies.exchange import Header

Rename: TypeAlias = Callable[[Header], Header]

_MEDIA_FIELDS: Final = frozenset({b"accept", b"content-type"})


def same(header: Header) -> Header:
    """Nothing in it names a version."""
    return header


def renaming(choice: VersionChoice | None, before: str, after: str) -> Rename:
    """Of header fields that name the version `before` so that they name `after`."""
    if choice is None:
        return same
    if choice.by == "media-type":
        old, new = (f"application/vnd.{choice.vendor}.{name}+json".encode("ascii") for name in (before, after))

        def rename_media_type(header: Header) -> Header:
            name, value = header
            return (name, value.replace(old, new)) if name.lower() in _MEDIA_FIELDS and old in value else header

        return rename_media_type
    field = choice.header.lower().encode("ascii")
    dates = dict(choice.released)
    told = after.encode("ascii") if choice.by == "header" else written(dates.get(after, 0)).encode("ascii")

    def rename_version(header: Header) -> Header:
        return (header[0], told) if header[0].lower() == field else header

    return rename_version
