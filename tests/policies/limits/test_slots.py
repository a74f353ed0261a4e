"""Slots in one process."""

from hypothesis import given
from hypothesis import strategies as st

from policies.limits.slots import TAKEN, OwnSlots, SlotLimit, SlotMeter


def meter(*limits: tuple[str, int, str]) -> SlotMeter:
    return SlotMeter(
        tuple(SlotLimit(name, most, ("consumer",)) for name, most, _ in limits), tuple(key for _, _, key in limits)
    )


def test_all_or_none() -> None:
    slots = OwnSlots()
    both, wide = meter(("own", 2, "a"), ("all", 3, "all")), meter(("all", 3, "all"))
    assert slots.take(both) is TAKEN
    assert slots.take(wide) is TAKEN
    assert slots.take(wide) is TAKEN
    assert slots.take(both).full == ("all",)
    slots.release(wide)
    assert slots.take(both) is TAKEN
    slots.release(wide)
    assert slots.take(both).full == ("own",)


@given(st.lists(st.integers(0, 2), max_size=60))
def test_what_is_open_is_never_more_than_may_be_and_nothing_stays(steps: list[int]) -> None:
    slots, taken = OwnSlots(), []
    meters = [meter(("own", 2, f"client-{number}"), ("all", 4, "all")) for number in range(2)]
    for step in steps:
        if step == 2 and taken:
            slots.release(taken.pop(0))
        elif step < 2 and slots.take(meters[step]) is TAKEN:
            taken.append(meters[step])
        assert len(taken) <= 4
        assert all(taken.count(each) <= 2 for each in meters)
    for each in taken:
        slots.release(each)
    assert len(slots) == 0
