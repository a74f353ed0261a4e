"""The benchmark of large access parts measures what it says."""

from pathlib import Path

from tests.benchmarks import access_size


async def test_a_change_of_one_key_is_taken_to_the_gateway(tmp_path: Path) -> None:
    found = await access_size.measure(tmp_path, count=20, keys=200)
    assert min(found.values()) > 0
    assert found["the delta, bytes"] < found["the part, bytes"] / 4
