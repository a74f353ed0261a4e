"""RFC 9111 §4: when a stored answer is given, how old it says it is, and what a request may ask of a cache."""

from pathlib import Path

import pytest

from tests.conformance.rfc9111.caching_world import LIST, Origin, caching, said
from tests.gateway.gateway_world import problem_of


async def test_a_fresh_answer_is_given_and_says_its_age(tmp_path: Path) -> None:
    async with caching(
        tmp_path, Origin("Cache-Control: max-age=60", "X-Mark: m", "Content-Type: text/plain")
    ) as world:
        first = await world.get()
        assert said(first) == "ostiary; fwd=uri-miss; fwd-status=200; stored"
        world.later(59)
        second = await world.get()
        assert said(second) == "ostiary; hit; ttl=1"
        assert second.fields[b"age"] == b"59"
        assert second.fields[b"x-mark"] == b"m"
        assert second.fields[b"content-type"] == b"text/plain"
        assert second.fields[b"date"] == first.fields[b"date"]
        for name in (b"date", b"age", b"cache-status", b"content-length", b"x-request-id"):
            assert second.head.lower().count(b"\r\n%b:" % name) == 1, name
        assert second.fields[b"x-request-id"] != first.fields[b"x-request-id"]
        assert b"ratelimit" in second.fields, "a hit is metered like any call"
        world.later(1)
        assert said(await world.get()) == "ostiary; fwd=stale; fwd-status=200; stored"
        assert world.origin.hits == 2


@pytest.mark.parametrize(
    ("age", "fresh"), [("Age: 59", True), ("Age: 60", False), ("Age: x", True), ("Age: 0", True)]
)
async def test_the_age_that_an_answer_comes_with_counts(tmp_path: Path, age: str, fresh: bool) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60", age)) as world:
        await world.get()
        again = await world.get()
        assert (world.origin.hits == 1) is fresh
        if age == "Age: 59":
            assert again.fields[b"age"] == b"59"


async def test_a_date_of_the_past_makes_an_answer_old(tmp_path: Path) -> None:
    origin = Origin("Cache-Control: max-age=60")
    async with caching(tmp_path, origin) as world:
        origin.dated = False
        origin.fields = (*origin.fields, "Date: Sun, 06 Nov 1994 08:49:37 GMT")
        await world.get()
        await world.get()
        assert origin.hits == 2


@pytest.mark.parametrize(
    ("wanted", "after", "asked"),
    [
        ("no-cache", 0, True),
        ("max-age=0", 1, True),
        ("max-age=10", 9, False),
        ("max-age=10", 11, True),
        ("min-fresh=20", 39, False),
        ("min-fresh=20", 41, True),
        ("max-stale", 1000, False),
        ("max-stale=10", 69, False),
        ("max-stale=10", 71, True),
        ("max-stale=x", 61, True),
        ("no-store", 0, False),  # §5.2.1.5 forbids storing, not giving what is there
        ("unknown", 0, False),
    ],
)
async def test_what_a_request_asks_of_caches(tmp_path: Path, wanted: str, after: int, asked: bool) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        await world.get()
        world.later(after)
        answer = await world.get(Cache_Control=wanted)
        assert (world.origin.hits == 2) is asked
        assert ("hit" in said(answer)) is not asked


@pytest.mark.parametrize("word", ["must-revalidate", "no-cache"])
async def test_what_must_be_validated_is_not_given_stale_to_who_would_take_it(tmp_path: Path, word: str) -> None:
    async with caching(tmp_path, Origin(f"Cache-Control: max-age=60, {word}", 'ETag: "1"')) as world:
        await world.get()
        world.later(61)
        await world.get(Cache_Control="max-stale")
        assert world.origin.hits == 2


async def test_pragma_counts_where_there_is_nothing_newer(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        await world.get()
        await world.get(Pragma="no-cache")
        assert world.origin.hits == 2
        await world.get(Pragma="no-cache", Cache_Control="max-age=60")
        assert world.origin.hits == 2


async def test_who_wants_a_stored_answer_only_is_told_that_there_is_none(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        refused = await world.get(Cache_Control="only-if-cached")
        assert refused.status == 504
        assert problem_of(refused)["type"] == "urn:ostiary:problem:cached-answer-missing"
        assert world.origin.hits == 0
        await world.get()
        assert (await world.get(Cache_Control="only-if-cached")).status == 200


async def test_head_is_answered_by_what_get_has_stored(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        first = await world.get(method="HEAD")
        assert said(first) == "ostiary; fwd=bypass"
        assert len(world.cache) == 0
        await world.get()
        answer = await world.get(method="HEAD")
        assert (answer.status, answer.fields[b"content-length"]) == (200, b"8")
        assert world.origin.hits == 2


async def test_what_varies_is_kept_by_what_it_varies_by(tmp_path: Path) -> None:
    async with caching(
        tmp_path, Origin("Cache-Control: max-age=60", "Vary: Accept-Language, Accept-Encoding")
    ) as world:
        german = await world.get(Accept_Language="de")
        french = await world.get(Accept_Language="fr")
        assert said(french) == "ostiary; fwd=vary-miss; fwd-status=200; stored"
        assert (await world.get(Accept_Language="de")).body == german.body
        assert (await world.get(Accept_Language=" fr ")).body == french.body
        assert (await world.get(Accept_Language="fr", Accept_Encoding="gzip")).body == french.body
        assert (await world.get()).body == b"answer 3"
        assert world.origin.hits == 3
        assert all(seen.fields[b"accept-encoding"] == b"identity" for seen in world.origin.seen)


async def test_the_contract_can_say_what_answers_vary_by(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60"), vary=["X-Region"]) as world:
        for region in ("north", "south", "north"):
            await world.get(X_Region=region)
        assert world.origin.hits == 2


async def test_what_is_used_least_goes_first(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        cache = world.cache
        cache._resources._Cache__maxsize = 3 * 1_200  # room for three of these answers
        for number in range(6):
            await world.get(f"{LIST}?limit={number + 1}")
            await world.get(f"{LIST}?limit=1")
        assert cache.size <= 3 * 1_200
        hits = world.origin.hits
        await world.get(f"{LIST}?limit=1")
        assert world.origin.hits == hits
        await world.get(f"{LIST}?limit=2")
        assert world.origin.hits == hits + 1
