"""Where a request comes from, and whose word on it counts."""

import ipaddress

import pytest
from starlette.requests import Request

from catalog.login.client_address import ClientAddress
from catalog.login.networks import read_networks


def of(peer: str | None, *said: str, proxies: str = "10.0.0.0/8, 2001:db8::/32") -> str:
    headers = [(b"x-forwarded-for", each.encode()) for each in said]
    client = None if peer is None else (peer, 1234)
    return ClientAddress(read_networks(proxies)).of(
        Request({"type": "http", "headers": headers, "client": client})
    )


@pytest.mark.parametrize(
    ("peer", "said", "found"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["203.0.113.9"], "192.0.2.1"),
        ("10.1.2.3", ["203.0.113.9"], "203.0.113.9"),
        ("10.1.2.3", ["198.51.100.7, 203.0.113.9"], "203.0.113.9"),
        ("10.1.2.3", ["198.51.100.7", "203.0.113.9, 10.9.9.9"], "203.0.113.9"),
        ("10.1.2.3", ["203.0.113.9, nonsense"], "10.1.2.3"),
        ("10.1.2.3", [""], "10.1.2.3"),
        ("10.1.2.3", [], "10.1.2.3"),
        ("2001:db8::5", ["2001:DB9:0::1"], "2001:db9::1"),
        (None, ["203.0.113.9"], ""),
    ],
)
def test_the_list_is_read_from_its_end_while_it_is_a_proxys_word(
    peer: str | None, said: list[str], found: str
) -> None:
    assert of(peer, *said) == found


def test_without_proxies_nobodys_word_counts() -> None:
    assert of("10.1.2.3", "203.0.113.9", proxies="") == "10.1.2.3"


def test_networks_are_read_strictly() -> None:
    assert read_networks(" 10.0.0.0/8,192.0.2.1 ") == (
        ipaddress.ip_network("10.0.0.0/8"),
        ipaddress.ip_network("192.0.2.1/32"),
    )
    with pytest.raises(ValueError, match="host bits set"):
        read_networks("10.0.0.1/8")
