"""TLS towards upstreams: whom the gateway trusts, what it shows, and that nothing is sent where that is not so."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import uvloop

from contracts.problems import Problem
from contracts.resilience import HealthCheck
from contracts.snapshot import Timeouts, Upstream, UpstreamTls, encode_part
from contracts.upstream_tls import UpstreamTlsError, client_context
from gateway.secrets import UpstreamSecrets
from gateway.upstreams.http import HttpUpstream
from gateway.upstreams.odoo.transport import Poster
from gateway.upstreams.resilience.http_service import HttpService
from tests.gateway.gateway_world import gateway, problem_of, snapshot
from tests.gateway.http_harness import PATIENCE, Recorder, raw_upstream
from tests.gateway.tls_harness import Authority

HEAD = b"GET /a HTTP/1.1\r\nhost: upstream\r\n\r\n"


class World:
    """An authority, a server's context, and the gateway's secrets."""

    def __init__(self, folder: Path, *hosts: str, ask: bool = False) -> None:
        self.folder = folder
        self.secrets = UpstreamSecrets(folder / "secrets")
        (folder / "secrets").mkdir()
        self.authority = Authority(folder)
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(self.authority.issue("server", *hosts))
        if ask:
            self.server.load_verify_locations(self.authority.path)
            self.server.verify_mode = ssl.CERT_REQUIRED
        self.keep("our-ca", self.authority.path)

    def keep(self, name: str, source: Path) -> None:
        (self.folder / "secrets" / name).write_bytes(source.read_bytes())

    def upstream(self, port: int, tls: UpstreamTls | None, **more: Any) -> Upstream:
        limits = Timeouts(connect=PATIENCE, first_byte=PATIENCE)
        return Upstream("shop", "http", f"https://127.0.0.1:{port}", limits, tls=tls, **more)


async def call(world: World, tls: UpstreamTls | None) -> Recorder:
    async with raw_upstream(tls=world.server) as server:
        upstream = world.upstream(server.port, tls)
        pool = HttpUpstream(upstream, ssl_context=client_context(upstream, world.secrets))
        recorder = Recorder()
        pool.call(HEAD, recorder)
        await recorder.wait()
        pool.close()
        assert len(server.seen) == (recorder.status == 200)
        return recorder


async def post(world: World, tls: UpstreamTls | None) -> bool:
    """The way to Odoo; whether it was answered."""
    async with raw_upstream(tls=world.server) as server, aiohttp.ClientSession() as session:
        upstream = world.upstream(server.port, tls)
        context = client_context(upstream, world.secrets)
        poster = Poster(session, upstream.url, upstream.timeouts, {}, context)
        deadline = asyncio.get_running_loop().time() + PATIENCE
        reply = await poster.post("/jsonrpc", b"{}", writing=False, told={}, deadline=deadline)
        assert len(server.seen) == (not isinstance(reply, Problem))
        return not isinstance(reply, Problem)


TRUSTED = UpstreamTls(ca="our-ca")
NAMED = UpstreamTls(ca="our-ca", server_name="odoo.internal")
CERTIFIED = UpstreamTls(ca="our-ca", client_certificate="our-certificate")

on_both_loops = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


@on_both_loops
@pytest.mark.parametrize(
    ("hosts", "ask", "tls", "answered"),
    [
        (("127.0.0.1",), False, TRUSTED, True),
        (("127.0.0.1",), False, None, False),
        (("127.0.0.1",), False, UpstreamTls(server_name="127.0.0.1"), False),
        (("other.example",), False, TRUSTED, False),
        (("odoo.internal",), False, NAMED, True),
        (("127.0.0.1",), False, NAMED, False),
        (("127.0.0.1",), True, CERTIFIED, True),
        (("127.0.0.1",), True, TRUSTED, False),
    ],
    ids=[
        "our-authority",
        "unknown-authority",
        "unknown-authority-by-name",
        "wrong-name",
        "other-name-asked-for",
        "other-name-not-there",
        "client-certificate",
        "client-certificate-missing",
    ],
)
def test_who_is_called(
    tmp_path: Path, run: Any, hosts: tuple[str, ...], ask: bool, tls: UpstreamTls | None, answered: bool
) -> None:
    async def scenario() -> None:
        world = World(tmp_path, *hosts, ask=ask)
        world.keep("our-certificate", world.authority.issue("gateway"))
        recorder = await call(world, tls)
        assert (recorder.status == 200) is answered
        if not answered:
            assert recorder.failure == "upstream-unreachable"
        assert await post(world, tls) is answered

    run(scenario())


async def test_name_is_asked_for(tmp_path: Path) -> None:
    world = World(tmp_path, "odoo.internal")
    asked: list[str | None] = []
    world.server.sni_callback = lambda connection, name, context: asked.append(name)
    assert (await call(world, NAMED)).status == 200
    assert asked == ["odoo.internal"]


async def test_health_checks_use_the_same_trust(tmp_path: Path) -> None:
    world = World(tmp_path, "127.0.0.1", ask=True)
    world.keep("our-certificate", world.authority.issue("gateway"))
    check = HealthCheck(path="/healthz", interval=0.5)
    async with raw_upstream(tls=world.server) as server, aiohttp.ClientSession() as session:
        upstream = world.upstream(server.port, CERTIFIED, health=check)
        service = HttpService(upstream, session, tls=client_context(upstream, world.secrets))
        service.start()
        async with asyncio.timeout(PATIENCE):
            while not server.seen:
                await asyncio.sleep(0.01)
        service.close()
        assert server.seen[0].line == b"GET /healthz HTTP/1.1"


def test_plain_http_has_no_context(tmp_path: Path) -> None:
    assert client_context(Upstream("shop", "http", "http://shop", tls=TRUSTED), UpstreamSecrets(tmp_path)) is None


def test_targets_count(tmp_path: Path) -> None:
    upstream = Upstream("shop", "http", "http://shop", targets=("https://10.0.0.7",))
    context = client_context(upstream, UpstreamSecrets(tmp_path))
    assert context is not None
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize(
    ("tls", "said"),
    [
        (UpstreamTls(ca="absent"), "there is no secret 'absent'"),
        (UpstreamTls(ca="nonsense"), "'nonsense' holds no certificate"),
        (UpstreamTls(client_certificate="absent"), "there is no secret 'absent'"),
        (UpstreamTls(client_certificate="our-ca"), "'our-ca' holds no certificate with its key"),
        (UpstreamTls(client_certificate="nonsense"), "'nonsense' holds no certificate with its key"),
    ],
)
def test_what_is_not_there_is_said(tmp_path: Path, tls: UpstreamTls, said: str) -> None:
    world = World(tmp_path)
    (tmp_path / "secrets" / "nonsense").write_text("canary")
    with pytest.raises(UpstreamTlsError, match=said) as caught:
        client_context(world.upstream(1, tls), world.secrets)
    assert "canary" not in str(caught.value)


async def test_api_of_an_upstream_without_its_trust_is_not_served(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world:
        there = world.pipeline.runtime
        assert there is not None
        shop = {"tls": UpstreamTls(ca="absent"), "connections": 3}
        made = snapshot(port=world.upstream.port, serial=2, upstream=shop)
        (server,) = made.contracts.upstreams
        secure = msgspec.structs.replace(server, url=server.url.replace("http:", "https:"))
        world.adopt(_with_upstream(made, secure))
        runtime = world.pipeline.runtime
        assert runtime is not None
        assert "there is no secret 'absent'" in runtime.rejected["orders/v1"]
        answer = await world.ask("GET", "/orders/v1/orders/7")
        assert answer.status == 200, "it keeps its last good form"
        assert problem_of(await world.ask("GET", "/nowhere"))["status"] == 404


def _with_upstream(made: Any, upstream: Upstream) -> Any:
    contracts = msgspec.structs.replace(made.contracts, upstreams=(upstream,))
    manifest = msgspec.structs.replace(made.manifest, contracts=encode_part(contracts)[0])
    return msgspec.structs.replace(made, contracts=contracts, manifest=manifest)
