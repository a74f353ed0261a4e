"""TLS at the listener: what it offers, whom it asks for a certificate, and how it takes up new files."""

import asyncio
import base64
import contextlib
import hashlib
import shutil
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from gateway.listener import Listener
from gateway.listener_tls import LOOK_EVERY, ServerTls, TlsError, TlsFiles
from gateway.wire.limits import ListenerSettings
from tests.gateway.http_harness import PATIENCE, Doorman, RawClient
from tests.gateway.tls_harness import Authority

GET = b"GET /a HTTP/1.1\r\nHost: api.example\r\n\r\n"

Run = Callable[[Coroutine[Any, Any, None]], None]
# Both event loops have a TLS of their own.
on_both_loops = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def files(authority: Authority, **changes: Any) -> TlsFiles:
    pair = authority.issue("server", "127.0.0.1")
    return TlsFiles(pair, pair, **changes)


def trusting(authority: Authority, client: Path | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.path))
    if client is not None:
        context.load_cert_chain(client)
    return context


def put(source: Path, target: Path) -> None:
    """Replaces a file whole, as tools that renew certificates do."""
    shutil.copy(source, target.with_suffix(".part")).replace(target)


@contextlib.asynccontextmanager
async def serving(
    tls: ServerTls, settings: ListenerSettings | None = None
) -> AsyncIterator[tuple[Doorman, int, Listener]]:
    doorman = Doorman()
    listener = Listener(doorman, settings)
    port = await listener.start("127.0.0.1", 0, tls=tls.context)
    try:
        yield doorman, port, listener
    finally:
        listener.close()


@contextlib.asynccontextmanager
async def connected(port: int, context: ssl.SSLContext) -> AsyncIterator[RawClient]:
    client = RawClient(*await asyncio.open_connection("127.0.0.1", port, ssl=context))
    try:
        yield client
    finally:
        client.writer.transport.abort()


def connection_of(client: RawClient) -> ssl.SSLObject:
    found: ssl.SSLObject = client.writer.get_extra_info("ssl_object")
    return found


@on_both_loops
def test_http_1_1_is_all_that_is_offered(tmp_path: Path, run: Run) -> None:
    async def scenario() -> None:
        authority = Authority(tmp_path)
        async with serving(ServerTls(files(authority))) as (doorman, port, _):
            context = trusting(authority)
            context.set_alpn_protocols(["h2", "http/1.1"])
            async with connected(port, context) as client:
                assert connection_of(client).selected_alpn_protocol() == "http/1.1"
                assert (await client.ask(GET)).status == 200
            (exchange,) = doorman.exchanges
            assert (exchange.scheme, exchange.client_certificate) == ("https", None)

    run(scenario())


