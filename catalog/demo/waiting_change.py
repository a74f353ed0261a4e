"""A change that waits for a decision: what an architect finds in the portal of a governed demonstration."""

import asyncio
import json
from pathlib import Path
from typing import Final

from catalog.demo.tour import TourError, fetch
from catalog.people.issuing import issue_member_token
from catalog.settings import CatalogSettings

_AUTHOR: Final = "jonas"
_FILE: Final = "apis/shipments/v1.openapi.yaml"
_BEFORE: Final = "minimum: 1, maximum: 100, default: 20"
_AFTER: Final = "minimum: 1, maximum: 10, default: 10"
_MESSAGE: Final = "Pages of 100 take the carrier's system down"


def propose(catalog_url: str, data: Path, estate: Path) -> None:
    """Pushes a shipments API whose pages have at most 10 entries, which breaks who asks for more. `data` is the
    catalog's; `estate` stays as it is. Raises TourError, OSError, SQLAlchemyError."""
    files = {
        str(path.relative_to(estate)): path.read_text(encoding="utf-8") for path in sorted(estate.rglob("*.yaml"))
    }
    changed = files[_FILE].replace(_BEFORE, _AFTER)
    if changed == files[_FILE]:
        return  # somebody has edited it: nothing to propose
    files[_FILE] = changed
    token = asyncio.run(issue_member_token(CatalogSettings(data=data), _AUTHOR, 1, "demonstration")).text
    body = {
        "files": {path: {"text": text} for path, text in files.items()},
        "only": ["shipments"],
        "message": _MESSAGE,
        "prune": False,
        "dry_run": False,
    }
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    url = f"{catalog_url}/admin/v1/pushes"
    answer = fetch(url, method="POST", headers=headers, body=json.dumps(body).encode())
    if answer.status not in (200, 201):
        text = answer.body.decode(errors="replace")
        raise TourError(f"the change could not be proposed: {answer.status} {text}")
