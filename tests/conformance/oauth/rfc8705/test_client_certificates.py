"""RFC 8705, mutual TLS: clients prove themselves by certificates, and tokens are bound to them.

Over the catalog's own TLS listener, and behind a terminator that tells of certificates by RFC 9440.
"""

import base64
import datetime
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509

from catalog.api.tls import ListenerTls, TlsError
from catalog.oauth.policy import OAuthPolicy
from catalog.publishing.compilation import Compilation
from contracts.access import Application
from contracts.client_certificates import thumbprint
from contracts.oauth_client import CertificateSubject
from contracts.snapshot import ContractsPart
from tests.catalog.serving import AUDIENCE, World, serving
from tests.conformance.oauth.clients import GRANT, claims_of, client, served
from tests.conformance.oauth.tokens import Answer, post, secret_of
from tests.support.certificates import Made, localhost, make

CA = make("O=Partner Authority", authority=True)
STRANGERS = make("O=Other Authority", authority=True)
SHOP = make(
    "CN=shop,O=Acme",
    issuer=CA,
    alternatives=(x509.DNSName("shop.acme.example"), x509.UniformResourceIdentifier("spiffe://acme/shop")),
)
SELF = make("CN=self")
BEHIND = OAuthPolicy(terminators=("127.0.0.0/8",))


def by_name(client_id: str = "by-name", kind: str = "subject-dn", value: str = "CN=shop,O=Acme") -> Application:
    subject = CertificateSubject(kind, value)  # type: ignore[arg-type]
    return client(client_id, auth_methods=("tls_client_auth",), subject=subject, constraint="mtls")


def by_self(certificate: Made = SELF, client_id: str = "by-self") -> Application:
    return client(
        client_id,
        auth_methods=("self_signed_tls_client_auth",),
        certificates=(thumbprint(certificate.der),),
        trusted=(certificate.der,),
        constraint="mtls",
    )


def told(certificate: Made) -> tuple[str, str]:
    """How a terminator tells of a certificate (RFC 9440 §2.1)."""
    return "Client-Cert", f":{base64.b64encode(certificate.der).decode()}:"


async def ask(world: World, client_id: str, *headers: tuple[str, str]) -> Answer:
    return await post(world, f"{GRANT}&client_id={client_id}", headers=headers)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    names = (
        by_name("by-dns", "san-dns", "SHOP.acme.example"),
        by_name("by-uri", "san-uri", "spiffe://acme/shop"),
        by_name("by-other-dns", "san-dns", "shop.acme.example.evil"),
    )
    bound = client("bound", constraint="mtls")
    async with served(tmp_path, by_name(), by_self(), bound, client("by-secret"), *names, policy=BEHIND) as world:
        yield world


async def test_2_1_a_name_that_the_authority_vouches_for_proves_the_client(world: World) -> None:
    for client_id in ("by-name", "by-dns", "by-uri"):
        claims = claims_of(await ask(world, client_id, told(SHOP)))
        assert claims["credential_id"] == thumbprint(SHOP.der)
        assert claims["cnf"] == {"x5t#S256": thumbprint(SHOP.der)}


@pytest.mark.parametrize(
    "certificate",
    [
        make("CN=shop,O=Acme,C=NO", issuer=CA),
        make("CN=Shop,O=Acme", issuer=CA),
        make("O=Acme,CN=shop", issuer=CA),
        make("CN=shop,O=Acme"),
        SELF,
    ],
    ids=["longer", "case", "order", "self-signed", "another"],
)
async def test_2_1_another_name_or_one_that_nobody_vouches_for_proves_nobody(
    world: World, certificate: Made
) -> None:
    answer = await ask(world, "by-name", told(certificate))
    assert (answer.status, answer.error) == (401, "invalid_client")


async def test_2_1_2_an_alternative_name_is_compared_whole(world: World) -> None:
    assert (await ask(world, "by-other-dns", told(SHOP))).status == 401


