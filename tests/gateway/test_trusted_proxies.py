"""A proxy before the gateway: believed what it says of its client where it is listed, and nobody else is."""

import base64
import hashlib
import ipaddress
import ssl
from pathlib import Path

import pytest

from gateway.asgi import AsgiGateway
from gateway.settings import SettingsError, read_proxies
from gateway.wire.client_certificate import told_certificate
from gateway.wire.limits import ListenerSettings
from gateway.wire.proxies import TrustedProxies
from policies.exchange import ClientCertificate
from tests.gateway.asgi_harness import asgi_server
from tests.gateway.gateway_world import gateway
from tests.gateway.http_harness import Doorman, RawClient, listening, raw_client
from tests.gateway.tls_harness import Authority
from tests.support.policy_world import exchange

PROXIES = TrustedProxies(map(ipaddress.ip_network, ("127.0.0.1/32", "10.0.0.0/8", "2001:db8:1::/48")))
LIMITS = ListenerSettings(proxies=PROXIES)
PING = b"GET /orders/v1/ping HTTP/1.1\r\nHost: api.example\r\n%b\r\n"


def introduced(peer: str, **fields: bytes) -> tuple[str, str]:
    made = exchange()
    made.peer, made.scheme = peer, "http"
    made.fields.update({name.replace("_", "-").encode(): value for name, value in fields.items()})
    PROXIES.introduce(made)
    return made.peer, made.scheme


@pytest.mark.parametrize(
    ("said", "client"),
    [
        (b"192.0.2.7", "192.0.2.7"),
        (b"203.0.113.9, 192.0.2.7", "192.0.2.7"),
        (b"203.0.113.9,192.0.2.7,10.1.2.3", "192.0.2.7"),
        (b"10.9.9.9, 10.1.2.3", "10.9.9.9"),
        (b"192.0.2.7:4711", "192.0.2.7"),
        (b"2001:db8::7", "2001:db8::7"),
        (b"[2001:db8::7]:4711", "2001:db8::7"),
        (b"2001:db8::7, 2001:db8:1::1", "2001:db8::7"),
        (b"::ffff:192.0.2.7", "192.0.2.7"),
        (b"", "127.0.0.1"),
        (b"unknown", "127.0.0.1"),
        (b"192.0.2.7, unknown", "127.0.0.1"),
        (b"192.0.2.7, unknown, 10.1.2.3", "10.1.2.3"),
        (b"192.0.2.7,", "127.0.0.1"),
        (b"192.0.2.7\xe4", "127.0.0.1"),
        (b"fe80::1%eth0", "127.0.0.1"),
        (b"192.0.2.7 10.0.0.1", "127.0.0.1"),
    ],
)
def test_the_first_from_the_end_that_is_no_proxy_is_the_client(said: bytes, client: str) -> None:
    assert introduced("127.0.0.1", x_forwarded_for=said) == (client, "http")


@pytest.mark.parametrize(
    ("said", "scheme"),
    [(b"https", "https"), (b"HTTPS", "https"), (b"https, http", "http"), (b"", "http"), (b"gopher", "http")],
)
def test_the_scheme_is_what_the_nearest_proxy_says(said: bytes, scheme: str) -> None:
    assert introduced("127.0.0.1", x_forwarded_proto=said) == ("127.0.0.1", scheme)


def test_an_address_of_version_4_is_listed_in_version_6_too() -> None:
    assert PROXIES.lists("::ffff:10.0.0.1")
    assert not PROXIES.lists("::ffff:11.0.0.1")
    assert not PROXIES.lists("")


async def ask(client: RawClient, fields: bytes = b"") -> None:
    assert (await client.ask(PING % fields)).status == 200


