"""Which version a request is for: by header, by media type, by date."""

import pytest

from contracts.dates import timestamp
from contracts.operations import VersionChoice
from contracts.problems import Problem
from policies.media_ranges import media_ranges
from policies.version_choice import Chooser, Chosen

DATES = (("v1", timestamp("2026-01-01")), ("v2", timestamp("2026-06-01")), ("v10", timestamp("2026-09-01")))


def chooser(choice: VersionChoice, retired: tuple[str, ...] = ()) -> Chooser:
    return Chooser(choice, ("v1", "v2", "v10"), retired)


def refused(found: Chosen | Problem) -> Problem:
    assert isinstance(found, Problem)
    return found


def test_a_header_names_the_version() -> None:
    by = chooser(VersionChoice("header"))
    assert by.choose({b"api-version": b" v2 "}) == Chosen("v2", True)
    assert by.vary == (b"vary", b"API-Version")
    assert by.told("v2") == (b"api-version", b"v2")


@pytest.mark.parametrize("said", [b"v3", b"2", b"V2", b"", b"v1, v2", b"v2;", b"\xff"])
def test_a_header_that_names_none_is_refused_with_all_that_there_are(said: bytes) -> None:
    problem = refused(chooser(VersionChoice("header", default="v2")).choose({b"api-version": said}))
    assert (problem.type.id, problem.status) == ("version-unknown", 400)
    assert problem.extensions == {"versions": ["v1", "v2", "v10"], "default": "v2"}
    assert problem.headers == (("vary", "API-Version"),)
    assert said.strip() == b"" or said.decode("latin-1") not in problem.detail


def test_without_a_word_the_default_is_served_and_without_a_default_nothing() -> None:
    assert chooser(VersionChoice("header", default="v1")).choose({}) == Chosen("v1", False)
    problem = refused(chooser(VersionChoice("header")).choose({}))
    assert problem.type.id == "version-unknown"
    assert "by the header field `API-Version`" in problem.detail


def test_what_is_retired_can_be_chosen_and_is_not_recommended() -> None:
    by = chooser(VersionChoice("header", header="X-Books-Version"), retired=("v1",))
    assert by.choose({b"x-books-version": b"v1"}) == Chosen("v1", True)
    assert refused(by.choose({})).extensions == {"versions": ["v2", "v10"]}


@pytest.mark.parametrize(
    ("accept", "version"),
    [
        (b"application/vnd.acme.books.v2+json", "v2"),
        (b"application/vnd.ACME.books.V2+JSON", "v2"),
        (b"application/json;version=2", "v2"),
        (b'application/json; charset=utf-8; version="v10"', "v10"),
        (b"text/html, application/vnd.acme.books.v1+json;q=0.5", "v10"),
        (b"application/vnd.acme.books.v1+json;q=0.5, application/vnd.acme.books.v2+json", "v2"),
        (b"application/vnd.acme.books.v3+json, application/vnd.acme.books.v1+json;q=0.1", "v1"),
        (b"application/vnd.acme.books.v3+json, */*;q=0.1", "v10"),
        (b"application/vnd.acme.books.v2+json;q=0, application/json", "v10"),
        (b"application/vnd.other.v2+json", "v10"),
        (b"*/*", "v10"),
        (b"nonsense", "v10"),
    ],
)
def test_a_media_type_names_the_version(accept: bytes, version: str) -> None:
    by = chooser(VersionChoice("media-type", vendor="acme.books", default="v10"))
    found = by.choose({b"accept": accept})
    assert isinstance(found, Chosen)
    assert found.version == version


def test_a_media_type_of_no_version_that_there_is_is_not_acceptable() -> None:
    by = chooser(VersionChoice("media-type", vendor="books"), retired=("v1",))
    problem = refused(by.choose({b"accept": b"application/vnd.books.v3+json, application/json;version=x"}))
    assert (problem.type.id, problem.status) == ("version-not-acceptable", 406)
    assert problem.extensions["media-types"] == [
        "application/vnd.books.v2+json",
        "application/vnd.books.v10+json",
    ]
    assert problem.headers == (("vary", "Accept"),)


def test_what_is_sent_names_the_version_too() -> None:
    by = chooser(VersionChoice("media-type", vendor="books", default="v1"))
    sent = {b"content-type": b"application/vnd.books.v2+json"}
    assert by.choose(sent) == Chosen("v2", True)
    assert by.choose({**sent, b"accept": b"*/*"}) == Chosen("v2", True)
    assert refused(by.choose({**sent, b"accept": b"application/vnd.books.v1+json"})).status == 400
    assert refused(by.choose({b"content-type": b"application/vnd.books.v3+json"})).status == 400


@pytest.mark.parametrize(
    ("date", "version"),
    [(b"2026-01-01", "v1"), (b"2026-05-31", "v1"), (b"2026-06-01", "v2"), (b"2027-01-01T10:00:00Z", "v10")],
)
def test_a_date_stands_for_the_newest_version_of_that_day(date: bytes, version: str) -> None:
    assert chooser(VersionChoice("date", released=DATES)).choose({b"api-version": date}) == Chosen(version, True)


@pytest.mark.parametrize("date", [b"2025-12-31", b"v2", b"2026-02-30", b"", b"20260101"])
def test_a_date_of_no_version_is_refused_with_all_dates(date: bytes) -> None:
    problem = refused(chooser(VersionChoice("date", released=DATES)).choose({b"api-version": date}))
    assert problem.type.id == "version-unknown"
    assert problem.extensions["released"] == {"v1": "2026-01-01", "v2": "2026-06-01", "v10": "2026-09-01"}


def test_without_a_date_the_newest_version_stands_in() -> None:
    assert chooser(VersionChoice("date", released=DATES)).choose({}) == Chosen("v10", False)
    assert chooser(VersionChoice("date", released=DATES, default="v2")).choose({}) == Chosen("v2", False)


def test_media_ranges_come_in_the_order_of_their_weight() -> None:
    found = media_ranges(b'a/b;q=0.2, c/d;x="1,2", e/f;q=1.000, g/h;q=2, i/j;q=0, ;, k/l;q=0.9')
    assert [each.essence for each in found] == ["c/d", "e/f", "k/l", "a/b"]
    assert found[0].parameters == {"x": "1,2"}
    assert len(media_ranges(b",".join([b"a/b"] * 100))) == 32
