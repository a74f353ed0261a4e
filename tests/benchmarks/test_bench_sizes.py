"""Snapshots of several sizes: the operations are there, and the second snapshot is taken up."""

import asyncio

from tests.benchmarks import load, report, sizes, world
from tests.benchmarks.setting import Setting


def test_a_version_has_as_many_operations_as_asked_for():
    assert len({operation.path for operation in world.sized_version(1_000).operations}) == 1_000
    assert len(world.sized_paths(10)) == 10
    assert 300 <= len(set(world.sized_paths(25_000))) <= 302
    assert world.sized_paths(25_000)[-1].startswith("/bench/v2/resource-249")  # from the end as well


def test_a_catalog_holds_its_answer_until_something_is_new():
    key = sizes.Ed25519PrivateKey.generate()
    made = world.build(applications=1, tokens_each=1)
    first, second = (
        world.Signed.of(made, "http://127.0.0.1:1", (world.sized_version(size),), key, serial)
        for serial, size in ((1, 1), (2, 2))
    )
    catalog = sizes.Catalog(first)
    try:
        known = f"/gateway/snapshot?known={sizes.digest_of(first.envelope.manifest)}"
        assert catalog.answer("/gateway/snapshot") is not None
        catalog.publish(second)
        assert catalog.answer(known) is not None
        assert catalog.answer(f"/gateway/parts/{second.manifest.contracts}") in second.parts.values()
    finally:
        catalog.close()


async def test_a_gateway_of_a_size_serves_and_takes_up_the_next_snapshot(tmp_path, monkeypatch):
    monkeypatch.setattr(load.shutil, "which", lambda tool: None)
    made = world.build(applications=2, tokens_each=1)

    async def answer(reader, writer):
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")

    async def one(reader, writer):
        try:
            await answer(reader, writer)
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    def go():
        with sizes.sized(Setting(tmp_path, None, port, made), 10) as gateway:
            assert gateway.running.memory() > 1_000_000
            assert gateway.taken_up(2) is None
            found = sizes.swap(gateway, None, 0.3)
            assert all(gateway.taken_up(2 + swap) for swap in range(sizes.SWAPS))
            return found

    found = await asyncio.to_thread(go)
    assert set(found) == {"steady_p99_ms", "swap_p99_ms", "swap_s", "swapped_memory_mb"}
    assert 0 < found["swap_s"] < sizes.PATIENCE
    assert found["swapped_memory_mb"] > 1
    server.close()


def test_ratios_of_sizes():
    figures = {
        "10": {"rps": 100.0},
        "25000": {"rps": 95.0, "rps_many_called": 76.0, "steady_p99_ms": 2.0, "swap_p99_ms": 3.0},
    }
    assert sizes.ratios(figures) == {
        "get_25000_vs_10_operations": 0.95,
        "get_300_vs_10_called_of_25000": 0.8,
        "p99_swap_vs_steady_25000_operations": 1.5,
    }
    assert set(sizes.ratios({}).values()) == {None}


def test_a_size_that_was_not_swapped_is_shown_as_such():
    row = {"rps": 10.0, "cpu_us_per_request": 1.0, "load_s": 1.0, "memory_mb": 80.0}
    assert "not measured" in report.sizes_table({"10": row})[-1]
