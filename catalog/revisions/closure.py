"""Which files each unit of an estate on disk is made of, with their bytes."""

from pathlib import Path

from catalog.revisions.units import ESTATE_FILES, ESTATE_UNIT
from contracts.estate.estate import Estate
from contracts.lint.ruleset.loading import ruleset_files


def units_of(estate: Estate) -> dict[str, dict[str, bytes]]:
    """The files of each unit by path: of an API those that it was compiled from, with the very bytes; of the
    estate its own files, the lint rulesets and the ignore file that `ostiary.yaml` names.

    Raises OSError where one of the latter cannot be read.
    """
    units = {name: {file: estate.texts[file] for file in files} for name, files in estate.files.items()}
    return {ESTATE_UNIT: own_files(estate), **units}


def own_files(estate: Estate) -> dict[str, bytes]:
    """The files of the unit `estate`. Raises OSError."""
    own = {file: estate.texts[file] for file in ESTATE_FILES}
    for path in _lint_files(estate):
        if path.is_relative_to(estate.root.resolve()):
            own[path.relative_to(estate.root.resolve()).as_posix()] = path.read_bytes()
    return own


def _lint_files(estate: Estate) -> list[Path]:
    setting = estate.file.lint
    if setting is None:
        return []
    files = ruleset_files(setting.rulesets, estate.root)
    if setting.ignore_file is not None:
        ignore = (estate.root / setting.ignore_file).resolve()
        files += [ignore] if ignore.is_file() else []
    return files
