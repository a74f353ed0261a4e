"""Members of the demonstration's estate who work by the admin API, as the command line does."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalog.demo.tour import TourError, fetch
from catalog.people.issuing import NoTeams, UnknownMember, issue_member_token
from catalog.settings import CatalogSettings


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody with a token of one day."""

    catalog_url: str
    token: str = field(repr=False)

    @classmethod
    def of(cls, catalog_url: str, data: Path, member: str) -> "Worker | None":
        """With a new token, straight from the store of a catalog on this machine; `data` is the catalog's.
        None where an estate that was kept and edited has no such member any more. Raises OSError,
        SQLAlchemyError."""
        try:
            issued = asyncio.run(issue_member_token(CatalogSettings(data=data), member, 1, "demonstration"))
        except (NoTeams, UnknownMember):
            return None
        return cls(catalog_url, issued.text)

    def call(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What an operation answers: GET, or POST of a body. Raises TourError where it refuses, OSError."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body).encode()
        method = "GET" if body is None else "POST"
        answer = fetch(f"{self.catalog_url}/admin/v1{path}", method=method, headers=headers, body=sent)
        text = answer.body.decode(errors="replace")
        if answer.status not in (200, 201):
            raise TourError(f"the demonstration was refused: {method} {path} gave {answer.status}: {text}")
        made: dict[str, Any] = json.loads(text)
        return made
