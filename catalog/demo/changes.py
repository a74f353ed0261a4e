"""What an architect finds in the portal of a governed demonstration: a change that is in force, and one that waits
for a decision."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from catalog.demo.tour import TourError, fetch
from catalog.people.issuing import issue_member_token
from catalog.settings import CatalogSettings

_AUTHOR: Final = "jonas"
_FILE: Final = "apis/shipments/v1.openapi.yaml"
_AT_FIRST: Final = "minimum: 1, maximum: 100, default: 20"
_IN_FORCE: Final = "minimum: 1, maximum: 200, default: 20"
_PROPOSED: Final = "minimum: 1, maximum: 10, default: 10"


def propose(catalog_url: str, data: Path, estate: Path) -> None:
    """Pushes longer pages of shipments, which break nobody and are in force at once, and then pages of at most 10
    entries, which break who asks for more. `data` is the catalog's; `estate` becomes what is in force.

    Raises TourError, OSError, SQLAlchemyError.
    """
    path = estate / _FILE
    text = path.read_text(encoding="utf-8")
    if _AT_FIRST not in text:
        return  # it was kept from an earlier demonstration, or somebody has edited it: nothing to propose
    token = asyncio.run(issue_member_token(CatalogSettings(data=data), _AUTHOR, 1, "demonstration")).text
    path.write_text(text.replace(_AT_FIRST, _IN_FORCE), encoding="utf-8")
    files = {
        str(path.relative_to(estate)): path.read_text(encoding="utf-8") for path in sorted(estate.rglob("*.yaml"))
    }
    _push(catalog_url, token, files, "Longer pages, for those who fetch all of a day at night")
    files[_FILE] = files[_FILE].replace(_IN_FORCE, _PROPOSED)
    _push(catalog_url, token, files, "Pages of 200 take the carrier's system down")


def _push(catalog_url: str, token: str, files: Mapping[str, str], message: str) -> None:
    body = {
        "files": {path: {"text": text} for path, text in files.items()},
        "only": ["shipments"],
        "message": message,
        "prune": False,
        "dry_run": False,
    }
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    url = f"{catalog_url}/admin/v1/pushes"
    answer = fetch(url, method="POST", headers=headers, body=json.dumps(body).encode())
    if answer.status not in (200, 201):
        text = answer.body.decode(errors="replace")
        raise TourError(f"a change could not be proposed: {answer.status} {text}")
