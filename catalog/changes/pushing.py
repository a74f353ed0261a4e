"""From the files of a push to the units that it proposes: laid over what is in force, compiled, and cut by what
each unit really refers to.

A push that has the `api.yaml` of an API has the API as a whole: a contract that is not there is gone. Of an API
that it does not have nothing changes. Files that several units share count for the APIs of the push alone.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from catalog.changes.claims import claims_on
from catalog.estates import load_estate
from catalog.publishing.compilation import NONE_HELD, Held
from catalog.revisions.closure import own_files
from catalog.revisions.materialise import write_tree
from catalog.revisions.revision import BadRevision
from catalog.revisions.store import Files
from catalog.revisions.units import (
    ESTATE_FILES,
    ESTATE_UNIT,
    MAX_FILE_BYTES,
    BadPath,
    api_file,
    check_path,
    own_unit,
)
from contracts.findings import Finding, Place, has_errors

MAX_FILES: Final = 5_000
"""Files of one push."""
MAX_BYTES: Final = 64 * 1024 * 1024
"""Bytes of all files of one push together."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push proposes: the files of each unit that it has, None for one that it takes away. With an error
    among the findings it is nothing. `unused` are files of it that no unit refers to."""

    units: Mapping[str, Files | None] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    unused: tuple[str, ...] = ()


def faults_of(files: Files) -> list[tuple[str, str]]:
    """Files that cannot be part of any revision, each with the reason; before anything is done with them."""
    faults = []
    if len(files) > MAX_FILES:
        faults.append(("", f"a push has at most {MAX_FILES} files, and not {len(files)}"))
    if sum(map(len, files.values())) > MAX_BYTES:
        faults.append(("", f"a push has at most {MAX_BYTES} bytes"))
    for path, data in files.items():
        try:
            check_path(path)
        except BadPath as error:
            faults.append((path, str(error)))
        if len(data) > MAX_FILE_BYTES:
            faults.append((path, f"a file has at most {MAX_FILE_BYTES} bytes"))
    return faults


def compile_push(
    files: Files,
    in_force: Mapping[str, Files],
    *,
    only: Sequence[str] | None = None,
    prune: bool = False,
    held: Held = NONE_HELD,
) -> Pushed:
    """Compiles what a push changes, with everything else that is in force around it. With `only` it counts for
    those units alone; with `prune` APIs in force that it does not have are taken away. `held` is what all in force
    were compiled to, also where their files are not to be had. Takes CPU time: it belongs in a thread.

    Raises OSError. The paths of `files` have been checked.
    """
    apis = {own_unit(path) for path in files} - {ESTATE_UNIT}
    estate = any(path in files for path in ESTATE_FILES)
    if only is not None:
        apis &= set(only)
        estate = estate and ESTATE_UNIT in only
    incomplete = [api for api in sorted(apis) if api_file(api) not in files]
    if incomplete:
        return Pushed(findings=tuple(map(_incomplete, incomplete)))
    removed = set(in_force) - apis - {ESTATE_UNIT} if prune else set()
    shared = {path: data for path, data in files.items() if own_unit(path) == ESTATE_UNIT}
    candidates = {api: _candidate(api, files, shared, in_force) for api in apis}
    present = {*apis, *in_force, *held} - {ESTATE_UNIT} - removed
    # What stays as it is was compiled already; unless the estate's own files change, which are in everything.
    rebuilt = estate and any(shared.get(path, data) != data for path, data in in_force[ESTATE_UNIT].items())
    moved = {api for api in apis if rebuilt or _differs(api, candidates[api], in_force.get(api))}
    if rebuilt:
        moved |= present & in_force.keys()
    folders = {api: candidates.get(api, in_force.get(api, {})) for api in sorted(moved)}
    folders[ESTATE_UNIT] = {**in_force[ESTATE_UNIT], **(shared if estate else {})}
    with tempfile.TemporaryDirectory(prefix="ostiary-push-") as name:
        try:
            for unit, content in folders.items():
                write_tree(Path(name) / unit, content, of_several=1 + MAX_FILES // 500)
        except (BadRevision, BadPath) as error:
            return Pushed(findings=(Finding(Place("."), "invalid-value", str(error)),))
        roots = {unit: Path(name) / unit for unit in folders if unit != ESTATE_UNIT}
        around = {api: held.get(api, ()) for api in present - moved}
        loaded, findings = load_estate(Path(name) / ESTATE_UNIT, api_roots=roots, held=around)
        findings += [] if loaded is None else claims_on(loaded.versions, folders)
        if loaded is None or has_errors(findings):
            return Pushed(findings=tuple(each for each in findings if each.severity == "error"))
        units: dict[str, Files | None] = dict.fromkeys(sorted(removed))
        for api in sorted(apis):
            units[api] = in_force[api] if api not in moved else _cut(folders[api], loaded.files[api])
        if estate:
            units[ESTATE_UNIT] = own_files(loaded)
    used = {path for content in units.values() if content is not None for path in content}
    counted = shared.keys() | {path for path in files if own_unit(path) in apis}
    return Pushed(units, (), tuple(sorted(counted - used if only is None else [])))


def _candidate(api: str, files: Files, shared: Files, in_force: Mapping[str, Files]) -> Files:
    """Everything that an API of the push may refer to."""
    before = {path: data for path, data in in_force.get(api, {}).items() if own_unit(path) != api}
    own = {path: data for path, data in files.items() if own_unit(path) == api}
    return {**before, **shared, **own}


def _differs(api: str, candidate: Files, before: Files | None) -> bool:
    """Whether the API is another than in force: in its own files, or in those that they refer to."""
    if before is None:
        return True
    own = {path for path in candidate if own_unit(path) == api}
    return own != {path for path in before if own_unit(path) == api} or any(
        candidate[path] != data for path, data in before.items()
    )


def _cut(content: Files, used: Iterable[str]) -> Files:
    return {path: content[path] for path in sorted(used)}


def _incomplete(api: str) -> Finding:
    path = api_file(api)
    message = f"the push has files of API {api!r} and not its {path}: an API is pushed as a whole"
    return Finding(Place(path), "file-missing", message)
