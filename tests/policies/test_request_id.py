import re

import pytest

from policies.request_id import choose


@pytest.mark.parametrize("given", [b"abcdefgh", b"A.b-c_9.", b"x" * 128])
def test_a_sound_id_is_kept(given: bytes) -> None:
    assert choose({b"x-request-id": given}) == given.decode()


@pytest.mark.parametrize(
    "given", [b"short", b"x" * 129, b"abcdefgh\n", b"abc defgh", b'abc"defgh', b"\xc3\xa4bcdefgh", b""]
)
def test_another_is_replaced(given: bytes) -> None:
    made = choose({b"x-request-id": given})
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert made != choose({})
