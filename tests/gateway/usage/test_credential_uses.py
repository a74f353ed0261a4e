"""Which credentials were used: when, from which network, for which APIs and scopes; never what a client claims."""

from typing import Any

import pytest

from contracts.packed import at_once
from contracts.snapshot import Subscription
from contracts.usage.batch import Batch, CredentialUsed, Exercised, decode, encode
from gateway.usage.credentials import CredentialUses, network_of, told
from policies.credentials.known_keys import API_KEY_ISSUER
from policies.credentials.revocation import CREDENTIAL_CLAIM
from policies.exchange import Exchange, Grant, Principal
from tests.support.policy_world import exchange

EPOCH = 1_000.0
ORDERS = Subscription("orders", "v2", "standard", ("orders:read", "orders:write"))
STOCK = Subscription("stock", "v1", "standard", ("stock:read",))


def principal(
    credential: Any = "k2V0aW1lbGVz", issuer: str = "https://issuer.example", **members: Any
) -> Principal:
    claims = {CREDENTIAL_CLAIM: credential}
    return Principal(
        issuer, "web-shop", "web-shop", "acme", frozenset(), 1e12, members.get("token_id", "t"), claims
    )


def grant(subscription: Subscription, *scopes: str) -> Grant:
    return Grant(1, subscription, frozenset(scopes))


def call(who: Principal | None, by: Grant | None, at: float = 100.0, peer: str = "192.0.2.7") -> Exchange:
    made = exchange(peer=peer)
    made.principal, made.grant, made.ended_at = who, by, at
    return made


def taken(uses: CredentialUses) -> list[CredentialUsed]:
    return [each for batch in at_once(told(uses.take(), EPOCH)) for each in batch]


def test_a_credential_is_told_with_all_that_it_was_used_for() -> None:
    uses, who = CredentialUses(), principal()
    read, write, stock = grant(ORDERS, "orders:read"), grant(ORDERS, "orders:write"), grant(STOCK)
    for number, by in enumerate((read, write, stock, read)):
        uses.record(call(who, by, 100.0 + number, peer=f"192.0.2.{number}"))
    [found] = taken(uses)
    assert found == CredentialUsed(
        "k2V0aW1lbGVz",
        "web-shop",
        1103,
        "192.0.2.0/24",
        "orders",
        "v2",
        (Exercised("orders", "v2", ("orders:read", "orders:write")), Exercised("stock", "v1", ())),
    )


def test_what_was_told_is_told_again_when_it_is_used_again() -> None:
    uses, who, by = CredentialUses(), principal(), grant(ORDERS, "orders:read")
    uses.record(call(who, by))
    first = taken(uses)
    assert taken(uses) == []
    uses.record(call(who, by, 200.0))
    [again] = taken(uses)
    assert (again.last, again.exercised) == (1200, first[0].exercised)


def test_tokens_of_one_credential_are_one_use_and_an_api_key_is_known_by_its_id() -> None:
    uses = CredentialUses()
    for _ in range(3):
        uses.record(call(principal(), grant(ORDERS, "orders:read")))
    uses.record(call(principal(issuer=API_KEY_ISSUER, token_id="keyk2V0aW1lbGVz"), grant(STOCK)))
    assert [each.id for each in taken(uses)] == ["k2V0aW1lbGVz", "keyk2V0aW1lbGVz"]


def test_a_call_that_opened_nothing_is_a_use_all_the_same() -> None:
    uses = CredentialUses()
    uses.record(call(principal(), None))
    [found] = taken(uses)
    assert (found.last, found.api, found.exercised) == (1100, "", ())


@pytest.mark.parametrize(
    "claimed", [None, 7, "", "a" * 65, "k2V0 W1lbGVz", "k2V0ÄW1lbGVz", "../etc", ["k2V0aW1lbGVz"]]
)
def test_what_is_no_id_of_ours_is_not_told(claimed: Any) -> None:
    uses = CredentialUses()
    uses.record(call(principal(claimed), grant(ORDERS)))
    uses.record(call(None, None))
    assert taken(uses) == []


def test_there_is_a_bound_and_what_is_beyond_it_is_told_the_next_time() -> None:
    uses, late, by = CredentialUses(most=1), principal("anotherOneXX"), grant(ORDERS)
    uses.record(call(principal(), grant(ORDERS)))
    uses.record(call(late, by))
    assert [each.id for each in taken(uses)] == ["k2V0aW1lbGVz"]
    uses.record(call(late, by))
    assert [each.id for each in taken(uses)] == ["anotherOneXX"]


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_of_an_address_the_network_is_told(peer: str, network: str) -> None:
    assert network_of(peer) == network


def test_it_goes_into_as_many_batches_as_it_takes_each_of_which_can_be_read() -> None:
    uses = CredentialUses()
    for number in range(1_500):
        uses.record(call(principal(f"credential{number}"), grant(ORDERS, "orders:read")))
    batches = at_once(told(uses.take(), EPOCH))
    assert [len(each) for each in batches] == [1_000, 500]
    made = Batch(1, "edge", "0" * 32, 1, 0, 1, (), credentials=tuple(batches[0]))
    assert decode(encode(made)) == made
