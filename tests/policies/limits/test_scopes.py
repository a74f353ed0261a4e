"""Whose calls are counted together."""

import pytest

from contracts.limits import Dimension
from contracts.snapshot import Subscription
from policies.credentials.known_keys import API_KEY_ISSUER
from policies.exchange import Exchange, Principal
from policies.limits.scopes import Scopes, network_of
from tests.support.policy_world import ISSUER, NOW, exchange, operation, version


def called(issuer: str = ISSUER, token: str = "t", peer: str = "192.0.2.1", **claims: str) -> Exchange:
    request = exchange()
    request.peer = peer
    request.principal = Principal(issuer, "acme-shop", "acme-shop", "acme", frozenset(), NOW + 60, token, claims)
    request.subscription = Subscription("orders", "v1", "gold", ())
    return request


@pytest.mark.parametrize(
    ("dimension", "name"),
    [
        ("subscription", "subscription:orders/v1/gold/acme-shop"),
        ("plan", "plan:gold"),
        ("application", "application:acme-shop"),
        ("consumer", "consumer:acme"),
        ("address", "address:192.0.2.1"),
        ("operation", "operation:orders/v1/listOrders"),
        ("api", "api:orders"),
        ("upstream", "upstream:erp"),
    ],
)
def test_a_scope_has_the_name_of_what_it_counts(dimension: Dimension, name: str) -> None:
    assert Scopes(version(), operation()).of((dimension,), called()) == name


def test_several_dimensions_are_one_scope() -> None:
    both = Scopes(version(), operation()).of(("consumer", "operation"), called())
    assert both == "consumer:acme+operation:orders/v1/listOrders"


def test_a_credential_is_the_key_or_what_the_token_was_obtained_by() -> None:
    scopes = Scopes(version(), operation())
    assert scopes.of(("credential",), called(API_KEY_ISSUER, "k-17")) == "credential:k-17"
    assert scopes.of(("credential",), called(credential_id="s-1")) == "credential:acme-shop/s-1"
    # Of a token that does not tell, a new one is no new credential.
    assert scopes.of(("credential",), called(token="a")) == scopes.of(("credential",), called(token="b"))


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "unknown"),
    ],
)
def test_an_address_of_ipv6_counts_with_its_network(peer: str, network: str) -> None:
    assert network_of(peer) == network
