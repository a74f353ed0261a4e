"""A mirror behind a whole gateway: what it gets, what is found, and that no caller can tell."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.mirror_report import merged
from contracts.operations import HttpBackend, MediaType, Operation, RequestBody, Response
from contracts.policy_settings import PolicyUse
from contracts.snapshot import Manifest, Snapshot, Timeouts, Upstream, encode_part
from gateway.telemetry.exposition import expose
from gateway.telemetry.state import State
from policies.shadows.answers import MOST_COMPARED
from policies.shadows.report import MOST_DIFFERENCES, MirrorCounts, MirrorName
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, snapshot
from tests.gateway.http_harness import (
    PATIENCE,
    RawAnswer,
    RawUpstream,
    Script,
    SeenRequest,
    raw_client,
    raw_upstream,
)
from tests.gateway.odoo_pair import NEW_ORDER, mediating, odoo
from tests.gateway.upstreams.resilience.test_failing_upstreams import hangs_up, nobody, says, until

SCHEMA = {"type": "object", "properties": {"sku": {"type": "string"}, "total": {"type": "number"}}}
READ = Operation(
    "getOrder",
    "GET",
    "/orders/{id}",
    "/a",
    HttpBackend("shop"),
    public=True,
    responses=(Response("200", (MediaType("application/json", SCHEMA),)),),
)
WRITE = Operation(
    "placeOrder",
    "POST",
    "/orders",
    "/b",
    HttpBackend("shop"),
    public=True,
    body=RequestBody(True, (MediaType("application/json", SCHEMA),)),
    responses=(Response("201", (MediaType("application/json", SCHEMA),)),),
)


def answers(body: Any, status: int = 200, **fields: str) -> Script:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"Content-Type": "application/json", "Content-Length": str(len(text))}
    lines |= {name.replace("_", "-"): value for name, value in fields.items()}
    head = f"HTTP/1.1 {status} Said\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())

    async def script(request: SeenRequest, reader: Any, writer: asyncio.StreamWriter) -> bool:
        writer.write(head.encode() + b"\r\n" + (b"" if request.line.startswith(b"HEAD ") else text))
        return True

    return script


def with_mirror(port: int, mirror: int, *made: Operation, **settings: Any) -> Snapshot:
    use = PolicyUse("mirror", config={"to": "next", **settings})
    every = made or (READ, WRITE, operations()[3])
    plain = snapshot(
        orders(*(msgspec.structs.replace(each, policies=(use,)) for each in every)), serial=2, port=port
    )
    there = Upstream("next", "http", f"http://127.0.0.1:{mirror}/next", timeouts=Timeouts(connect=5.0))
    contracts = msgspec.structs.replace(plain.contracts, upstreams=(*plain.contracts.upstreams, there))
    manifest: Manifest = msgspec.structs.replace(plain.manifest, contracts=encode_part(contracts)[0])
    return Snapshot(manifest, contracts, plain.access)


class Mirrored:
    """A gateway, its upstream and a mirror."""

    def __init__(self, world: Gateway, mirror: RawUpstream) -> None:
        self.world = world
        self.mirror = mirror

    @property
    def reports(self) -> list[MirrorCounts]:
        assert self.world.pipeline.runtime is not None
        return self.world.pipeline.runtime.ports.mirror_reports.every()

    def report(self, operation: str = "getOrder") -> dict[str, Any]:
        (found,) = [each for each in documents(self.reports) if each["operation"] == operation]
        return found

    async def get(self, path: str = "/orders/v1/orders/7", **fields: str) -> RawAnswer:
        return await self.world.ask("GET", path, bearer=None, **fields)

    async def post(self) -> RawAnswer:
        body = b'{"sku": "a"}'
        return await self.world.ask(
            "POST", "/orders/v1/orders", body, bearer=None, Content_Type="application/json"
        )

    async def settled(self, operation: str = "getOrder", copies: int = 1) -> dict[str, Any]:
        """The report when so many copies have come to something."""
        await until(lambda: sum(self.report(operation)["outcomes"].values()) >= copies)
        return self.report(operation)


@asynccontextmanager
async def mirrored(
    directory: Path, original: Script, copy: Script, *made: Operation, **settings: Any
) -> AsyncIterator[Mirrored]:
    async with gateway(directory, original) as world, raw_upstream(copy) as mirror:
        world.adopt(with_mirror(world.upstream.port, mirror.port, *made, **settings))
        yield Mirrored(world, mirror)


def documents(counts: list[MirrorCounts]) -> list[dict[str, Any]]:
    """The report, as the admin listener tells it."""
    found: list[dict[str, Any]] = json.loads(msgspec.json.encode(merged(each.told() for each in counts)))[
        "mirrors"
    ]
    return found


def told(report: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(each["kind"], each["at"], each["count"]) for each in report["differences"]]


# -- what the mirror gets, and what is found --------------------------------------------------------------------


async def test_a_copy_of_what_went_upstream_goes_to_the_mirror(tmp_path: Path) -> None:
    async with mirrored(tmp_path, answers({"sku": "a"}), answers({"sku": "a"})) as pair:
        await pair.get("/orders/v1/orders/7", X_Own="1", X_Request_Id="request-0001")
        assert (await pair.settled())["outcomes"] == {"equal": 1}
        (seen,) = pair.mirror.seen
        (original,) = pair.world.upstream.seen
        assert seen.line == b"GET /next/orders/7 HTTP/1.1"
        assert seen.fields[b"x-ostiary-mirror"] == b"1"
        assert b"x-ostiary-mirror" not in original.fields
        assert (seen.fields[b"x-own"], seen.fields[b"x-request-id"]) == (b"1", b"request-0001")
        assert seen.fields[b"accept-encoding"] == b"identity"


async def test_the_mirror_gets_its_own_credential_and_nobody_elses(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    for name in ("shop", "next"):
        (tmp_path / "secrets" / name).write_text(f"key-of-{name}")
    async with mirrored(tmp_path, answers({}), answers({})) as pair:
        made = with_mirror(pair.world.upstream.port, pair.mirror.port)
        upstreams = tuple(msgspec.structs.replace(each, credential=each.name) for each in made.contracts.upstreams)
        contracts = msgspec.structs.replace(made.contracts, upstreams=upstreams)
        manifest = msgspec.structs.replace(made.manifest, contracts=encode_part(contracts)[0])
        pair.world.adopt(Snapshot(manifest, contracts, made.access))
        await pair.world.ask("GET", "/orders/v1/orders/7")
        await pair.settled()
        assert pair.world.upstream.seen[0].fields[b"authorization"] == b"Bearer key-of-shop"
        assert pair.mirror.seen[0].fields[b"authorization"] == b"Bearer key-of-next"


async def test_differences_are_counted_by_kind_and_place(tmp_path: Path) -> None:
    original, copy = {"sku": "a", "total": 1, "new@x": 1}, {"sku": "secret-of-b", "total": 1.0}
    async with mirrored(tmp_path, answers(original), answers(copy)) as pair:
        answer = await pair.get(X_Request_Id="request-0001")
        assert json.loads(answer.body) == original
        report = await pair.settled()
        assert report["outcomes"] == {"different": 1}
        assert sorted(told(report)) == [("missing", "/*", 1), ("value", "/sku", 1)]
        assert report["differences"][0]["request_ids"] == ["request-0001"]
        assert "secret" not in json.dumps(report)
        state = State(pair.world.pipeline, pair.world.access_log, None, None)
        text = "".join(expose(pair.world.counting, state.samples()))
        labels = 'api="orders",version="v1",operation="getOrder",upstream="next"'
        assert f'ostiary_mirror_calls_total{{{labels},outcome="different"}} 1' in text
        assert f'ostiary_mirror_differences_total{{{labels},kind="value"}} 1' in text


async def test_what_settings_ignore_is_none(tmp_path: Path) -> None:
    original, copy = answers({"sku": "a", "total": 1}), answers({"sku": "b", "total": 1})
    async with mirrored(tmp_path, original, copy, ignore=["/sku"]) as pair:
        await pair.get()
        assert (await pair.settled())["outcomes"] == {"equal": 1}


async def test_another_status_is_a_difference(tmp_path: Path) -> None:
    async with mirrored(tmp_path, answers({"sku": "a"}), answers({"sku": "a"}, 404)) as pair:
        assert (await pair.get()).status == 200
        assert told(await pair.settled()) == [("status", "200 404", 1)]


async def test_answers_may_come_encoded_or_in_parts_to_who_has_asked_for_that(tmp_path: Path) -> None:
    """A mirror takes nothing from callers: not even the encodings that they accept."""
    async with mirrored(tmp_path, answers({"sku": "a"}), answers({"sku": "a"})) as pair:
        await pair.get(Accept_Encoding="br, gzip", Range="bytes=0-3")
        (seen,) = pair.world.upstream.seen
        assert (seen.fields[b"accept-encoding"], seen.fields[b"range"]) == (b"br, gzip", b"bytes=0-3")
        assert (await pair.settled())["reasons"] == {"skipped": {"conditional": 1}}


async def test_writes_are_copied_only_where_that_is_said(tmp_path: Path) -> None:
    original, copy = answers({"sku": "a"}, 201), answers({"sku": "a"}, 201)
    async with mirrored(tmp_path, original, copy) as pair:
        assert (await pair.post()).status == 201
        assert (pair.reports, pair.mirror.seen) == ([], [])
    (tmp_path / "said").mkdir()
    async with mirrored(tmp_path / "said", original, copy, methods=["POST"]) as pair:
        await pair.get()
        assert (await pair.post()).status == 201
        assert (await pair.settled("placeOrder"))["outcomes"] == {"equal": 1}
        assert [(seen.line, seen.body) for seen in pair.mirror.seen] == [
            (b"POST /next/orders HTTP/1.1", b'{"sku": "a"}')
        ]


async def test_a_body_that_streams_through_is_not_copied(tmp_path: Path) -> None:
    async with mirrored(tmp_path, answers({}), answers({}), methods=["PUT"]) as pair:
        path = "/orders/v1/files/a"
        answer = await pair.world.ask("PUT", path, b"x" * 100_000, Content_Type="application/octet-stream")
        assert answer.status == 200
        assert pair.report("upload")["reasons"] == {"skipped": {"streamed": 1}}


async def test_without_a_share_nothing_is_copied(tmp_path: Path) -> None:
    async with mirrored(tmp_path, answers({}), answers({}), percent=0) as pair:
        await pair.get()
        assert (pair.report()["outcomes"], pair.mirror.seen) == ({}, [])


async def test_what_is_not_compared_is_sent_all_the_same(tmp_path: Path) -> None:
    async with mirrored(tmp_path, answers({}), answers({}), compare=False) as pair:
        await pair.get()
        assert (await pair.settled())["reasons"] == {"uncompared": {"not-asked-for": 1}}


async def test_the_answer_to_head_is_compared_by_its_head(tmp_path: Path) -> None:
    async with mirrored(tmp_path, answers({"sku": "a"}), answers({"sku": "b"})) as pair:
        assert (await pair.world.ask("HEAD", "/orders/v1/orders/7", bearer=None)).status == 200
        assert (await pair.settled())["outcomes"] == {"uncompared": 1}


# -- that no caller can tell ------------------------------------------------------------------------------------


async def hangs(request: SeenRequest, reader: Any, writer: asyncio.StreamWriter) -> bool:
    await asyncio.Event().wait()
    return False


async def breaks_off(request: SeenRequest, reader: Any, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\nhalf")
    await writer.drain()
    return False


async def never_ends(request: SeenRequest, reader: Any, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
        await writer.drain()


async def no_http(request: SeenRequest, reader: Any, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"\x00\x01 nothing that is HTTP\r\n\r\n")
    return False


async def switches(request: SeenRequest, reader: Any, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n")
    return True


NESTED = b"[" * 5_000 + b"]" * 5_000


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (hangs, {"failed": {"upstream-timeout": 1}}),
        (hangs_up, {"failed": {"upstream-unreachable": 1}}),
        (breaks_off, {"failed": {"upstream-unreachable": 1}}),
        (no_http, {"failed": {"upstream-malformed": 1}}),
        (switches, {"failed": {"upstream-malformed": 1}}),
        (never_ends, {"uncompared": {"body": 1}}),
        (answers(b" " * (MOST_COMPARED + 1)), {"uncompared": {"body": 1}}),
        (answers({"sku": "a"}, Content_Encoding="gzip"), {"uncompared": {"body": 1}}),
        (answers(NESTED), {}),
        (answers(b"{"), {}),
        (says(401), {}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_whatever_the_mirror_does_the_caller_is_answered(
    tmp_path: Path, script: Script, outcome: dict[str, Any]
) -> None:
    async with mirrored(tmp_path, answers({"sku": "a"}), script, timeout=0.3) as pair:
        answer = await pair.get()
        assert (answer.status, json.loads(answer.body)) == (200, {"sku": "a"})
        report = await pair.settled()
        assert (report["reasons"], report["in_flight"]) == (outcome, 0)
        assert ("different" in report["outcomes"]) is (not outcome)


async def test_a_mirror_that_is_not_there_takes_nothing(tmp_path: Path) -> None:
    async with mirrored(tmp_path, answers({"sku": "a"}), answers({})) as pair:
        with nobody() as port:
            pair.world.adopt(with_mirror(pair.world.upstream.port, port))
            assert (await pair.get()).status == 200
            assert (await pair.settled())["reasons"] == {"failed": {"upstream-unreachable": 1}}


async def test_the_caller_does_not_wait_for_the_mirror(tmp_path: Path) -> None:
    """The mirror answers when the caller has everything, and not before."""
    may_answer = asyncio.Event()

    async def late(request: SeenRequest, reader: Any, writer: asyncio.StreamWriter) -> bool:
        await may_answer.wait()
        return await answers({"sku": "a"})(request, reader, writer)

    async with mirrored(tmp_path, answers({"sku": "a"}), late) as pair:
        assert (await pair.get()).status == 200
        assert pair.report()["in_flight"] == 1
        may_answer.set()
        assert (await pair.settled())["outcomes"] == {"equal": 1}


@pytest.mark.parametrize("encoding", ["br", "gzip"])
async def test_an_encoding_that_the_caller_asked_for_is_undone_or_let_be(tmp_path: Path, encoding: str) -> None:
    body = gzip.compress(b'{"sku": "a"}') if encoding == "gzip" else b"not for us to read"
    original = answers(body, Content_Encoding=encoding)
    async with mirrored(tmp_path, original, answers({"sku": "a"})) as pair:
        answer = await pair.get(Accept_Encoding="br, gzip")
        assert (answer.fields[b"content-encoding"], answer.body) == (encoding.encode(), body)
        outcomes = {"equal": 1} if encoding == "gzip" else {"uncompared": 1}
        assert (await pair.settled())["outcomes"] == outcomes


async def test_a_long_answer_streams_on_and_is_not_kept(tmp_path: Path) -> None:
    """The upstream sends its second half only when the client has the first."""
    half, taken = b" " * 3_000_000, asyncio.Event()

    async def long(request: SeenRequest, reader: Any, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"%x\r\n%b\r\n" % (len(half), half))
        await writer.drain()
        await taken.wait()
        writer.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(half), half))
        return True

    async with mirrored(tmp_path, long, answers({})) as pair, raw_client(pair.world.port) as client:
        await client.send(b"GET /orders/v1/orders/7 HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(PATIENCE):
            await client.reader.readuntil(b"\r\n\r\n")
            got = 0
            while got < len(half):
                got += len(await client.reader.read(65536))
            taken.set()
            while not (piece := await client.reader.read(65536)).endswith(b"0\r\n\r\n"):
                assert piece
        assert (await pair.settled())["reasons"] == {"uncompared": {"body": 1}}


async def test_a_mirror_may_be_the_first_to_answer(tmp_path: Path) -> None:
    answered = asyncio.Event()

    async def first(request: SeenRequest, reader: Any, writer: asyncio.StreamWriter) -> bool:
        await answers({"sku": "a"})(request, reader, writer)
        await writer.drain()
        answered.set()
        return True

    async def second(request: SeenRequest, reader: Any, writer: asyncio.StreamWriter) -> bool:
        await answered.wait()
        return await answers({"sku": "a"})(request, reader, writer)

    async with mirrored(tmp_path, second, first) as pair:
        assert (await pair.get()).status == 200
        assert (await pair.settled())["outcomes"] == {"equal": 1}


async def test_copies_beyond_their_number_are_dropped(tmp_path: Path) -> None:
    async with mirrored(tmp_path, answers({}), hangs, concurrency=2) as pair:
        for _ in range(5):
            assert (await pair.get()).status == 200
        report = pair.report()
        assert (report["in_flight"], report["reasons"]) == (2, {"dropped": {"concurrency": 3}})
        assert len(pair.mirror.seen) <= 2


async def test_a_caller_that_was_not_answered_is_no_difference(tmp_path: Path) -> None:
    async with mirrored(tmp_path, hangs_up, answers({})) as pair:
        assert (await pair.get()).status == 502
        assert (await pair.settled())["reasons"] == {"uncompared": {"caller-not-answered": 1}}


async def test_a_stage_that_fails_lets_the_call_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(exchange: Any) -> str:
        raise RuntimeError("a fault")

    monkeypatch.setattr("policies.mirror._why_not", fails)
    async with mirrored(tmp_path, answers({"sku": "a"}), answers({})) as pair:
        assert (await pair.get()).status == 200
        assert pair.report()["reasons"] == {"failed": {"fault": 1}}


async def test_a_sender_that_fails_lets_the_call_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> bytes:
        raise RuntimeError("a fault")

    monkeypatch.setattr("gateway.adapters.mirroring.request_head", fails)
    async with mirrored(tmp_path, answers({"sku": "a"}), answers({})) as pair:
        assert (await pair.get()).status == 200
        report = pair.report()
        assert (report["reasons"], report["in_flight"]) == ({"failed": {"fault": 1}}, 0)


# -- an Odoo that is to replace another -------------------------------------------------------------------------


async def odoo_report(world: Gateway, operation: str, count: int = 1) -> dict[str, Any]:
    """The report of an operation, once it has so many outcomes."""
    assert world.pipeline.runtime is not None
    reports: Callable[[], list[MirrorCounts]] = world.pipeline.runtime.ports.mirror_reports.every
    await until(
        lambda: any(
            sum(each.outcomes.values()) >= count and each.name.operation == operation for each in reports()
        )
    )
    (found,) = [each for each in documents(reports()) if each["operation"] == operation]
    return found


async def test_odoo_17_is_held_against_odoo_19(tmp_path: Path) -> None:
    use = PolicyUse("mirror", config={"to": "depot"})
    async with (
        odoo("17.0") as erp,
        odoo("19.0") as depot,
        mediating(tmp_path, erp, depot, use, protocols=("jsonrpc", "json2")) as world,
    ):
        answer = await world.ask("GET", "/orders/v1/orders")
        assert json.loads(answer.body)["data"]
        assert (await odoo_report(world, "listOrders"))["outcomes"] == {"equal": 1}


async def test_a_write_of_odoo_is_made_in_both_where_that_is_said(tmp_path: Path) -> None:
    use = PolicyUse("mirror", config={"to": "depot", "methods": ["POST"]})
    async with odoo() as erp, odoo() as depot, mediating(tmp_path, erp, depot, use) as world:
        answer = await world.ask("POST", "/orders/v1/orders", NEW_ORDER, Content_Type="application/json")
        assert answer.status == 201
        assert (await odoo_report(world, "placeOrder"))["outcomes"] == {"equal": 1}
        refused = await world.ask(
            "POST", "/orders/v1/orders", b'{"reference": "no customer"}', Content_Type="application/json"
        )
        assert refused.status == 422
        await until(lambda: world.pipeline.runtime.ports.mirror_reports.every()[0].outcomes == {("equal", ""): 2})  # type: ignore[union-attr]


async def test_an_odoo_mirror_that_is_down_or_hangs_takes_nothing(tmp_path: Path) -> None:
    use = PolicyUse("mirror", config={"to": "depot", "timeout": 0.2})
    with nobody() as port:
        (tmp_path / "down").mkdir()
        async with odoo() as erp, mediating(tmp_path / "down", erp, f"http://127.0.0.1:{port}", use) as world:
            assert (await world.ask("GET", "/orders/v1/orders")).status == 200
            assert (await odoo_report(world, "listOrders"))["reasons"] == {"failed": {"upstream-unreachable": 1}}
    (tmp_path / "hangs").mkdir()
    async with (
        odoo() as erp,
        raw_upstream(hangs) as depot,
        mediating(tmp_path / "hangs", erp, f"http://127.0.0.1:{depot.port}", use) as world,
    ):
        assert (await world.ask("GET", "/orders/v1/orders")).status == 200
        assert (await odoo_report(world, "listOrders"))["reasons"] == {"failed": {"upstream-timeout": 1}}
        assert {seen.fields[b"x-ostiary-mirror"] for seen in depot.seen} == {b"1"}


# -- the report itself ------------------------------------------------------------------------------------------


def test_a_report_is_bounded() -> None:
    report = MirrorCounts(MirrorName("orders", "v1", "getOrder", "next"))
    for number in range(MOST_DIFFERENCES + 50):
        report.compared(f"r-{number}", {("value", f"/{number}")})
    assert len(report.differences) == MOST_DIFFERENCES + 1
    assert report.differences["value", "(others)"].count == 50
    assert list(report.differences["value", "(others)"].request_ids) == ["r-247", "r-248", "r-249"]


def test_reports_of_several_workers_are_one() -> None:
    counts = []
    for number, count in ((1, 2), (2, 1)):
        report = MirrorCounts(MirrorName("orders", "v1", "getOrder", "next"))
        for each in range(count):
            report.compared(
                f"{number}-{each}", {("value", "/sku"), ("status", "200 404")} if each else {("value", "/sku")}
            )
        report.count("failed", "upstream-timeout")
        counts.append(report)
    (found,) = documents(counts)
    assert found["outcomes"] == {"different": 3, "failed": 2}
    assert found["reasons"] == {"failed": {"upstream-timeout": 2}}
    assert told(found) == [("value", "/sku", 3), ("status", "200 404", 1)]
    assert found["differences"][0]["request_ids"] == ["1-0", "1-1", "2-0"]
