"""The strict reading of a token request: whatever comes, a request or an OAuth error comes out."""

import re
from urllib.parse import quote, quote_plus, urlencode

import aiohttp
import pytest
from authlib.oauth2.rfc6749 import OAuth2Error
from hypothesis import given
from hypothesis import strategies as st

from catalog.oauth.request import FORM, Presented, TokenRequest

URI = "https://catalog.example/oauth/token"
FORM_TYPE = ("content-type", FORM)
bodies = st.binary(max_size=200) | st.lists(
    st.sampled_from(
        [b"grant_type=a", b"scope", b"=", b"client_id=x", b"client_secret=%41", b"%", b"+", b"&", b"%ff"]
    )
).map(b"&".join)
text = st.text(max_size=30)
visible = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40)


@given(st.lists(st.tuples(st.sampled_from(["content-type", "authorization", "x"]), text)), bodies, bodies)
def test_nothing_but_oauth_errors_comes_out(headers: list[tuple[str, str]], query: bytes, body: bytes) -> None:
    for fields in (headers, [FORM_TYPE, *headers]):
        refusal = None
        try:
            TokenRequest(URI, fields, query, body).presented()
        except OAuth2Error as error:
            refusal = error
        if refusal is not None:
            assert refusal.error in ("invalid_request", "invalid_client")
            assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", refusal.description)


@given(visible, visible)
def test_both_methods_carry_any_credentials_of_the_rfcs_alphabet(client_id: str, secret: str) -> None:
    basic = aiohttp.encode_basic_auth(quote_plus(client_id), quote_plus(secret))
    request = TokenRequest(URI, [FORM_TYPE, ("authorization", basic)], b"", b"grant_type=x")
    assert request.presented() == Presented("client_secret_basic", client_id, secret)
    body = urlencode(
        {"grant_type": "x", "client_id": client_id, "client_secret": secret}, quote_via=quote
    ).encode()
    request = TokenRequest(URI, [FORM_TYPE], b"", body)
    assert request.presented() == Presented("client_secret_post", client_id, secret)


def test_a_secret_shows_in_no_repr() -> None:
    presented = Presented("client_secret_post", "web-shop", "hidden")
    assert "hidden" not in repr(presented)


@pytest.mark.parametrize("uri", ["http://catalog.example/oauth/token", "ftp://x/"])
def test_authlibs_own_check_of_the_transport_is_in_force(uri: str) -> None:
    with pytest.raises(OAuth2Error):
        TokenRequest(uri, [FORM_TYPE], b"", b"grant_type=x")
