import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from catalog.demo.carrier import STATUSES, STRAYED, serve

_KEY = "carrier-key"


@asynccontextmanager
async def _carrier(key: str = _KEY) -> AsyncIterator[aiohttp.ClientSession]:
    async with (
        serve(_KEY) as base,
        aiohttp.ClientSession(base, headers={"X-Carrier-Key": key, "X-Request-Id": "r-1"}) as session,
    ):
        yield session


async def _get(session: aiohttp.ClientSession, path: str) -> Any:
    async with session.get(path) as response:
        assert response.status == 200, await response.text()
        assert response.headers["X-Request-Id"] == "r-1"
        return await response.json()


async def _problem(response: aiohttp.ClientResponse) -> Any:
    assert response.content_type == "application/problem+json"
    return json.loads(await response.read())


@pytest.mark.parametrize("key", ["", "other"])
async def test_the_key_is_required(key: str) -> None:
    async with _carrier(key) as session, session.get("/shipments") as response:
        assert response.status == 401
        assert response.headers["X-Request-Id"] == "r-1"


async def test_connections_are_kept() -> None:
    async with _carrier() as session:
        for _ in range(2):
            async with session.get("/shipments") as response:
                assert response.headers.get("Connection") != "close"


async def test_list_filters_and_pages() -> None:
    async with _carrier() as session:
        page = await _get(session, "/shipments?limit=10")
        assert (len(page["items"]), page["total"], page["next_cursor"]) == (10, 24, "10")
        last = await _get(session, "/shipments?limit=10&cursor=20")
        assert [item["id"] for item in last["items"]] == [f"SHP-{n:06}" for n in range(21, 25)]
        assert "next_cursor" not in last
        chosen = await _get(session, "/shipments?status=delivered&status=returned")
        assert {item["status"] for item in chosen["items"]} == {"delivered", "returned"}
        bounds = "created%5Bfrom%5D=2026-10-10T00:00:00Z&created%5Bto%5D=2026-10-12T23:59:59Z"
        assert (await _get(session, f"/shipments?{bounds}"))["total"] == 3


async def test_create_gives_the_place_of_the_new_shipment() -> None:
    body = {"order": "S00003", "destination": {"name": "A"}, "parcels": [{"weight_kg": 1}], "service": "express"}
    async with _carrier() as session:
        async with session.post("/shipments", json=body) as response:
            assert response.status == 201
            location = response.headers["Location"]
            created = await response.json()
        assert await _get(session, location) == created
        assert created["status"] == "created"
        assert created["service"] == "express"
        async with session.post("/shipments", json={"order": "S00003"}) as response:
            assert response.status == 422
            assert (await _problem(response))["detail"] == "missing: destination, parcels"
        async with session.post("/shipments", data=b"{", headers={"Content-Type": "application/json"}) as bad:
            assert bad.status == 400


async def test_the_label_is_streamed() -> None:
    async with _carrier() as session, session.get("/shipments/SHP-000001/label") as response:
        assert response.headers["Content-Type"] == "application/pdf"
        assert response.headers["X-Request-Id"] == "r-1"
        assert "Content-Length" not in response.headers
        label = await response.read()
    assert label.startswith(b"%PDF-")
    assert label.endswith(b"%%EOF\n")
    assert len(label) > 2000


async def test_tracking_knows_only_published_statuses_but_for_one_shipment() -> None:
    async with _carrier() as session:
        for number in range(1, 25):
            shipment = f"SHP-{number:06}"
            events = (await _get(session, f"/shipments/{shipment}/tracking"))["events"]
            strange = {event["status"] for event in events} - set(STATUSES)
            assert strange == ({"held_at_customs"} if shipment == STRAYED else set())


async def test_rates() -> None:
    async with _carrier() as session:
        path = "/rates?weight_kg=2&services=express,standard&features=signature&features=insurance"
        rates = (await _get(session, path))["rates"]
        assert rates[0] == {"service": "express", "amount": 23.1, "currency": "EUR", "days": 1}
        assert [rate["service"] for rate in rates] == ["express", "standard"]
        async with session.get("/rates?weight_kg=2&services=teleport") as response:
            assert response.status == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nope", 404), ("GET", "/shipments/SHP-999999", 404), ("DELETE", "/shipments", 405)],
)
async def test_errors_are_problem_documents(method: str, path: str, status: int) -> None:
    async with _carrier() as session, session.request(method, path) as response:
        assert response.status == status
        assert (await _problem(response))["status"] == status
