"""Every refusal outside of OAuth is problem+json with the request's id, and shows nothing of the inside."""

import re

import msgspec
import pytest

from tests.catalog.serving import GATEWAY_TOKEN, World


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/nothing/here", 404, "route-not-found"),
        ("GET", "/oauth", 404, "route-not-found"),
        ("POST", "/oauth/token/", 404, "route-not-found"),
        ("POST", "/healthz", 405, "method-not-allowed"),
        ("DELETE", "/gateway/snapshot", 405, "method-not-allowed"),
        ("GET", "/oauth/token", 405, "method-not-allowed"),
    ],
)
async def test_refusals_are_problems(world: World, method: str, path: str, status: int, kind: str) -> None:
    async with world.session.request(method, world.url + path) as response:
        body = msgspec.json.decode(await response.read())
        assert response.status == status == body["status"]
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["cache-control"] == "no-store"
        assert body["type"] == f"urn:ostiary:problem:{kind}"
        assert body["detail"]
        assert body["instance"] == f"urn:ostiary:request:{response.headers['x-request-id']}"
        assert ("allow" in response.headers) == (status == 405)


async def test_a_request_id_is_echoed_where_it_is_usable_and_made_where_not(world: World) -> None:
    async with world.session.get(world.url + "/healthz", headers={"x-request-id": "partner-4711"}) as response:
        assert response.headers["x-request-id"] == "partner-4711"
    async with world.session.get(world.url + "/healthz", headers={"x-request-id": "<script>"}) as response:
        assert re.fullmatch("[0-9a-f]{32}", response.headers["x-request-id"])


async def test_a_fault_of_ours_is_500_without_its_inside(world: World) -> None:
    world.publisher.current = "no snapshot at all"  # type: ignore[assignment]
    async with world.session.get(world.url + "/healthz") as response:
        text = await response.text()
        assert response.status == 500
        assert msgspec.json.decode(text)["type"] == "urn:ostiary:problem:internal-error"
        assert "AttributeError" not in text
        assert "Traceback" not in text
        assert response.headers["x-request-id"] in text


async def test_a_failing_store_is_503(world: World) -> None:
    async with world.store.write() as connection:
        await connection.exec_driver_sql("ALTER TABLE parts RENAME TO gone")
    async with world.session.get(
        world.url + "/gateway/parts/sha256:" + "0" * 64, headers={"authorization": f"Bearer {GATEWAY_TOKEN}"}
    ) as response:
        text = await response.text()
        assert response.status == 503
        assert response.headers["retry-after"] == "5"
        assert "gone" not in text
        assert "SELECT" not in text


async def test_health_says_how_the_last_publication_went_and_status_says_why(world: World) -> None:
    world.compiled = FileNotFoundError("the estate is gone")
    await world.publisher.publish()
    async with world.session.get(world.url + "/healthz") as response:
        health = await response.json()
    assert world.publisher.current is not None
    assert health["status"] == "ok"
    assert health["snapshot"]["serial"] == world.publisher.current.manifest.serial
    assert health["last_publication"] == {"ok": False, "at": int(world.now), "findings": 0}
    async with world.session.get(
        world.url + "/status", headers={"authorization": f"Bearer {GATEWAY_TOKEN}"}
    ) as response:
        status = await response.json()
    assert "the estate is gone" in status["last_publication"]["reason"]
    async with world.session.get(world.url + "/readyz") as response:
        assert response.status == 200
