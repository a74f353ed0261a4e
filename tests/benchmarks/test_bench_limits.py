"""The measurement of limits: each kind and mode has a figure, and none is above its limit."""

from tests.benchmarks import limit_accuracy


def test_each_kind_and_mode_has_a_figure_and_none_is_above_its_limit():
    missing = {}
    rows = limit_accuracy.figures(missing, seconds=0.3, workers=2)
    every = {f"{name}_{mode}" for name in limit_accuracy.LIMITS for mode in limit_accuracy.MODES}
    assert rows.keys() | {name.removeprefix("limits_") for name in missing} == every
    assert rows, missing
    for name, row in rows.items():
        assert row["given"] > 0, name
        assert row["ratio"] <= 1.0, name
    assert len(limit_accuracy.table(rows)) == 2 + len(rows)
