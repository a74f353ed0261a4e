"""What a change of `api.yaml` touches besides contracts, from its typed values alone."""

import msgspec
import pytest

from catalog.changes.touches import touches_of_api
from contracts.estate_files import ApiFile, VersionEntry

BOOKS = ApiFile("Books", "books", "books@example.com", "erp", "internal", {"v1": VersionEntry()})


def promising(days: int | None) -> ApiFile:
    return msgspec.structs.replace(BOOKS, notice_days=days)


@pytest.mark.parametrize(("before", "after"), [(365, 30), (365, None)])
def test_less_notice_than_was_promised_is_asked_for_as_an_end_is(before: int, after: int | None) -> None:
    assert touches_of_api(promising(before), promising(after)) == {"deprecation"}


@pytest.mark.parametrize(("before", "after"), [(None, 30), (30, 365), (30, 30), (None, None)])
def test_more_notice_than_was_promised_is_anybodys_to_give(before: int | None, after: int | None) -> None:
    assert touches_of_api(promising(before), promising(after)) == frozenset()