@on_both_loops
@pytest.mark.parametrize(
    ("version", "ciphers", "works"),
    [
        (ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0", False),
        (ssl.TLSVersion.TLSv1_2, "AES128-SHA256:ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA", False),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256", True),
        (ssl.TLSVersion.TLSv1_3, None, True),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
def test_old_versions_and_ciphers_are_not_spoken(
    tmp_path: Path, run: Run, version: ssl.TLSVersion, ciphers: str | None, works: bool
) -> None:
    async def scenario() -> None:
        authority = Authority(tmp_path)
        context = trusting(authority)
        if ciphers is not None:
            context.set_ciphers(ciphers)
        context.minimum_version = context.maximum_version = version
        async with serving(ServerTls(files(authority))) as (doorman, port, _):
            if works:
                async with connected(port, context) as client:
                    assert (await client.ask(GET)).status == 200
            else:
                with pytest.raises((ssl.SSLError, ConnectionError)):
                    await asyncio.open_connection("127.0.0.1", port, ssl=context)
            assert len(doorman.handlers) == works

    run(scenario())


@on_both_loops
@pytest.mark.parametrize("verify", ["optional", "required"])
def test_client_certificate_is_on_the_exchange(tmp_path: Path, run: Run, verify: Any) -> None:
    async def scenario() -> None:
        authority = Authority(tmp_path)
        tls = ServerTls(files(authority, client_ca=authority.path, client_verify=verify))
        issued = authority.issue("Acme, Inc")
        async with serving(tls) as (doorman, port, _):
            async with connected(port, trusting(authority, issued)) as client:
                for _ in range(2):
                    assert (await client.ask(GET)).status == 200
            first, second = doorman.exchanges
            assert first.client_certificate is second.client_certificate
            assert first.client_certificate is not None
            der = ssl.PEM_cert_to_DER_cert(issued.read_text().partition("-----BEGIN PRIVATE")[0])
            digest = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).decode().rstrip("=")
            assert first.client_certificate.thumbprint == digest
            assert first.client_certificate.subject == r"CN=Acme\, Inc"

    run(scenario())


@on_both_loops
@pytest.mark.parametrize(("verify", "served"), [("optional", 1), ("required", 0)])
def test_client_without_a_certificate(tmp_path: Path, run: Run, verify: Any, served: int) -> None:
    async def scenario() -> None:
        authority = Authority(tmp_path)
        tls = ServerTls(files(authority, client_ca=authority.path, client_verify=verify))
        async with serving(tls) as (doorman, port, _):
            with contextlib.suppress(ssl.SSLError, ConnectionError, asyncio.IncompleteReadError):
                async with connected(port, trusting(authority)) as client:
                    assert (await client.ask(GET)).status == 200
            assert len(doorman.handlers) == served
            if served:
                assert doorman.exchanges[0].client_certificate is None

    run(scenario())


@on_both_loops
def test_certificate_of_a_stranger_is_refused_even_where_none_is_needed(tmp_path: Path, run: Run) -> None:
    async def scenario() -> None:
        authority, other = Authority(tmp_path), Authority(tmp_path, "other")
        tls = ServerTls(files(authority, client_ca=authority.path))
        context = trusting(authority, other.issue("stranger"))
        async with serving(tls) as (doorman, port, _):
            with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
                async with connected(port, context) as client:
                    await client.ask(GET)
            assert doorman.handlers == []

    run(scenario())


@on_both_loops
def test_replaced_files_serve_the_next_handshake(tmp_path: Path, run: Run) -> None:
    async def scenario() -> None:
        before, after = Authority(tmp_path, "before"), Authority(tmp_path, "after")
        pair, clock = tmp_path / "pair.pem", Clock()
        put(before.issue("one", "127.0.0.1"), pair)
        async with serving(ServerTls(TlsFiles(pair, pair), clock)) as (_, port, _):
            async with connected(port, trusting(before)) as standing:
                assert (await standing.ask(GET)).status == 200
                put(after.issue("two", "127.0.0.1"), pair)
                clock.now += LOOK_EVERY
                for _ in range(2):
                    async with connected(port, trusting(after)) as client:
                        assert (await client.ask(GET)).status == 200
                assert (await standing.ask(GET)).status == 200, "a standing connection was dropped"
            with pytest.raises(ssl.SSLCertVerificationError):
                await asyncio.open_connection("127.0.0.1", port, ssl=trusting(before))

    run(scenario())


@on_both_loops
def test_replaced_authority_ends_the_trust_in_clients_of_the_one_before(tmp_path: Path, run: Run) -> None:
    async def scenario() -> None:
        authority, other = Authority(tmp_path), Authority(tmp_path, "other")
        trusted, clock = tmp_path / "trusted.pem", Clock()
        put(authority.path, trusted)
        tls = ServerTls(files(authority, client_ca=trusted, client_verify="required"), clock)
        ours, theirs = (trusting(authority, made.issue("client")) for made in (authority, other))
        async with serving(tls) as (doorman, port, _):
            async with connected(port, ours) as client:
                assert (await client.ask(GET)).status == 200
            put(other.path, trusted)
            clock.now += LOOK_EVERY
            async with connected(port, theirs) as client:
                assert (await client.ask(GET)).status == 200
            with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
                async with connected(port, ours) as client:
                    await client.ask(GET)
            assert len(doorman.handlers) == 2

    run(scenario())


def test_half_written_files_change_nothing(tmp_path: Path) -> None:
    authority, clock = Authority(tmp_path), Clock()
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    old = authority.issue("one", "127.0.0.1")
    for path in (certificate, key):
        put(old, path)
    tls = ServerTls(TlsFiles(certificate, key), clock)
    newest = tls._newest
    new = authority.issue("two", "127.0.0.1")
    put(new, certificate)
    tls.look()
    assert tls._newest is newest
    certificate.unlink()
    tls.look()
    assert tls._newest is newest
    put(new, certificate)
    put(new, key)
    tls.look()
    assert tls._newest is not newest


@on_both_loops
def test_handshake_that_is_never_begun_is_given_up(tmp_path: Path, run: Run) -> None:
    async def scenario() -> None:
        tls = ServerTls(files(Authority(tmp_path)))
        async with serving(tls, ListenerSettings(head_timeout=0.1)) as (doorman, port, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            async with asyncio.timeout(PATIENCE):
                with contextlib.suppress(ConnectionError):
                    assert await reader.read() == b""
            writer.close()
            assert doorman.refusals == []

    run(scenario())


def test_plain_http_is_not_answered(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(ServerTls(files(Authority(tmp_path)))) as (doorman, port, _):
            client = RawClient(*await asyncio.open_connection("127.0.0.1", port))
            await client.send(GET)
            assert not (await client.rest()).startswith(b"HTTP/")
            await client.close()
            assert doorman.handlers == []

    uvloop.run(scenario())


def unreadable(tmp_path: Path, authority: Authority) -> TlsFiles:
    return TlsFiles(tmp_path / "absent.pem", tmp_path / "absent.pem")


def no_pem(tmp_path: Path, authority: Authority) -> TlsFiles:
    path = tmp_path / "empty.pem"
    path.write_text("nothing")
    return TlsFiles(path, path)


def no_pair(tmp_path: Path, authority: Authority) -> TlsFiles:
    return TlsFiles(authority.issue("one"), authority.issue("two"))


def no_authority(tmp_path: Path, authority: Authority) -> TlsFiles:
    return files(authority, client_ca=tmp_path / "absent.pem")


@pytest.mark.parametrize("make", [unreadable, no_pem, no_pair, no_authority])
def test_files_that_cannot_serve(tmp_path: Path, make: Callable[[Path, Authority], TlsFiles]) -> None:
    with pytest.raises(TlsError, match=r"cannot be used: .+"):
        ServerTls(make(tmp_path, Authority(tmp_path)))
