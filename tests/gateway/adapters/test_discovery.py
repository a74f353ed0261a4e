"""An issuer's metadata is its own, comes from where it may be, and leads nowhere else."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from gateway.adapters.discovery import Metadata, discover, well_known
from gateway.adapters.issuer_http import MAXIMUM_BYTES, IssuerFault
from tests.support.issuer_endpoints import IssuerEndpoints


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield session


@pytest.fixture
async def endpoints() -> AsyncIterator[IssuerEndpoints]:
    async with IssuerEndpoints().serving() as endpoints:
        yield endpoints


async def refused(session: aiohttp.ClientSession, issuer: str) -> str:
    with pytest.raises(IssuerFault) as fault:
        await discover(session, issuer)
    return str(fault.value)


@pytest.mark.parametrize(
    ("issuer", "places"),
    [
        (
            "https://a.example",
            (
                "https://a.example/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server",
            ),
        ),
        (
            "https://a.example/realms/b",
            (
                "https://a.example/realms/b/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server/realms/b",
            ),
        ),
        (
            "https://a.example/b/",
            (
                "https://a.example/b/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server/b",
            ),
        ),
    ],
)
def test_where_metadata_is(issuer: str, places: tuple[str, str]) -> None:
    """OpenID Connect Discovery §4.1 and RFC 8414 §3.1; both take a slash at the end off."""
    assert well_known(issuer) == places


async def test_what_an_issuer_says(session: aiohttp.ClientSession, endpoints: IssuerEndpoints) -> None:
    assert await discover(session, endpoints.url) == Metadata(endpoints.at("/jwks"), endpoints.at("/introspect"))
    assert endpoints.oauth.asked == []


@pytest.mark.parametrize("status", [404, 405, 410])
async def test_where_the_one_form_is_not_the_other_is_asked_for(
    session: aiohttp.ClientSession, endpoints: IssuerEndpoints, status: int
) -> None:
    endpoints.openid.status = status
    assert (await discover(session, endpoints.url)).jwks_uri == endpoints.at("/jwks")


@pytest.mark.parametrize("status", [302, 401, 500, 503])
async def test_an_issuer_that_fails_is_not_asked_elsewhere(
    session: aiohttp.ClientSession, endpoints: IssuerEndpoints, status: int
) -> None:
    endpoints.openid.status = status
    endpoints.openid.headers = {"location": endpoints.at("/.well-known/oauth-authorization-server/realm")}
    assert await refused(session, endpoints.url) == f"it answered {status}"
    assert endpoints.oauth.asked == []


@pytest.mark.parametrize("change", ["/", "/other", "#"])
async def test_one_tenant_does_not_speak_for_another(
    session: aiohttp.ClientSession, endpoints: IssuerEndpoints, change: str
) -> None:
    """RFC 8414 §3.3: the issuer has to be the very one that was asked for."""
    endpoints.openid.document = {**endpoints.openid.document, "issuer": endpoints.url + change}
    assert await refused(session, endpoints.url) == "its metadata is that of another issuer"
    del endpoints.openid.document["issuer"]
    assert await refused(session, endpoints.url) == "its metadata is that of another issuer"


async def test_an_issuer_that_says_little(session: aiohttp.ClientSession, endpoints: IssuerEndpoints) -> None:
    endpoints.openid.document = {"issuer": endpoints.url}
    assert await discover(session, endpoints.url) == Metadata("", "")


@pytest.mark.parametrize("name", ["jwks_uri", "introspection_endpoint"])
@pytest.mark.parametrize(
    "url",
    [
        "http://other.example/jwks",
        "https://other.example/jwks",  # an issuer of this machine does not lead off it
        "file:///etc/passwd",
        "ftp://127.0.0.1/jwks",
        "http://user:secret@127.0.0.1/jwks",
        "http://127.0.0.1:port/",
        "//127.0.0.1/jwks",
        "/jwks",
        "http://127.0.0.1/\r\nx",
        7,
        None,
    ],
)
async def test_where_it_may_not_lead(
    session: aiohttp.ClientSession, endpoints: IssuerEndpoints, name: str, url: Any
) -> None:
    endpoints.openid.document = {**endpoints.openid.document, name: url}
    assert (await refused(session, endpoints.url)).startswith(f"its {name} is ")


@pytest.mark.parametrize(
    "issuer", ["http://sso.example", "http://169.254.169.254/latest", "https://a:b@sso.example", "gopher://x"]
)
async def test_an_issuer_that_is_not_https_is_not_asked(issuer: str) -> None:
    class NoNetwork:
        def request(self, *arguments: Any, **options: Any) -> Any:
            raise AssertionError("it was asked")

    with pytest.raises(IssuerFault, match="its URL"):
        await discover(NoNetwork(), issuer)  # type: ignore[arg-type]


async def test_an_issuer_elsewhere_does_not_lead_here() -> None:
    """A provider that was taken over does not make the gateway call what listens on its own machine."""

    class Elsewhere:
        """The answer of `https://sso.example`."""

        def request(self, *arguments: Any, **options: Any) -> Any:
            return self

        async def __aenter__(self) -> Any:
            return self

        async def __aexit__(self, *_: object) -> None:
            return None

        status = 200

        @property
        def content(self) -> Any:
            return self

        async def iter_any(self) -> AsyncIterator[bytes]:
            yield b'{"issuer": "https://sso.example", "jwks_uri": "http://127.0.0.1:8082/jwks"}'

    with pytest.raises(IssuerFault, match="its jwks_uri is not where it may be"):
        await discover(Elsewhere(), "https://sso.example")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<html>", "its answer: it is not JSON"),
        ("[]", "its answer: it is not a JSON object"),
        ('{"issuer": "a", "issuer": "b"}', "its answer: it is not JSON"),
        ("{" + " " * MAXIMUM_BYTES + "}", "its answer is too large"),
    ],
)
async def test_what_is_no_metadata(
    session: aiohttp.ClientSession, endpoints: IssuerEndpoints, text: str, reason: str
) -> None:
    endpoints.openid.text = text
    assert await refused(session, endpoints.url) == reason


async def test_an_issuer_that_is_gone(session: aiohttp.ClientSession, endpoints: IssuerEndpoints) -> None:
    assert endpoints.server is not None
    await endpoints.server.close()
    assert await refused(session, endpoints.url) == "ClientConnectorError"
