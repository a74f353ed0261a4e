"""What an architect finds in the portal of a governed demonstration: a change that is in force, and one that waits
for a decision; and what a partner has asked for, for others to decide."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from catalog.demo.tour import SHOP
from catalog.demo.working import Worker

_AUTHOR: Final = "jonas"
_DEVELOPER: Final = "dana"
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
    author = Worker.of(catalog_url, data, _AUTHOR)
    if author is None:
        return
    path.write_text(text.replace(_AT_FIRST, _IN_FORCE), encoding="utf-8")
    files = {
        str(path.relative_to(estate)): path.read_text(encoding="utf-8") for path in sorted(estate.rglob("*.yaml"))
    }
    _push(author, files, "Longer pages, for those who fetch all of a day at night")
    files[_FILE] = files[_FILE].replace(_IN_FORCE, _PROPOSED)
    made = _push(author, files, "Pages of 200 take the carrier's system down")
    [unit] = [each for each in made["units"] if each["outcome"] == "proposed"]
    _ask_waivers(author, unit["change"])


def ask_for_access(catalog_url: str, data: Path) -> None:
    """A partner's developer registers an application, and asks that another may read partners by a steadier plan:
    security and the API's owner find both waiting. Raises TourError, OSError, SQLAlchemyError."""
    developer = Worker.of(catalog_url, data, _DEVELOPER)
    if developer is None or developer.call("/subscription-requests")["items"]:
        return  # of an earlier demonstration that was kept
    metadata = {
        "client_name": "Aurora parcel screen",
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "client_secret_basic",
    }
    developer.call("/applications", {"consumer": "aurora", "metadata": metadata})
    wanted = {
        "application": SHOP,
        "api": "partners",
        "version": "v1",
        "plan": "analytics",
        "scopes": ["partners:read"],
        "reason": "The shop only reads partners any more, and steadily.",
    }
    developer.call("/subscription-requests", wanted)


def _ask_waivers(author: Worker, change: int) -> None:
    view = author.call(f"/changes/{change}")
    expires = (datetime.now(UTC) + timedelta(days=90)).date().isoformat()
    for fingerprint in [each for condition in view["conditions"] for each in condition.get("needs", ())]:
        body = {
            "unit": "shipments",
            "fingerprint": fingerprint,
            "reason": "The carrier goes down otherwise, and the only one who asks for more was told.",
            "expires": expires,
        }
        author.call("/waivers", body)


def _push(author: Worker, files: Mapping[str, str], message: str) -> dict[str, Any]:
    body = {
        "files": {path: {"text": text} for path, text in files.items()},
        "only": ["shipments"],
        "message": message,
        "prune": False,
        "dry_run": False,
    }
    return author.call("/pushes", body)
