"""`POST /gateway/report`, and what the admin API answers of it."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.estate_files import ConsumerEntry, ConsumersFile
from contracts.usage.report import MAX_REPORT, encode
from tests.catalog.admin import AdminClient, company, compiled
from tests.catalog.reporting.test_failures_store import failure, report
from tests.catalog.serving import GATEWAY_TOKEN, World, serving

CONSUMERS = ConsumersFile({"acme": ConsumerEntry("Acme", "a@acme.example", {}, "sales")})


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with serving(tmp_path, compiled=compiled(company(consumers=CONSUMERS))) as world:
        yield world


async def post(world: World, data: bytes, token: str = GATEWAY_TOKEN) -> tuple[int, dict[str, Any]]:
    headers = {"authorization": f"Bearer {token}"}
    async with world.session.post(world.url + "/gateway/report", data=io.BytesIO(data), headers=headers) as answer:
        text = await answer.read()
        return answer.status, msgspec.json.decode(text) if text else {}


async def test_a_call_is_found_by_its_id_and_explained(world: World) -> None:
    assert await post(world, encode(report(1, failure(1), failure(2, "bi", "bi-firm")))) == (204, {})
    client = AdminClient(world)
    reply = await client("dora", "GET", "/errors?request_id=request-1")
    (found,) = reply.body["items"]
    assert (found["title"], found["application"]) == ("Request does not match the contract", "web-shop")
    assert "Mend" in found["advice"]
    first = (await client("sara", "GET", "/errors?limit=1")).body
    assert [each["request_id"] for each in first["items"]] == ["request-2"]
    second = (await client("sara", "GET", f"/errors?limit=1&after={first['next']}")).body
    assert ([each["request_id"] for each in second["items"]], second["next"]) == (["request-1"], None)
    assert (await client("sara", "GET", "/errors?after=x")).body == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("data", "status", "problem"),
    [
        (b"{", 400, "malformed-json"),
        (encode(report())[:-1] + b',"secret":"hush-hush"}', 422, "schema-violation"),
        (encode(report(1, failure(request_id="hush hush"))), 422, "schema-violation"),
        (b" " * (MAX_REPORT + 1), 413, "body-too-large"),
    ],
)
async def test_what_is_no_report_changes_nothing(world: World, data: bytes, status: int, problem: str) -> None:
    answered, refusal = await post(world, data)
    assert (answered, refusal["type"].rpartition(":")[2]) == (status, problem)
    assert "hush" not in str(refusal)


async def test_only_gateways_report(world: World) -> None:
    assert (await post(world, encode(report(1, failure(1))), "another-token"))[0] == 401
    assert (await AdminClient(world)("sara", "GET", "/errors")).body["items"] == []
