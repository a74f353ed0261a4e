"""The catalog's own TLS, as a process: what it serves, whom it asks, and what it does not start with."""

import asyncio
import contextlib
import json
import os
import shutil
import ssl
from pathlib import Path

import aiohttp
import pytest
from pydantic import ValidationError

from catalog.api.tls import ListenerTls, TlsError
from catalog.settings import CatalogSettings, explain
from contracts.client_certificates import thumbprint
from tests.catalog.processes import ROOT, catalog, ostiary
from tests.support.certificates import Made, localhost, make

CA = make("O=Partner Authority", authority=True)
SELF = make("CN=shop")
ENTRY = "        title: Shop back end\n"


def estate(folder: Path) -> Path:
    """The sample estate, in which one application has a certificate of its own."""
    made = shutil.copytree(ROOT / "catalog" / "demo" / "estate", folder / "estate")
    consumers = made / "consumers.yaml"
    oauth = json.dumps({"certificates": [SELF.pem], "token-binding": "mtls"})
    consumers.write_text(consumers.read_text().replace(ENTRY, f"{ENTRY}        oauth: {oauth}\n"))
    return made


async def ask(url: str, folder: Path, certificate: Made | None) -> tuple[int, dict[str, object]]:
    context = ssl.create_default_context(cadata=CA.pem)
    if certificate is not None:
        context.load_cert_chain(*certificate.written(folder, "client"))
    data = {"grant_type": "client_credentials", "client_id": "aurora-shop"}
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session,
        session.post(f"{url}/oauth/token", data=data) as response,
    ):
        return response.status, await response.json()


def test_a_client_proves_itself_to_the_process_by_its_own_certificate(tmp_path: Path) -> None:
    certificate, key = localhost(CA).written(tmp_path, "server")
    settings = {
        "OSTIARY_CATALOG_ESTATE": str(estate(tmp_path)),
        "OSTIARY_CATALOG_TLS_CERT": str(certificate),
        "OSTIARY_CATALOG_TLS_KEY": str(key),
        "OSTIARY_CATALOG_TLS_CLIENT_CERTIFICATES": "1",
    }
    with catalog(tmp_path, **settings) as process:
        told = json.loads((tmp_path / "port.json").read_text())
        assert told["url"].startswith("https://127.0.0.1:")
        status, body = asyncio.run(ask(told["url"], tmp_path, SELF))
        assert status == 200, body
        status, body = asyncio.run(ask(told["url"], tmp_path, None))
        assert (status, body["error"]) == (401, "invalid_client")
        with pytest.raises(aiohttp.ClientError):
            asyncio.run(ask(told["url"], tmp_path, make("CN=shop")))
        assert process.stop() == 0
        assert thumbprint(SELF.der) not in process.log


def test_it_does_not_start_with_a_certificate_that_is_none(tmp_path: Path) -> None:
    key = localhost(CA).written(tmp_path, "server")[1]
    given = {
        "OSTIARY_CATALOG_DATA": str(tmp_path / "data"),
        "OSTIARY_CATALOG_PORT": "0",
        "OSTIARY_CATALOG_TLS_CERT": str(tmp_path / "absent.crt"),
        "OSTIARY_CATALOG_TLS_KEY": str(key),
    }
    done = ostiary("catalog", **given)
    assert done.returncode == 2
    assert "absent.crt" in done.stderr


def test_a_certificate_is_taken_up_anew_and_half_of_one_is_not(tmp_path: Path) -> None:
    files = localhost(CA).written(tmp_path, "server")
    tls = ListenerTls(*files, None, asks=False)
    assert not tls.renew()
    renewed = localhost(CA)
    renewed.written(tmp_path, "server")
    os.utime(files[0], ns=(1, 1))
    assert tls.renew()
    assert not tls.renew()
    files[1].write_text(SELF.written(tmp_path, "other")[1].read_text())
    os.utime(files[1], ns=(2, 2))
    with pytest.raises(TlsError):
        tls.renew()
    assert shown(tls.context) == renewed.der


def shown(context: ssl.SSLContext) -> bytes | None:
    """The certificate that a client of the context sees."""
    sent, received = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(sent, received, server_side=True)
    asks = ssl.create_default_context(cadata=CA.pem)
    client = asks.wrap_bio(received, sent, server_hostname="localhost")
    for _ in range(6):
        for side in (client, server):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
    return client.getpeercert(binary_form=True)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"tls_cert": "a.crt"}, "go together"),
        ({"tls_client_certificates": True}, "only where OSTIARY_CATALOG_TLS_CERT is set"),
        ({"tls_client_ca": "ca.crt"}, "only where OSTIARY_CATALOG_TLS_CERT is set"),
        ({"tls_terminators": ["10.0.0.300"]}, "no network"),
        ({"tls_terminators": ["10.0.0.7/8"]}, "no network"),
        ({"tls_cert": "a", "tls_key": "b", "tls_terminators": ["10.0.0.0/8"]}, "means nothing"),
        ({"signing_key_days": 0}, "greater than or equal to 1"),
        ({"signing_algorithm": "RS256"}, "ES256"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        CatalogSettings(**settings)  # type: ignore[arg-type]
    assert why in "\n".join(explain(refusal.value))
