"""Secrets of upstreams that are replaced while the gateway serves: taken up from their files without a restart."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from catalog.cli.processes import family
from contracts.operations import OdooBackend, Operation
from contracts.snapshot import Snapshot, SnapshotError, Upstream, UpstreamTls, encode_part, pack
from gateway.changeover import Changeover
from gateway.secret_watch import SecretWatch
from gateway.secrets import UpstreamSecrets
from tests.gateway.gateway_process import public_operations, start
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, snapshot
from tests.gateway.http_harness import PATIENCE, RawUpstream, SeenRequest, raw_client, raw_upstream
from tests.gateway.tls_harness import Authority


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    return folder


def with_upstreams(made: Snapshot, *upstreams: Upstream) -> Snapshot:
    contracts = msgspec.structs.replace(made.contracts, upstreams=upstreams)
    manifest = msgspec.structs.replace(made.manifest, contracts=encode_part(contracts)[0])
    return msgspec.structs.replace(made, contracts=contracts, manifest=manifest)


@contextlib.asynccontextmanager
async def watched(directory: Path, made: Snapshot) -> AsyncIterator[Gateway]:
    """A gateway that serves `made`, has it on disk, so to speak, and looks at its secrets often."""
    async with gateway(directory, made=made) as world:
        changeover = Changeover(world.builder, world.pipeline, world.counting)
        watch = SecretWatch(
            UpstreamSecrets(directory / "secrets"), lambda: changeover.renew(lambda: pack(made)), every=0.02
        )
        task = asyncio.create_task(watch.run())
        try:
            yield world
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def eventually(what: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await what():
            await asyncio.sleep(0.02)


def sends(world: Gateway, upstream: RawUpstream, credential: str, path: str = "/orders/v1/orders") -> Any:
    async def asked() -> bool:
        await world.ask("GET", path)
        return upstream.seen[-1].fields.get(b"authorization") == credential.encode()

    return asked


async def test_a_replaced_credential_is_sent_and_no_connection_is_lost(tmp_path: Path, secrets: Path) -> None:
    (secrets / "key").write_text("one")
    async with raw_upstream() as upstream:
        made = snapshot(port=upstream.port, upstream={"credential": "key"})
        async with watched(tmp_path, made) as world:
            assert await sends(world, upstream, "Bearer one")()
            (secrets / "key").write_text("two-is-longer")
            await eventually(sends(world, upstream, "Bearer two-is-longer"))
            assert upstream.connections == 1
            assert not [line for line in await world.logged() if line["status"] != 200]


@pytest.mark.parametrize("bad", [None, "", "no\x01control"], ids=["gone", "empty", "unusable"])
async def test_one_that_cannot_be_used_changes_nothing(bad: str | None, tmp_path: Path, secrets: Path) -> None:
    """The sign that it was looked at is another upstream's, whose secret was replaced at the same moment."""
    (secrets / "key").write_text("one")
    (secrets / "other").write_text("one")
    async with raw_upstream() as upstream, raw_upstream() as second:
        plain = snapshot(orders(), elsewhere(), port=upstream.port)
        made = with_upstreams(
            plain,
            Upstream("shop", "http", f"http://127.0.0.1:{upstream.port}", credential="key"),
            Upstream("depot", "http", f"http://127.0.0.1:{second.port}", credential="other"),
        )
        async with watched(tmp_path, made) as world:
            if bad is None:
                (secrets / "key").unlink()
            else:
                (secrets / "key").write_text(bad)
            (secrets / "other").write_text("replaced")
            await eventually(sends(world, second, "Bearer replaced", "/depot/v1/ping"))
            assert await sends(world, upstream, "Bearer one")()


def elsewhere() -> Any:
    ping = msgspec.structs.replace(
        operations()[-1], backend=msgspec.structs.replace(operations()[-1].backend, upstream="depot")
    )
    return orders(ping, api="depot", base_path="/depot/v1")


async def test_another_authority_is_trusted(tmp_path: Path, secrets: Path) -> None:
    old, new = Authority(tmp_path, "old"), Authority(tmp_path, "new")
    (secrets / "ca").write_text(old.path.read_text())
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(new.issue("server", "127.0.0.1"))
    async with raw_upstream(tls=server) as upstream:
        url = f"https://127.0.0.1:{upstream.port}/backend"
        made = with_upstreams(snapshot(), Upstream("shop", "http", url, tls=UpstreamTls(ca="ca")))
        async with watched(tmp_path, made) as world:
            assert (await world.ask("GET", "/orders/v1/orders")).status == 502

            async def answered() -> bool:
                return (await world.ask("GET", "/orders/v1/orders")).status == 200

            (secrets / "ca").write_text(new.path.read_text())
            await eventually(answered)


