"""RFC 9111 §4.3: asking whether what is stored still holds, and answering who asks that."""

from pathlib import Path

import pytest

from tests.conformance.rfc9111.caching_world import Origin, caching, said
from tests.gateway.gateway_world import problem_of

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize(
    ("validator", "asks"),
    [
        ('ETag: "1"', b"if-none-match"),
        ('ETag: W/"1"', b"if-none-match"),
        (f"Last-Modified: {DATE}", b"if-modified-since"),
    ],
)
async def test_what_is_stale_is_validated(tmp_path: Path, validator: str, asks: bytes) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60", validator, "X-Mark: old")) as world:
        first = await world.get()
        assert asks not in world.origin.seen[0].fields
        world.later(61)
        world.origin.fields = ("Cache-Control: max-age=120", validator, "X-Mark: new")
        second = await world.get()
        assert world.origin.seen[1].fields[asks].decode() == validator.partition(": ")[2]
        assert (second.status, second.body) == (200, first.body)
        assert second.fields[b"x-mark"] == b"new", "§3.2: the fields of the 304 replace those of before"
        assert second.fields[b"content-length"] == b"%d" % len(first.body)
        assert said(second) == "ostiary; fwd=stale; fwd-status=304; stored"
        world.later(100)
        third = await world.get()
        assert said(third) == "ostiary; hit; ttl=20"
        assert third.body == first.body
        assert world.origin.hits == 2


async def test_what_has_changed_takes_the_place_of_what_was(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60", 'ETag: "1"')) as world:
        await world.get()
        world.later(61)
        world.origin.fields = ("Cache-Control: max-age=60", 'ETag: "2"')
        assert (await world.get()).body == b"answer 2"
        assert (await world.get()).body == b"answer 2"
        assert world.origin.hits == 2


async def test_no_cache_is_validated_each_time(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: no-cache", 'ETag: "1"')) as world:
        bodies = [(await world.get()).body for _ in range(3)]
        assert bodies == [b"answer 1"] * 3
        assert [b"if-none-match" in seen.fields for seen in world.origin.seen] == [False, True, True]


async def test_a_304_about_another_answer_is_not_believed(tmp_path: Path) -> None:
    async with caching(
        tmp_path, Origin("Cache-Control: max-age=1", f"Last-Modified: {DATE}", 'ETag: "1"')
    ) as world:
        await world.get()
        world.later(2)
        world.origin._holds = lambda request: True  # type: ignore[method-assign]
        world.origin.fields = ('ETag: "2"',)
        refused = await world.get()
        assert refused.status == 502
        assert problem_of(refused)["type"] == "urn:ostiary:problem:upstream-malformed"
        world.origin._holds = lambda request: False  # type: ignore[method-assign]
        assert said(await world.get()) == "ostiary; fwd=uri-miss; fwd-status=200; stored"


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ({"If_None_Match": '"1"'}, True),
        ({"If_None_Match": 'W/"1"'}, True),
        ({"If_None_Match": '"0", "1"'}, True),
        ({"If_None_Match": '"0,1" ,"1"'}, True),
        ({"If_None_Match": "*"}, True),
        ({"If_None_Match": '"2"'}, False),
        ({"If_None_Match": '"1'}, False),
        ({"If_None_Match": "1"}, False),
        ({"If_Modified_Since": DATE}, True),
        ({"If_Modified_Since": "Sat, 05 Nov 1994 08:49:37 GMT"}, False),
        ({"If_None_Match": '"2"', "If_Modified_Since": DATE}, False),  # RFC 9110 §13.2.2: the tag goes first
    ],
)
async def test_who_has_it_already_is_told_so(tmp_path: Path, condition: dict[str, str], met: bool) -> None:
    origin = Origin("Cache-Control: max-age=60", 'ETag: "1"', f"Last-Modified: {DATE}", "Content-Type: text/plain")
    async with caching(tmp_path, origin) as world:
        missed, hit = await world.get(**condition), await world.get(**condition)
        assert not {b"if-none-match", b"if-modified-since"} & set(origin.seen[0].fields), "the whole is asked for"
        for answer in (missed, hit):
            assert answer.status == (304 if met else 200)
            assert answer.fields[b"etag"] == b'"1"'
            assert (b"content-type" in answer.fields) is not met
        assert origin.hits == 1
        assert (await world.get()).body == b"answer 1"


@pytest.mark.parametrize("field", ["If_Match", "If_Unmodified_Since", "If_Range"])
async def test_what_only_the_origin_can_judge_is_left_to_it(tmp_path: Path, field: str) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60", 'ETag: "1"')) as world:
        await world.get()
        answer = await world.get(**{field: '"1"'})
        assert said(answer) == "ostiary; fwd=bypass"
        assert world.origin.hits == 2


async def test_ranges_are_answered_by_the_whole(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        assert (await world.get(Range="bytes=0-1")).body == b"answer 1"
        assert b"range" not in world.origin.seen[0].fields
        assert (await world.get(Range="bytes=0-1")).status == 200
        assert world.origin.hits == 1
