"""A commit of a Git repository as a tree of documents: `git:REF:path`, read by the `git` that is installed."""

import posixpath
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from contracts.diff.tree import read_text
from contracts.documents.document import MAX_BYTES, Document
from contracts.estate.loading import CONTRACT, ESTATE
from contracts.findings import Finding

PREFIX: Final = "git:"
_SECONDS: Final = 60


class GitFailed(Exception):
    """What `git` cannot give; the message says why."""


@dataclass(frozen=True, slots=True)
class GitTree:
    """The files of one commit. `repository` is the directory that holds it; paths are relative to `root` in it,
    the nearest directory with an estate in it, else the repository's own."""

    repository: Path
    commit: str
    name: str
    root: str
    start: str
    is_file: bool
    files: frozenset[str] = field(repr=False)

    @classmethod
    def of(cls, text: str) -> "GitTree":
        """From `git:REF:path`, the path relative to the working directory. Raises GitFailed."""
        ref, colon, path = text.removeprefix(PREFIX).partition(":")
        if not ref or not colon:
            raise GitFailed(f"{text!r} is not git:REF:path, such as git:main:openapi.yaml")
        if ref.startswith("-"):
            raise GitFailed(f"{ref!r} is no revision of Git")
        if shutil.which("git") is None:
            raise GitFailed("git is not installed")
        here = Path.cwd()
        repository = Path(_git(here, "rev-parse", "--show-toplevel").decode().strip())
        try:
            found = _git(here, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        except GitFailed:
            raise GitFailed(f"{text!r}: the repository at {repository} has no commit {ref!r}") from None
        commit = found.decode().strip()
        inside = here.resolve().relative_to(repository.resolve()).as_posix()
        wanted = posixpath.normpath(posixpath.join(inside, path))
        if wanted == ".." or wanted.startswith(("../", "/")):
            raise GitFailed(f"{path!r} lies outside of the repository")
        wanted = "" if wanted == "." else wanted
        listed = _git(repository, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
        files = frozenset(name for name in listed.decode(errors="replace").split("\0") if name)
        is_file = wanted in files
        if not is_file and not any(name.startswith(f"{wanted}/" if wanted else "") for name in files):
            raise GitFailed(f"{ref} has no {path!r}")
        home = PurePosixPath(posixpath.dirname(wanted) if is_file else wanted)
        homes = ["" if str(each) == "." else str(each) for each in (home, *home.parents)]
        root = next((each for each in homes if posixpath.join(each, ESTATE) in files), "")
        start = posixpath.relpath(wanted or ".", root or ".")
        return cls(repository, commit, f"{PREFIX}{ref}", root, "" if start == "." else start, is_file, files)

    @property
    def folder(self) -> str:
        return f"{self.name}:{self.root}" if self.root else f"{self.name}:"

    def read(self, name: str) -> tuple[Document | None, list[Finding]] | None:
        full = posixpath.normpath(posixpath.join(self.root, name))
        if full not in self.files:
            return None
        size = int(_git(self.repository, "cat-file", "-s", f"{self.commit}:{full}"))
        if size > MAX_BYTES:
            return read_text(b" " * (MAX_BYTES + 1), name)  # too large, which the reader says
        return read_text(_git(self.repository, "cat-file", "blob", f"{self.commit}:{full}"), name)

    def contracts(self) -> Iterator[str]:
        prefix = posixpath.normpath(posixpath.join(self.root, self.start)) if self.root or self.start else ""
        for full in sorted(self.files):
            below = posixpath.relpath(full, prefix or ".")
            parts = below.split("/")
            if parts[0] != ".." and CONTRACT.fullmatch(parts[-1]) and not any(each[0] == "." for each in parts):
                yield posixpath.relpath(full, self.root or ".")


def _git(directory: Path, *arguments: str) -> bytes:
    command: Sequence[str] = ("git", "-C", str(directory), *arguments)
    try:
        done = subprocess.run(
            command, capture_output=True, check=False, timeout=_SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitFailed(f"git cannot be run: {error}") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise GitFailed(f"git {arguments[0]} failed: {said[0] if said else 'it does not say why'}")
    return done.stdout