async def test_a_call_under_way_ends_under_the_trust_that_it_began_with(tmp_path: Path, secrets: Path) -> None:
    authority = Authority(tmp_path)
    (secrets / "ca").write_text(authority.path.read_text())
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(authority.issue("server", "127.0.0.1"))
    go = asyncio.Event()

    async def held(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if request.line.startswith(b"GET /backend/orders "):
            await go.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        return True

    async with raw_upstream(held, tls=server) as upstream:
        url = f"https://127.0.0.1:{upstream.port}/backend"
        made = with_upstreams(snapshot(), Upstream("shop", "http", url, tls=UpstreamTls(ca="ca")))
        async with watched(tmp_path, made) as world:
            call = asyncio.create_task(world.ask("GET", "/orders/v1/orders"))

            async def begun() -> bool:
                return bool(upstream.seen)

            await eventually(begun)
            before = world.pipeline.runtime
            (secrets / "ca").write_text(authority.path.read_text() * 2)

            async def swapped() -> bool:
                return world.pipeline.runtime is not before

            await eventually(swapped)
            assert (await world.ask("GET", "/orders/v1/ping", bearer=None)).status == 200
            go.set()
            assert (await call).status == 200
            assert upstream.connections == 2


async def test_another_key_for_odoo(tmp_path: Path, secrets: Path) -> None:
    (secrets / "key").write_text("one")

    async def rows(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")
        return False

    backend = OdooBackend("erp", "sale.order", "list")
    listed = Operation("list", "GET", "/orders", "/paths/~1orders/get", backend, scopes=(("orders:read",),))
    async with raw_upstream(rows) as upstream:
        erp = Upstream("erp", "odoo", f"http://127.0.0.1:{upstream.port}", credential="key", protocol="json2")
        async with watched(tmp_path, with_upstreams(snapshot(orders(listed)), erp)) as world:
            assert await sends(world, upstream, "bearer one")()
            (secrets / "key").write_text("another")
            await eventually(sends(world, upstream, "bearer another"))


async def test_what_was_not_served_for_want_of_a_secret_is_served(tmp_path: Path, secrets: Path) -> None:
    authority = Authority(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(authority.issue("server", "127.0.0.1"))
    async with raw_upstream(tls=server) as upstream, raw_upstream() as second:
        made = with_upstreams(
            snapshot(orders(), elsewhere()),
            Upstream("shop", "http", f"https://127.0.0.1:{upstream.port}", tls=UpstreamTls(ca="ca")),
            Upstream("depot", "http", f"http://127.0.0.1:{second.port}"),
        )
        async with watched(tmp_path, made) as world:
            runtime = world.pipeline.runtime
            assert runtime is not None
            assert list(runtime.rejected) == ["orders/v1"]
            (secrets / "ca").write_text(authority.path.read_text())

            async def served() -> bool:
                return (await world.ask("GET", "/orders/v1/orders")).status == 200

            await eventually(served)
            assert world.pipeline.runtime is not None
            assert not world.pipeline.runtime.rejected


async def test_what_is_in_force_has_to_be_what_is_on_disk(tmp_path: Path, secrets: Path) -> None:
    async with gateway(tmp_path) as world:
        before = world.pipeline.runtime
        changeover = Changeover(world.builder, world.pipeline, world.counting)
        for stored in (None, pack(snapshot(orders(title="Another")))):
            with pytest.raises(SnapshotError, match="not what is on disk"):
                await changeover.renew(lambda stored=stored: stored)
        assert world.pipeline.runtime is before


async def test_nothing_is_made_anew_where_nothing_changed(tmp_path: Path, secrets: Path) -> None:
    """Files of others may lie there, too."""
    (secrets / "key").write_text("one")
    async with raw_upstream() as upstream:
        made = snapshot(port=upstream.port, upstream={"credential": "key"})
        async with gateway(tmp_path, made=made) as world:
            before = world.pipeline.runtime
            (secrets / "others").write_text("new")
            await Changeover(world.builder, world.pipeline, world.counting).renew(lambda: pack(made))
            assert world.pipeline.runtime is before


async def test_a_file_that_is_being_written_is_waited_for() -> None:
    looks = iter("aabcddddd")
    called: list[str] = []
    done = asyncio.Event()

    class Secrets(UpstreamSecrets):
        last = ""

        def state(self) -> object:
            self.last = next(looks, "")
            if not self.last:
                done.set()
            return self.last or "d"

    secrets = Secrets(None)

    async def renew() -> None:
        called.append(secrets.last)

    task = asyncio.create_task(SecretWatch(secrets, renew, every=0).run())
    async with asyncio.timeout(PATIENCE):
        await done.wait()
    task.cancel()
    assert called == ["d"], "b and c were seen once only"


@pytest.mark.xdist_group("stack")
async def test_in_a_process(tmp_path: Path, secrets: Path) -> None:
    (secrets / "key").write_text("one")
    async with raw_upstream() as upstream:
        made = snapshot(orders(*public_operations()), port=upstream.port, upstream={"credential": "key"})
        with family(tmp_path / "logs") as members:
            running = await start(members, tmp_path / "gateway", made, secrets=str(secrets))
            async with raw_client(running.port) as client:

                async def sent(credential: bytes) -> bool:
                    answer = await client.ask(b"GET /orders/v1/ping HTTP/1.1\r\nHost: a\r\n\r\n")
                    assert answer.status == 200
                    return upstream.seen[-1].fields[b"authorization"] == b"Bearer " + credential

                assert await sent(b"one")
                (secrets / "key").write_text("replaced")
                await eventually(lambda: sent(b"replaced"))
            log = running.child.log.read_text()
    assert "upstream secret taken up" in log
    assert "replaced" not in log
