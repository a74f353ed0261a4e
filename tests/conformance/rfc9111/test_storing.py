"""RFC 9111 §3: what may be stored, and for whom."""

from email.utils import formatdate
from pathlib import Path

import pytest

from tests.conformance.rfc9111.caching_world import LIST, Origin, caching, said
from tests.gateway.gateway_world import token
from tests.gateway.http_harness import raw_client
from tests.support.policy_world import NOW


async def kept(directory: Path, origin: Origin, **config: object) -> bool:
    """Whether a second request is answered without the upstream."""
    async with caching(directory, origin, **config) as world:
        first, second = await world.get(), await world.get()
        if origin.hits == 1:
            assert (first.status, first.body) == (second.status, second.body)
        return origin.hits == 1


@pytest.mark.parametrize(
    ("fields", "private", "shared"),
    [
        ("max-age=60", True, False),  # §3.5: the request has credentials
        ("max-age=60, public", True, True),
        ("max-age=60, must-revalidate", True, True),
        ("s-maxage=60", False, True),  # §5.2.2.10: it is for shared caches
        ("max-age=0, s-maxage=60", False, True),
        ("max-age=60, s-maxage=0", True, False),
        ("max-age=60, private", True, False),
        ('max-age=60, private="x"', True, False),
        ("no-store", False, False),
        ("max-age=60, public, no-store", False, False),
        ("no-cache, max-age=60, public", False, False),
        ("max-age=0, public", False, False),
        ("public", False, False),  # how long is not said
        ('max-age="60", public', True, True),  # §5.2: both forms are understood
        ("MAX-AGE=60, Public", True, True),
        ("max-age=60, max-age=0, public", True, True),  # §4.2.1: the first of two may count
        ("max-age=-1, public", False, False),
        ("max-age=x, public", False, False),
        ("max-age, public", False, False),
        ("max-age=99999999999999999999, public", True, True),  # §1.2.2: as long as can be counted
        ("max-age=4294967296, public", True, True),
        ("max-age=60,, public", True, True),
        ("unknown=1, max-age=60, public", True, True),
        ("max-age=60; public", False, False),
    ],
)
async def test_cache_control(tmp_path: Path, fields: str, private: bool, shared: bool) -> None:
    assert await kept(tmp_path, Origin(f"Cache-Control: {fields}")) is private
    assert await kept(tmp_path, Origin(f"Cache-Control: {fields}"), shared=True) is shared


@pytest.mark.parametrize(
    ("status", "with_a_word", "with_ttl"),
    [
        *((status, True, True) for status in (200, 203, 301, 308)),
        *((status, True, False) for status in (302, 404, 410)),
        *((status, False, False) for status in (201, 202, 206, 403, 500, 503)),
    ],
)
async def test_statuses(tmp_path: Path, status: int, with_a_word: bool, with_ttl: bool) -> None:
    assert await kept(tmp_path, Origin("Cache-Control: max-age=60", status=status)) is with_a_word
    assert await kept(tmp_path, Origin(status=status), ttl=60) is with_ttl


async def test_expires(tmp_path: Path) -> None:
    def at(seconds: float) -> str:
        return f"Expires: {formatdate(NOW + seconds, usegmt=True)}"

    assert await kept(tmp_path, Origin(at(60)))
    assert not await kept(tmp_path, Origin(at(0)))
    assert not await kept(tmp_path, Origin(at(-60)))
    assert not await kept(tmp_path, Origin("Expires: 0"))
    assert not await kept(tmp_path, Origin(at(60), "Cache-Control: max-age=0")), "§5.3: max-age goes before it"
    assert await kept(tmp_path, Origin(at(-60), "Cache-Control: max-age=60"))


async def test_the_contract_s_word_counts_where_there_is_no_other(tmp_path: Path) -> None:
    assert await kept(tmp_path, Origin(), ttl=60)
    assert await kept(tmp_path, Origin(), ttl=60, shared=True), "it is the word that §3.5 asks for"
    assert not await kept(tmp_path, Origin())
    assert not await kept(tmp_path, Origin("Cache-Control: max-age=0"), ttl=60)
    assert await kept(tmp_path, Origin("Cache-Control: max-age=0"), ttl=60, override=True)
    assert await kept(tmp_path, Origin("Cache-Control: no-cache"), ttl=60, override=True)
    assert not await kept(tmp_path, Origin("Cache-Control: no-store"), ttl=60, override=True)
    assert not await kept(tmp_path, Origin("Cache-Control: private"), ttl=60, override=True, shared=True)


