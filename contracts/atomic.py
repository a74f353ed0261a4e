"""Several files written as one: all of them appear, whole, or none does."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

STAGE_PREFIX = ".ostiary-new-"


def write_files(root: Path, files: Mapping[str, str]) -> None:
    """Writes `files` (relative path → text) below `root`, which is made if it is missing.

    Everything is first written beside its destination; a failure (no space, no permission) until then leaves
    nothing behind. Each file is then moved into place by one rename. Raises OSError; if a rename fails, those
    done before are undone where they made a new file.
    """
    existing = root
    while not existing.exists():
        existing = existing.parent
    # On the same file system as the destination, so that a rename is one.
    stage = Path(tempfile.mkdtemp(prefix=STAGE_PREFIX, dir=existing))
    try:
        for name, text in files.items():
            staged = stage / name
            staged.parent.mkdir(parents=True, exist_ok=True)
            staged.write_text(text, encoding="utf-8")
        _move(stage, root, list(files))
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _move(stage: Path, root: Path, names: list[str]) -> None:
    made: list[Path] = []
    try:
        for name in names:
            target = root / name
            for folder in reversed([each for each in target.parents if not each.exists()]):
                folder.mkdir()
                made.append(folder)
            new = not target.exists()
            (stage / name).replace(target)
            if new:
                made.append(target)
    except OSError:
        for path in reversed(made):
            path.rmdir() if path.is_dir() else path.unlink()
        raise
