"""People who look at the demonstration's portal: codes by which three of the estate's members set their passwords.

Codes and not passwords: what is printed opens nothing once it was used, and whose roles need a second factor sets
one up, as at any other catalog.
"""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from catalog.demo.tour import TourError, fetch
from catalog.people.issuing import issue_member_token
from catalog.settings import CatalogSettings

VISITORS: Final[Mapping[str, str]] = {
    "ines": "owns the orders API",
    "omar": "architect: decides about changes",
    "ruth": "security: sees every credential",
}
_INVITER: Final = "ruth"


def invitations(catalog_url: str, data: Path, estate: Path) -> Mapping[str, str]:
    """A code for each of the visitors, by name. Raises TourError."""
    settings = CatalogSettings(data=data, estate=estate)
    token = asyncio.run(issue_member_token(settings, _INVITER, 1, "demonstration")).text
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    codes = {}
    for member in VISITORS:
        url = f"{catalog_url}/admin/v1/accounts/{member}/invitation"
        answer = fetch(url, method="POST", headers=headers, body=b"{}")
        if answer.status not in (200, 201):
            raise TourError(
                f"{member} could not be invited: {answer.status} {answer.body.decode(errors='replace')}"
            )
        codes[member] = str(json.loads(answer.body)["code"])
    return codes
