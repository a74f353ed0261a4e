"""The hostile corpus through the real listener to the stand-in, in every dialect: each refused, its twin made."""

from pathlib import Path

import pytest

from tests.conformance.odoo_rpc.guarded_world import DIALECTS, bearer, guarding
from tests.conformance.odoo_rpc.hostile_calls import PAIRS


def test_the_corpus_is_large_and_each_case_is_one() -> None:
    assert len({name for name, _, _ in PAIRS}) == len(PAIRS) >= 120


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_each_is_refused_and_its_twin_is_not(tmp_path: Path, dialect: str) -> None:
    say, held = DIALECTS[dialect], bearer()
    wrong: list[str] = []
    async with guarding(tmp_path) as world:
        for name, hostile, twin in PAIRS:
            refused = await say(world, hostile, held)
            if refused.error is None:
                wrong.append(f"{name}: passed with {str(refused.value)[:100]}")
            made = await say(world, twin, held)
            if made.error is not None:
                wrong.append(f"{name}: its twin was refused: {made}")
        lines = await world.logged(2 * len(PAIRS))
    assert not wrong, "\n".join(wrong)
    assert [line.get("policy") for line in lines if "policy" in line] == ["odoo-rpc"] * len(PAIRS)
