"""How these tests speak to the token endpoint: raw requests, so that nothing is corrected on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.catalog.serving import World

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def error(self) -> str:
        return str(self.body.get("error", ""))


async def post(
    world: World,
    body: str | bytes,
    *,
    basic: tuple[str, str] | None = None,
    headers: Sequence[tuple[str, str]] = (),
    content_type: str | None = FORM,
    query: str = "",
) -> Answer:
    """One POST to the token endpoint with exactly these bytes."""
    return await post_to(
        world, world.token_url + query, body, basic=basic, headers=headers, content_type=content_type
    )


async def post_to(
    world: World,
    url: str,
    body: str | bytes,
    *,
    basic: tuple[str, str] | None = None,
    headers: Sequence[tuple[str, str]] = (),
    content_type: str | None = FORM,
) -> Answer:
    """One POST to an endpoint with exactly these bytes."""
    fields = list(headers)
    if basic is not None:
        fields.append(("Authorization", aiohttp.encode_basic_auth(*basic)))
    if content_type is not None:
        fields.append(("Content-Type", content_type))
    data = body.encode() if isinstance(body, str) else body
    skipped = ("Content-Type",) if content_type is None else ()
    async with world.session.post(url, data=data, headers=fields, skip_auto_headers=skipped) as response:
        return Answer(
            response.status,
            {name.lower(): value for name, value in response.headers.items()},
            await response.json(content_type=None) or {},
        )


async def secret_of(world: World, client_id: str = "web-shop") -> str:
    return (await world.ledger.issue(client_id, actor="test")).secret