async def test_2_2_a_self_signed_certificate_proves_whose_it_is(world: World) -> None:
    assert claims_of(await ask(world, "by-self", told(SELF)))["cnf"] == {"x5t#S256": thumbprint(SELF.der)}
    for certificate in (SHOP, make("CN=self")):
        assert (await ask(world, "by-self", told(certificate))).status == 401


async def test_a_certificate_counts_only_in_its_time(tmp_path: Path) -> None:
    at = datetime.datetime.fromtimestamp(1_795_000_000, datetime.UTC)
    day = datetime.timedelta(days=1)
    ended = make("CN=ended", begins=at - 2 * day, ends=at - day)
    early = make("CN=early", begins=at + day, ends=at + 2 * day)
    async with served(tmp_path, by_self(ended, "ended"), by_self(early, "early"), policy=BEHIND) as world:
        assert (await ask(world, "ended", told(ended))).status == 401
        assert (await ask(world, "early", told(early))).status == 401


async def test_2_a_client_without_its_certificate_is_nobody(world: World) -> None:
    for client_id in ("by-name", "by-self", "nobody"):
        answer = await ask(world, client_id)
        assert (answer.status, answer.error) == (401, "invalid_client")


async def test_2_a_client_by_certificate_cannot_fall_back_to_a_secret(world: World) -> None:
    secret = await secret_of(world, "by-name")
    answer = await post(world, GRANT, basic=("by-name", secret), headers=[told(SHOP)])
    assert (answer.status, answer.error) == (401, "invalid_client")


async def test_3_a_client_by_secret_gets_its_tokens_bound_to_its_certificate(world: World) -> None:
    secret = await secret_of(world, "bound")
    answer = await post(world, GRANT, basic=("bound", secret), headers=[told(SELF)])
    assert claims_of(answer)["cnf"] == {"x5t#S256": thumbprint(SELF.der)}
    assert answer.body["token_type"] == "Bearer"
    without = await post(world, GRANT, basic=("bound", secret))
    assert (without.status, without.error) == (400, "invalid_request")


async def test_3_nothing_is_bound_that_need_not_be(world: World) -> None:
    secret = await secret_of(world, "by-secret")
    answer = await post(world, GRANT, basic=("by-secret", secret), headers=[told(SELF)])
    assert "cnf" not in claims_of(answer)


@pytest.mark.parametrize(
    "field",
    [
        "",
        "x",
        ":x",
        "::",
        ":AAAA:",
        ":AA AA:",
        '"text"',
        "1",
        f"{told(SHOP)[1]};a=1",
        f"{told(SHOP)[1]}, {told(SHOP)[1]}",
    ],
    ids=[f"field-{number}" for number in range(10)],  # the certificates are others in each worker
)
async def test_rfc9440_2_1_a_field_that_is_no_byte_sequence_proves_nothing(world: World, field: str) -> None:
    assert (await ask(world, "by-name", ("Client-Cert", field))).status == 401


async def test_rfc9440_2_1_two_fields_prove_nothing(world: World) -> None:
    assert (await ask(world, "by-name", told(SHOP), told(SHOP))).status == 401


async def test_rfc9440_4_from_anybody_but_a_listed_terminator_the_field_says_nothing(tmp_path: Path) -> None:
    for policy in (OAuthPolicy(), OAuthPolicy(terminators=("10.0.0.0/8",))):
        async with served(tmp_path / str(len(policy.terminators)), by_name(), policy=policy) as world:
            assert (await ask(world, "by-name", told(SHOP))).status == 401


async def test_3_3_the_metadata_tells_of_certificates_where_they_are_seen(world: World) -> None:
    async with world.session.get(world.url + "/.well-known/oauth-authorization-server") as response:
        metadata = await response.json()
    assert metadata["tls_client_certificate_bound_access_tokens"] is True
    assert {"tls_client_auth", "self_signed_tls_client_auth"} <= set(
        metadata["token_endpoint_auth_methods_supported"]
    )