async def test_the_upstream_and_the_log_have_the_client(tmp_path: Path) -> None:
    async with gateway(tmp_path, limits=LIMITS) as world, raw_client(world.port) as client:
        for number in (7, 8, 7):
            await ask(client, b"X-Forwarded-For: forged, 192.0.2.%d\r\nX-Forwarded-Proto: https\r\n" % number)
        lines = await world.logged(3)
        seen = [request.fields for request in world.upstream.seen]
    assert [line["peer"] for line in lines] == ["192.0.2.7", "192.0.2.8", "192.0.2.7"]
    assert [fields[b"x-forwarded-for"] for fields in seen] == [b"192.0.2.7", b"192.0.2.8", b"192.0.2.7"]
    assert {fields[b"x-forwarded-proto"] for fields in seen} == {b"https"}
    assert seen[0][b"forwarded"] == b'for=192.0.2.7;proto=https;host="api.example"'


async def test_a_client_that_says_the_same_of_itself_is_not_believed(tmp_path: Path) -> None:
    """Nor is it taken for the other, whose very fields it sends."""
    async with gateway(tmp_path, limits=LIMITS) as world:
        fields = b"X-Forwarded-For: 127.0.0.2\r\nX-Forwarded-Proto: https\r\n"
        for address in ("127.0.0.1", "127.0.0.2") * 2:
            async with raw_client(world.port, address) as client:
                await ask(client, fields)
        seen = [request.fields for request in world.upstream.seen]
    assert {fields[b"x-forwarded-for"] for fields in seen} == {b"127.0.0.2"}
    assert [fields[b"x-forwarded-proto"] for fields in seen] == [b"https", b"http"] * 2


async def test_without_a_list_nobody_is_believed() -> None:
    async with listening() as (doorman, _, port), raw_client(port) as client:
        await ask(client, b"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n")
    (made,) = doorman.exchanges
    assert (made.peer, made.scheme) == ("127.0.0.1", "http")


async def test_under_an_asgi_server() -> None:
    doorman = Doorman()
    async with asgi_server("uvicorn", AsgiGateway(doorman, LIMITS)) as port, raw_client(port) as client:
        await ask(client, b"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n")
    (made,) = doorman.exchanges
    assert (made.peer, made.scheme) == ("192.0.2.7", "https")


def test_the_setting() -> None:
    proxies = read_proxies(" 10.0.0.0/8, 2001:db8::1 ,")
    assert proxies is not None
    assert [proxies.lists(address) for address in ("10.1.2.3", "2001:db8::1", "192.0.2.7")] == [True, True, False]
    assert read_proxies("") is None
    for wrong in ("10.0.0.1/8", "proxy.example", "10.0.0.0/33"):
        with pytest.raises(SettingsError, match="TRUSTED_PROXIES"):
            read_proxies(wrong)


def test_a_certificate_is_believed_of_those_alone_who_were_asked_for_it(tmp_path: Path) -> None:
    pem = Authority(tmp_path).issue("acme").read_text()
    der = ssl.PEM_cert_to_DER_cert(pem[: pem.index("-----END") + 25])
    field = b":" + base64.b64encode(der) + b":"
    own = ClientCertificate("of-the-proxy-itself", "CN=proxy")
    asked = TrustedProxies(map(ipaddress.ip_network, ("10.0.0.0/8",)), certificates=True)
    for proxies, said, expected in (
        (asked, field, told_certificate(field)),
        (asked, b"", None),
        (asked, field[1:], None),
        (asked, b":no base64:", None),
        (asked, b":" + base64.b64encode(b"no certificate") + b":", None),
        (asked, field + b", " + field, None),
        (PROXIES, field, own),
    ):
        made = exchange()
        made.peer, made.client_certificate = "10.1.2.3", own
        made.fields[b"client-cert"] = said
        proxies.introduce(made)
        assert made.client_certificate == expected
    told = told_certificate(field)
    assert told is not None
    assert told.thumbprint == base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def test_to_ask_nobody_for_certificates_is_a_mistake() -> None:
    with pytest.raises(SettingsError, match="TRUSTED_CLIENT_CERT goes with"):
        read_proxies("", certificates=True)
