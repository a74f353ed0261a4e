"""Several files written as one: all of them appear, whole, or none does."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

_STAGE_PREFIX = ".ostiary-new-"


def write_files(root: Path, files: Mapping[str, str]) -> None:
    """Writes `files` (relative path → text) below `root`, which is made if it is missing.

    Everything is first written beside its destination, so that a failure until then (no space, no permission)
    leaves nothing behind. Then each file takes its place by one rename, in the order of `files`; a directory
    that is new takes its place whole, with all that is in it. Raises OSError; what had been put in place as new
    is then taken away again.
    """
    existing = root.absolute()
    while not existing.exists():
        existing = existing.parent
    # On the destination's file system, or a rename would not be one.
    stage = Path(tempfile.mkdtemp(prefix=_STAGE_PREFIX, dir=existing))
    try:
        new = stage / "new"
        for name, text in files.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_text(text, encoding="utf-8")
        _put(new, root, list(files))
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _put(stage: Path, root: Path, names: list[str]) -> None:
    made: list[Path] = []
    try:
        if not root.exists():
            root.parent.mkdir(parents=True, exist_ok=True)
            stage.rename(root)
            return
        for name in names:
            if not (stage / name).exists():
                continue  # it came with its directory
            relative = _first_missing(root, Path(name))
            target, is_new = root / relative, not (root / relative).exists()
            (stage / relative).replace(target)
            if is_new:
                made.append(target)
    except OSError:
        for path in made:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise


def _first_missing(root: Path, name: Path) -> Path:
    """The highest directory of `name` that is not there yet, or `name` itself."""
    folders = [each for each in reversed(name.parents) if each != Path()]
    return next((each for each in folders if not (root / each).exists()), name)
