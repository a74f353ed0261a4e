"""The strict reading of what clients post: whatever comes, a request or an OAuth error comes out."""

import re
from urllib.parse import quote, quote_plus, urlencode

import aiohttp
from authlib.oauth2.rfc6749 import OAuth2Error
from hypothesis import given
from hypothesis import strategies as st

from catalog.oauth.clients.presented import Presented, presented
from catalog.oauth.wire.request import FORM, read_form

FORM_TYPE = (b"content-type", FORM.encode())
bodies = st.binary(max_size=200) | st.lists(
    st.sampled_from(
        [b"grant_type=a", b"scope", b"=", b"client_id=x", b"client_secret=%41", b"%", b"+", b"&", b"%ff"]
    )
).map(b"&".join)
data = st.binary(max_size=30)
visible = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40)


@given(st.lists(st.tuples(st.sampled_from([b"content-type", b"authorization", b"x"]), data)), bodies, bodies)
def test_nothing_but_oauth_errors_comes_out(headers: list[tuple[bytes, bytes]], query: bytes, body: bytes) -> None:
    for fields in (headers, [FORM_TYPE, *headers]):
        refusal = None
        try:
            presented(read_form(fields, query, body))
        except OAuth2Error as error:
            refusal = error
        if refusal is not None:
            assert refusal.error in ("invalid_request", "invalid_client")
            assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", refusal.description)


@given(visible, visible)
def test_both_methods_carry_any_credentials_of_the_rfcs_alphabet(client_id: str, secret: str) -> None:
    basic = aiohttp.encode_basic_auth(quote_plus(client_id), quote_plus(secret))
    request = read_form([FORM_TYPE, (b"authorization", basic.encode())], b"", b"grant_type=x")
    assert presented(request) == Presented("client_secret_basic", client_id, secret)
    body = urlencode(
        {"grant_type": "x", "client_id": client_id, "client_secret": secret}, quote_via=quote
    ).encode()
    request = read_form([FORM_TYPE], b"", body)
    assert presented(request) == Presented("client_secret_post", client_id, secret)


def test_a_secret_shows_in_no_repr() -> None:
    assert "hidden" not in repr(Presented("client_secret_post", "web-shop", "hidden"))
    request = read_form([FORM_TYPE], b"", b"client_id=x&client_secret=hidden")
    assert "hidden" not in repr(request)
