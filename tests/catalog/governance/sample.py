"""The demonstration's estate, with what a test changes in it."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from contracts.estate.estate import Estate, load_estate
from contracts.estate_files import ApiFile, ConsumersFile, TeamsFile

NOW = 1_795_000_000
"""2026-11-18."""
_ROOT = Path(__file__).parents[3] / "catalog" / "demo" / "estate"


@cache
def sample() -> Estate:
    estate, findings = load_estate(_ROOT)
    assert estate is not None, findings
    return estate


def changed(
    *,
    apis: dict[str, dict[str, Any]] | None = None,
    consumers: ConsumersFile | None = None,
    teams: TeamsFile | None = None,
) -> Estate:
    """The estate with other keys of some of its APIs, other consumers or other teams."""
    base = sample()
    files: dict[str, ApiFile] = dict(base.apis)
    for name, keys in (apis or {}).items():
        files[name] = msgspec.structs.replace(files[name], **keys)
    return Estate(
        base.root,
        base.file,
        teams or base.teams,
        consumers or base.consumers,
        files,
        base.versions,
        base.files,
        base.texts,
    )
