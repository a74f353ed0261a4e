"""Where documents lie: a directory, or anything else that can be read by relative path (a commit, say)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from contracts.documents.document import MAX_BYTES, Document, parse
from contracts.documents.quick_reader import load_quickly, parse_quickly
from contracts.estate.loading import CONTRACT, ESTATE
from contracts.findings import Finding

_ROOTS: Final = (ESTATE, ".git")


class Tree(Protocol):
    """Files by path with slashes, relative to a root that no reference may lead out of. `start` is the file or
    directory that is compared, `folder` what is put before a path to show it."""

    @property
    def start(self) -> str: ...

    @property
    def folder(self) -> str: ...

    def read(self, name: str) -> tuple[Document | None, list[Finding]] | None:
        """A file, and what is wrong with its text; None if there is none."""

    def contracts(self) -> Iterator[str]:
        """Every contract (`<version>.openapi.yaml` and its like) below `start`, sorted."""


@dataclass(frozen=True, slots=True)
class FolderTree:
    """Files below a directory of this machine. Links that lead out of it are not followed."""

    root: Path
    start: str
    folder: str

    @classmethod
    def of(cls, path: Path) -> "FolderTree":
        """The tree in which a file or directory lies: its root is the nearest directory at or above it with an
        estate or a repository in it, else the directory itself."""
        absolute = path.resolve()
        home = absolute if absolute.is_dir() else absolute.parent
        root = next(
            (each for each in (home, *home.parents) if any((each / name).exists() for name in _ROOTS)), home
        )
        start = absolute.relative_to(root).as_posix()
        # The path as it was given, as many steps up as lead to the root.
        shown = path if absolute.is_dir() else path.parent
        for _ in home.relative_to(root).parts:
            shown = shown.parent if shown.name not in ("", "..") else shown / ".."
        return cls(root, "" if start == "." else start, shown.as_posix())

    def read(self, name: str) -> tuple[Document | None, list[Finding]] | None:
        path = (self.root / name).resolve()
        if not path.is_relative_to(self.root) or not path.is_file():
            return None
        return load_quickly(path, name)

    def contracts(self) -> Iterator[str]:
        start = self.root / self.start
        for path in sorted(start.rglob("*")):
            inside = path.relative_to(start).parts
            if CONTRACT.fullmatch(path.name) and path.is_file() and not any(each[0] == "." for each in inside):
                yield path.relative_to(self.root).as_posix()


def read_text(data: bytes, name: str) -> tuple[Document | None, list[Finding]]:
    """A file's bytes as a document."""
    try:
        text = data.decode("utf-8-sig") if len(data) <= MAX_BYTES else ""
    except UnicodeDecodeError:
        text = ""
    return parse_quickly(text, name) if text else parse(data, name)
