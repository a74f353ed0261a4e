"""A revision: one state of a unit, named by its content.

Its name is the SHA-256 of its listing, which is canonical JSON: the unit, and each file's path and digest in the
order of the paths. So the same files always are the same revision, whoever pushes them and when.
"""

from collections.abc import Mapping
from typing import Self

import msgspec

from catalog.revisions.units import (
    ESTATE_FILES,
    ESTATE_UNIT,
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_REVISION_BYTES,
    api_file,
    check_path,
    is_unit,
)
from contracts.snapshot import digest_of

_encoder = msgspec.json.Encoder(order="deterministic")


class BadRevision(ValueError):
    """Files that cannot be a revision of the unit; the message says why."""


class Revision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`files` are (path, digest), sorted by path."""

    unit: str
    files: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, unit: str, files: Mapping[str, bytes]) -> Self:
        """The revision that these files are. Raises BadRevision, BadPath for a path that none may have."""
        if not is_unit(unit):
            raise BadRevision(f"no unit can be called {unit!r}")
        needed = ESTATE_FILES if unit == ESTATE_UNIT else (api_file(unit),)
        for path in needed:
            if path not in files:
                raise BadRevision(f"{path!r} is missing of unit {unit!r}")
        if len(files) > MAX_FILES:
            raise BadRevision(f"unit {unit!r} has {len(files)} files; {MAX_FILES} are allowed")
        if sum(map(len, files.values())) > MAX_REVISION_BYTES:
            raise BadRevision(f"unit {unit!r} has more than {MAX_REVISION_BYTES} bytes")
        for path, data in files.items():
            check_path(path)
            if len(data) > MAX_FILE_BYTES:
                raise BadRevision(f"{path!r} has more than {MAX_FILE_BYTES} bytes")
        return cls(unit, tuple((path, digest_of(files[path])) for path in sorted(files)))

    @classmethod
    def read(cls, listing: bytes) -> Self:
        """The inverse of `listing`. Raises msgspec.DecodeError."""
        return msgspec.json.decode(listing, type=cls)

    @property
    def listing(self) -> bytes:
        """What its digest is of."""
        return _encoder.encode(self)

    @property
    def digest(self) -> str:
        """Its name: `sha256:` and hex."""
        return digest_of(self.listing)
