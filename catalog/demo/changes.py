"""What an architect finds in the portal of a governed demonstration: a change that is in force, and one that waits
for a decision."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

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
    entries, which break who asks for more; that they may pass is asked for. `data` is the catalog's; `estate`
    becomes what is in force.

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
    made = _push(catalog_url, token, files, "Pages of 200 take the carrier's system down")
    [unit] = [each for each in made["units"] if each["outcome"] == "proposed"]
    _ask_waivers(catalog_url, token, unit["change"])


def _ask_waivers(catalog_url: str, token: str, change: int) -> None:
    view = _call(catalog_url, token, f"/changes/{change}")
    expires = (datetime.now(UTC) + timedelta(days=90)).date().isoformat()
    for fingerprint in [each for condition in view["conditions"] for each in condition.get("needs", ())]:
        body = {
            "unit": "shipments",
            "fingerprint": fingerprint,
            "reason": "The carrier goes down otherwise, and the only one who asks for more was told.",
            "expires": expires,
        }
        _call(catalog_url, token, "/waivers", body)


def _push(catalog_url: str, token: str, files: Mapping[str, str], message: str) -> dict[str, Any]:
    body = {
        "files": {path: {"text": text} for path, text in files.items()},
        "only": ["shipments"],
        "message": message,
        "prune": False,
        "dry_run": False,
    }
    return _call(catalog_url, token, "/pushes", body)


def _call(catalog_url: str, token: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    sent = None if body is None else json.dumps(body).encode()
    method = "GET" if body is None else "POST"
    answer = fetch(f"{catalog_url}/admin/v1{path}", method=method, headers=headers, body=sent)
    text = answer.body.decode(errors="replace")
    if answer.status not in (200, 201):
        raise TourError(
            f"the demonstration's changes were not taken: {method} {path} gave {answer.status}: {text}"
        )
    made: dict[str, Any] = json.loads(text)
    return made