@pytest.mark.parametrize(
    "field", ["Vary: *", "Vary: accept, *", "Set-Cookie: a=b", "Content-Type: text/event-stream"]
)
async def test_what_is_of_one_moment_is_not_stored(tmp_path: Path, field: str) -> None:
    assert not await kept(tmp_path, Origin("Cache-Control: max-age=60", field))


async def test_a_request_can_forbid_it(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        await world.get(Cache_Control="no-store")
        await world.get()
        assert world.origin.hits == 2
        await world.get()
        assert world.origin.hits == 2


async def test_only_what_reads_is_stored(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        await world.write()
        await world.write()
        assert world.origin.hits == 2
        assert len(world.cache) == 0


async def test_what_is_kept_for_one_caller_is_given_to_no_other(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60, public")) as world:
        await world.get(subject="person-1")
        assert (await world.get(subject="person-2")).body == b"answer 2"
        assert (await world.get(subject="person-1")).body == b"answer 1"
    async with caching(tmp_path, Origin("Cache-Control: max-age=60, public"), shared=True) as world:
        await world.get(subject="person-1")
        assert (await world.get(subject="person-2")).body == b"answer 1"


async def test_a_public_operation_is_for_everybody(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        await world.gateway.ask("GET", "/orders/v1/ping", bearer=None)
        answer = await world.gateway.ask("GET", "/orders/v1/ping", bearer=None)
        assert answer.body == b"answer 1"
        assert world.origin.hits == 1


async def test_queries_are_part_of_the_key(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        for query in ("", "?limit=1", "?limit=2", "?limit=1"):
            await world.get(LIST + query)
        assert world.origin.hits == 3


@pytest.mark.parametrize("length", [20, 21])
async def test_what_is_too_long_is_not_stored(tmp_path: Path, length: int) -> None:
    origin = Origin("Cache-Control: max-age=60")
    origin.body = b"x" * length
    assert await kept(tmp_path, origin, max_bytes=20) is (length == 20)


async def test_what_breaks_off_is_not_stored(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60")) as world:
        world.origin.broken = True
        assert (await world.get()).status == 502
        world.origin.broken = False
        answer = await world.get()
        assert answer.body.startswith(b"answer")
        assert said(answer) == "ostiary; fwd=uri-miss; fwd-status=200; stored"


async def test_fields_on_several_lines_are_one_list(tmp_path: Path) -> None:
    assert await kept(tmp_path, Origin("Cache-Control: public", "cache-control: max-age=60"), shared=True)
    assert not await kept(tmp_path, Origin("Cache-Control: max-age=60", "CACHE-CONTROL: no-store"))
    origin = Origin("Cache-Control: max-age=60", "Vary: Accept", "Vary: Accept-Language")
    async with caching(tmp_path, origin) as world:
        for fields in (
            {"Accept": "a"},
            {"Accept": "b"},
            {"Accept": "a", "Accept_Language": "de"},
            {"Accept": "a"},
        ):
            await world.get(**fields)
        assert origin.hits == 3


async def test_what_caches_before_say_is_left_as_it_is(tmp_path: Path) -> None:
    async with caching(tmp_path, Origin("Cache-Control: max-age=60", "Cache-Status: origin-shield; hit")) as world:
        for own in (b"ostiary; fwd=uri-miss; fwd-status=200; stored", b"ostiary; hit; ttl=60"):
            answer = await world.get()
            lines = [line for line in answer.head.split(b"\r\n") if line.lower().startswith(b"cache-status:")]
            assert [line.partition(b": ")[2] for line in lines] == [b"origin-shield; hit", own]


async def test_what_was_said_to_one_host_is_not_said_to_another(tmp_path: Path) -> None:
    """An upstream makes links of the host that it is told of; a client may call by any."""
    async with caching(tmp_path, Origin("Cache-Control: max-age=60, public"), shared=True) as world:
        by_hosts = []
        for host in ("forged.example", "api.example", "API.example", "forged.example"):
            request = f"GET {LIST} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token(exp=NOW + 60)}\r\n\r\n"
            async with raw_client(world.gateway.port) as client:
                by_hosts.append((await client.ask(request.encode())).body)
        told = [seen.fields[b"x-forwarded-host"] for seen in world.origin.seen]
    assert by_hosts == [b"answer 1", b"answer 2", b"answer 2", b"answer 1"]
    assert told == [b"forged.example", b"api.example"]
