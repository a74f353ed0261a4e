"""When a key is published, signs, and ends."""

import pytest

from catalog.oauth.keys.schedule import (
    AHEAD,
    DAY,
    OVERLAP,
    KeyRecord,
    KeyState,
    is_due,
    published,
    signing,
    state_of,
)

NOW = 1_795_000_000


def key(kid: str, signs_from: int, **more: object) -> KeyRecord:
    members = {
        "number": signs_from,
        "algorithm": "ES256",
        "jwk": {},
        "created_at": signs_from,
        "created_by": "catalog",
        **more,
    }
    return KeyRecord(kid=kid, signs_from=signs_from, **members)  # type: ignore[arg-type]


FIRST, SECOND = key("first", NOW - 90 * DAY), key("second", NOW)
BOTH = (FIRST, SECOND)


@pytest.mark.parametrize(
    ("at", "first", "second"),
    [
        (NOW - 1, "signing", "next"),
        (NOW, "retiring", "signing"),
        (NOW + OVERLAP - 1, "retiring", "signing"),
        (NOW + OVERLAP, "ended", "signing"),
    ],
)
def test_a_key_follows_another_with_an_overlap(at: int, first: KeyState, second: KeyState) -> None:
    assert [state_of(each, BOTH, at) for each in BOTH] == [first, second]
    signer = signing(BOTH, at)
    assert signer is not None
    assert signer.kid == ("first" if first == "signing" else "second")
    assert {each.kid for each in published(BOTH, at)} == {"first", "second"} - (
        {"first"} if first == "ended" else set()
    )


def test_an_overlap_outlasts_the_longest_token() -> None:
    assert OVERLAP > 3600  # OSTIARY_CATALOG_TOKEN_LIFETIME at most


def test_what_was_ended_neither_signs_nor_is_published() -> None:
    withdrawn = key("second", NOW, ended_at=NOW + 5, withdrawn=True)
    records = (FIRST, withdrawn, key("third", NOW + 5))
    assert [state_of(each, records, NOW + 6) for each in records] == ["retiring", "withdrawn", "signing"]
    assert [each.kid for each in published(records, NOW + 6)] == ["first", "third"]
    retired = key("second", NOW, ended_at=NOW + 5)
    assert state_of(retired, (retired,), NOW + 6) == "ended"


@pytest.mark.parametrize(
    ("records", "due"),
    [
        ((), True),
        ((FIRST,), True),
        ((FIRST, key("next", NOW + 60)), False),
        ((key("young", NOW - 89 * DAY + AHEAD - 1),), False),
        ((key("old", NOW - 89 * DAY),), True),
    ],
)
def test_the_next_key_is_made_a_day_ahead(records: tuple[KeyRecord, ...], due: bool) -> None:
    assert is_due(records, NOW, 90) is due
