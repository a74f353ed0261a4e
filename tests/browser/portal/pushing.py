"""An owner who pushes: a text in the place of another, in what is in force, as `ostiary push` does it."""

import json
import re
from typing import Any, Final

from tests.browser.portal.stage import Stage

AUTHOR: Final = "jonas"
"""Owns shipments, and pushes changes of it. Nobody prints a log-in of his: `Stage.let_in` makes him one."""

UNIT: Final = "shipments"
API_FILE: Final = "apis/shipments/api.yaml"
CONTRACT: Final = "apis/shipments/v1.openapi.yaml"


async def pushed(stage: Stage, file: str, before: str, after: str, why: str) -> int:
    """The number of the change that waits then; `before` is a regular expression that fits once."""
    files = await in_force(stage)
    files[file], made = re.subn(before, after, files[file])
    assert made == 1
    body: dict[str, Any] = {
        "files": {path: {"text": text} for path, text in files.items()},
        "only": [UNIT],
        "message": why,
        "prune": False,
        "dry_run": False,
    }
    answer = await stage.admin(AUTHOR, "/pushes", body)
    assert answer.status in (200, 201), answer.body
    [unit] = [each for each in json.loads(answer.body)["units"] if each["change"]]
    # One that still waits from the demonstration's beginning is replaced by this one.
    assert unit["outcome"] in ("proposed", "replaced"), unit
    return int(unit["change"])


async def in_force(stage: Stage) -> dict[str, str]:
    """The demonstration's estate, with the files of shipments that are in force."""
    estate = stage.root / "estate"
    files = {
        str(path.relative_to(estate)): path.read_text(encoding="utf-8") for path in sorted(estate.rglob("*.yaml"))
    }
    revision = await revision_in_force(stage)
    made = json.loads((await stage.admin(AUTHOR, f"/revisions/{revision}")).body)
    for path in (each["path"] for each in made["files"]):
        files[path] = (await stage.admin(AUTHOR, f"/revisions/{revision}/file?path={path}")).body.decode()
    return files


async def revision_in_force(stage: Stage) -> str:
    """Of shipments."""
    return str(json.loads((await stage.admin(AUTHOR, f"/units/{UNIT}")).body)["revision"])
