"""The two upstreams as processes of their own, as the demonstration starts them."""

import asyncio
import re
import signal
import sys

import aiohttp
import pytest


@pytest.mark.parametrize(
    ("arguments", "path", "headers", "status"),
    [
        (["catalog.demo.odoo", "--db", "shop", "--api-key", "key"], "/web/health", {}, 200),
        (["catalog.demo.odoo", "--version", "18.0"], "/json/2/res.partner/search", {}, 404),
        (["catalog.demo.carrier", "--key", "key"], "/rates?weight_kg=1", {"X-Carrier-Key": "key"}, 200),
    ],
)
async def test_it_serves_until_it_is_told_to_stop(
    arguments: list[str], path: str, headers: dict[str, str], status: int
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *arguments,
        "--port",
        "0",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    assert process.stdout is not None
    try:
        announced = await asyncio.wait_for(process.stderr.readline(), 30)
        base = re.search(r"http://127\.0\.0\.1:\d+", announced.decode())
        assert base, announced
        async with aiohttp.ClientSession() as session, session.get(base[0] + path, headers=headers) as response:
            assert response.status == status
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
        assert await process.stdout.read() == b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_version_it_does_not_know_is_refused() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "catalog.demo.odoo",
        "--port",
        "0",
        "--version",
        "16.0",
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert b"16.0" in errors
