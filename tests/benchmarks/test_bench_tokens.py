"""The benchmark of the token endpoint measures what it says."""

from pathlib import Path

from tests.benchmarks import token_endpoint


async def test_it_gets_tokens_for_every_application(tmp_path: Path) -> None:
    measured = await token_endpoint.measure(tmp_path, applications=3, connections=2, seconds=0.5)
    assert measured.tokens == len(measured.milliseconds) > 0
    assert measured.cpu > 0


def test_a_run_is_told_in_one_line() -> None:
    measured = token_endpoint.Measured(800, 2.0, 1.0, [1.0, 3.0, 2.0])
    assert token_endpoint.told(measured) == (
        "    400 tokens/s by the clock,     800 a second of CPU; median 2.0 ms, p99 3.0 ms"
    )
