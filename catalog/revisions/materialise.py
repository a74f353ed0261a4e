"""Revisions as directories, for the compiler, the linter and the comparison, which all read files.

Each unit gets a directory of its own, laid out as an estate is. Paths are checked once more before they become
names of files: what is in the database may not be what was put there.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from catalog.revisions.revision import BadRevision
from catalog.revisions.store import Files
from catalog.revisions.units import (
    ESTATE_UNIT,
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_REVISION_BYTES,
    check_path,
)

_PREFIX: Final = "ostiary-revisions-"


@dataclass(frozen=True, slots=True)
class Workspace:
    """Directories of units: that of the estate's own files, and those of its APIs by name."""

    root: Path
    api_roots: Mapping[str, Path]


@contextmanager
def materialised(units: Mapping[str, Files]) -> Iterator[Workspace]:
    """Directories with the files of these units, for as long as the context lasts.

    Raises BadRevision, BadPath for what no revision may hold, and OSError.
    """
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        folder = Path(name)
        for unit, files in units.items():
            write_tree(folder / unit, files)
        roots = {unit: folder / unit for unit in units if unit != ESTATE_UNIT}
        yield Workspace(folder / ESTATE_UNIT, roots)


@contextmanager
def estate_tree(*units: Files) -> Iterator[Path]:
    """One directory with the files of several units; of a path that two of them have, the first one's."""
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
        folder = Path(name) / "tree"
        together: dict[str, bytes] = {}
        for files in reversed(units):
            together.update(files)
        write_tree(folder, together, of_several=len(units))
        yield folder


def write_tree(folder: Path, files: Files, *, of_several: int = 1) -> None:
    """Writes files below a directory that is made. Raises BadRevision, BadPath, OSError."""
    if len(files) > MAX_FILES * of_several:
        raise BadRevision(f"there are {len(files)} files; {MAX_FILES * of_several} are allowed")
    if sum(map(len, files.values())) > MAX_REVISION_BYTES * of_several:
        raise BadRevision("the files together are too large")
    for path, data in files.items():
        check_path(path)
        if len(data) > MAX_FILE_BYTES:
            raise BadRevision(f"{path!r} has more than {MAX_FILE_BYTES} bytes")
    folder.mkdir()
    for path, data in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as stream:
            stream.write(data)
