"""What is remembered of documents that were found valid, and what is told from what."""

from pathlib import Path

import pytest

from contracts.estate.estate import check
from contracts.openapi import validity
from contracts.openapi.found_valid import FoundValid, digest_of
from tests.support.two_apis import BOOKS, write_two_apis


def test_documents_that_differ_in_anything_are_told_apart() -> None:
    values = [
        {},
        [],
        None,
        1,
        1.0,
        True,
        "1",
        {"a": 1},
        {"a": 1.0},
        {"a": "1"},
        {"a": None},
        {"a": {}},
        {"a": [1]},
    ]
    digests = {digest_of(value, minor) for value in values for minor in ("3.0", "3.1")}
    assert len(digests) == 2 * len(values)
    shared = {"type": "string"}
    assert digest_of([shared, shared], "3.1") == digest_of([{"type": "string"}, {"type": "string"}], "3.1")
    assert digest_of(object(), "3.1") is None


def test_it_forgets_before_it_grows_without_bound() -> None:
    found = FoundValid(most=2)
    for digest in (b"a", b"b", b"c", None):
        found.add(digest)
    assert [each in found for each in (b"a", b"b", b"c", None)] == [False, False, True, False]


def test_what_was_valid_is_not_looked_at_again_and_what_is_not_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    look = validity._check

    def counted(*arguments: object) -> None:
        looked.append("")
        look(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(validity, "_FOUND_VALID", FoundValid())
    monkeypatch.setattr(validity, "_check", counted)
    root = write_two_apis(tmp_path / "estate")
    for _ in range(2):
        assert check(root) == []
    assert len(looked) == 2
    text = (root / BOOKS).read_text()
    (root / BOOKS).write_text(text.replace("summary:", "sumary:", 1))
    for _ in range(2):
        assert [each.rule for each in check(root)] == ["openapi-invalid"]
    assert len(looked) == 4
    (root / BOOKS).write_text(text)
    assert check(root) == []
    assert len(looked) == 4