@asynccontextmanager
async def over_tls(tmp_path: Path, *applications: Application, asks: bool = True) -> AsyncIterator[World]:
    """A catalog that speaks TLS itself, and trusts the partners' authority."""
    server, authority = localhost(CA).written(tmp_path, "server"), CA.written(tmp_path, "authority")[0]
    tls = ListenerTls(*server, authority if asks else None, asks=asks)
    ordered = tuple(sorted(applications, key=lambda each: each.client_id))
    compiled = Compilation((), ContractsPart(AUDIENCE, (), (), ()), ordered)
    async with serving(tmp_path, compiled=compiled, policy=OAuthPolicy(asks_certificates=asks), tls=tls) as world:
        yield world


async def call(world: World, folder: Path, client_id: str, certificate: Made | None) -> tuple[int, str]:
    context = ssl.create_default_context(cadata=CA.pem)
    if certificate is not None:
        context.load_cert_chain(*certificate.written(folder, "client"))
    data = {"grant_type": "client_credentials", "client_id": client_id}
    connector = aiohttp.TCPConnector(ssl=context)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.post(world.token_url, data=data) as response,
    ):
        body = await response.json(content_type=None)
        return response.status, str(body.get("access_token", body.get("error")))


async def test_2_over_tls_of_our_own(tmp_path: Path) -> None:
    async with over_tls(tmp_path, by_name(), by_self()) as world:
        assert (await call(world, tmp_path, "by-name", SHOP))[0] == 200
        assert (await call(world, tmp_path, "by-self", SELF))[0] == 200
        assert await call(world, tmp_path, "by-name", SELF) == (401, "invalid_client")
        assert await call(world, tmp_path, "by-self", SHOP) == (401, "invalid_client")
        assert await call(world, tmp_path, "by-name", None) == (401, "invalid_client")


async def test_2_1_a_certificate_of_another_authority_does_not_complete_the_handshake(tmp_path: Path) -> None:
    forged = make("CN=shop,O=Acme", issuer=STRANGERS)
    async with over_tls(tmp_path, by_name(), by_self()) as world:
        for certificate in (forged, make("CN=shop,O=Acme")):
            with pytest.raises(aiohttp.ClientError):
                await call(world, tmp_path, "by-name", certificate)


async def test_2_2_a_registered_certificate_vouches_for_no_other(tmp_path: Path) -> None:
    """It is a trust anchor of the listener, and its holder signs a certificate with another client's name."""
    forged = make("CN=shop,O=Acme", issuer=SELF)
    async with over_tls(tmp_path, by_name(), by_self()) as world:
        with pytest.raises(aiohttp.ClientError):
            await call(world, tmp_path, "by-name", forged)


async def test_our_own_listener_does_not_believe_the_field(tmp_path: Path) -> None:
    async with over_tls(tmp_path, by_name()) as world:
        context = ssl.create_default_context(cadata=CA.pem)
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session,
            session.post(
                world.token_url,
                data={"grant_type": "client_credentials", "client_id": "by-name"},
                headers=dict([told(SHOP)]),
            ) as response,
        ):
            assert response.status == 401


async def test_without_being_asked_no_client_is_known_by_its_certificate(tmp_path: Path) -> None:
    async with over_tls(tmp_path, by_name(), asks=False) as world:
        assert await call(world, tmp_path, "by-name", SHOP) == (401, "invalid_client")


def test_files_with_which_tls_cannot_be_spoken_are_named(tmp_path: Path) -> None:
    certificate, key = localhost(CA).written(tmp_path, "server")
    with pytest.raises(TlsError, match="absent"):
        ListenerTls(tmp_path / "absent", key, None, asks=False)
    with pytest.raises(TlsError, match=r"server\.key"):
        ListenerTls(certificate, SELF.written(tmp_path, "other")[1].rename(key), None, asks=False)
