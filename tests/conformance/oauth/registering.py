"""Clients that register themselves, for the tests of RFC 7591 and RFC 7592."""

from dataclasses import dataclass
from typing import Any

import msgspec

from catalog.oauth.registration.approval import Approval
from catalog.oauth.registration.registration import Registration
from contracts.access import Subscription
from tests.catalog.serving import World

METADATA: dict[str, Any] = {
    "client_name": "Diary",
    "redirect_uris": ["https://diary.example/callback"],
    "grant_types": ["authorization_code", "refresh_token"],
}


@dataclass(frozen=True)
class Told:
    """An answer of the registration endpoints."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def error(self) -> str:
        return str(self.body.get("error", ""))


async def call(world: World, method: str, url: str, token: str | None, body: Any = None) -> Told:
    """A request with a bearer token; `body` is sent as JSON, or as it is where it is bytes."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    data = None
    if body is not None:
        data, headers["Content-Type"] = body, "application/json"
        if not isinstance(body, bytes):
            data = msgspec.json.encode(body)
    async with world.session.request(method, url, data=data, headers=headers) as response:
        text = await response.read()
        found = {name.lower(): value for name, value in response.headers.items()}
        return Told(response.status, found, msgspec.json.decode(text) if text else None)


async def register(world: World, token: str | None, **changes: Any) -> Told:
    """A registration request; `changes` that are None take a member away."""
    metadata = {name: value for name, value in {**METADATA, **changes}.items() if value is not None}
    return await call(world, "POST", world.url + "/oauth/register", token, metadata)


async def member_token(world: World, member: str = "dora") -> str:
    return (await world.catalog.tokens.issue(member, 30, "test", actor="test")).text


async def approve(world: World, client_id: str, **changes: Any) -> Registration:
    """Sara of security approves what waits."""
    principal = await world.catalog.directory.principal("sara")
    assert principal is not None
    found = await world.catalog.registration.review.find(principal, client_id)
    assert isinstance(found, Registration)
    approval = Approval(
        consumer="acme",
        subscriptions=(Subscription("orders", "v2", "standard", ("orders:read",)),),
        expires_days=90,
        reason="agreed",
    )
    done = await world.catalog.registration.review.approve(
        principal, client_id, found.etag, msgspec.structs.replace(approval, **changes)
    )
    assert isinstance(done, Registration), done
    return done
