"""What was revoked, held against tokens that are good otherwise."""

from typing import Any

import pytest

from contracts.access import IssuedBefore, Revoked
from contracts.snapshot import Application
from policies import authentication
from policies.credentials.revocation import CREDENTIAL_CLAIM, GRANT_CLAIM, NOTHING, Revocations
from policies.verdict import ALLOW, Deny
from tests.support.policy_world import NOW, World, claims, compact, exchange, header, operation, version

SHOP = Application("acme-shop", "Shop", "acme", ())
OTHER = Application("other-shop", "Other", "other", ())


@pytest.mark.parametrize(
    ("revoked", "shop", "other"),
    [
        (Revoked(), False, False),
        (Revoked(client_ids=("acme-shop",)), True, False),
        (Revoked(consumers=("acme",)), True, False),
        (Revoked(credentials=("k1",)), True, True),
        (Revoked(credentials=("k2",)), False, False),
        (Revoked(issued_before=(IssuedBefore(101),)), True, True),
        (Revoked(issued_before=(IssuedBefore(100),)), False, False),
        (Revoked(issued_before=(IssuedBefore(101, client_id="acme-shop"),)), True, False),
        (Revoked(issued_before=(IssuedBefore(101, consumer="acme"),)), True, False),
        (
            Revoked(issued_before=(IssuedBefore(101, consumer="acme"), IssuedBefore(5, consumer="acme"))),
            True,
            False,
        ),
    ],
)
def test_what_is_revoked_ends_and_nothing_else(revoked: Revoked, shop: bool, other: bool) -> None:
    revocations = Revocations(revoked)
    presented = {CREDENTIAL_CLAIM: "k1"}
    assert revocations.ends(SHOP, 100, presented) is shop
    assert revocations.ends(OTHER, 100, presented) is other


def test_the_tokens_of_a_grant_end_with_it_whichever_secret_obtained_them() -> None:
    revocations = Revocations(Revoked(credentials=("gr1",)))
    assert revocations.ends(SHOP, 100, {CREDENTIAL_CLAIM: "k1", GRANT_CLAIM: "gr1"})
    assert not revocations.ends(SHOP, 100, {CREDENTIAL_CLAIM: "k1", GRANT_CLAIM: "gr2"})


@pytest.mark.parametrize("claim", [["k1"], {"k1": 1}, 1, None])
def test_another_issuers_claim_of_that_name_does_no_harm(claim: Any) -> None:
    assert not Revocations(Revoked(credentials=("k1",))).ends(
        SHOP, 100, {CREDENTIAL_CLAIM: claim, GRANT_CLAIM: claim}
    )


def test_a_token_that_was_verified_before_is_refused_from_the_next_access_part_on() -> None:
    world = World()
    made = operation()
    stage = authentication.bind(version(made), made, world.ports())
    assert stage is not None
    token = compact(header(), claims(**{CREDENTIAL_CLAIM: "k1"}))
    for _ in range(2):
        assert stage(exchange(token)) is ALLOW
    world.access.revocations = Revocations(Revoked(credentials=("k1",)))
    world.access.generation += 1
    refused = stage(exchange(token))
    assert isinstance(refused, Deny)
    assert refused.problem.type.id == "token-invalid"
    assert "revoked" in refused.problem.detail
    assert stage(exchange(compact(header(), claims(jti="t-2", **{CREDENTIAL_CLAIM: "k9"})))) is ALLOW
    world.access.revocations = Revocations(Revoked(issued_before=(IssuedBefore(NOW),)))
    world.access.generation += 1
    assert isinstance(stage(exchange(compact(header(), claims()))), Deny)
    assert stage(exchange(compact(header(), claims(jti="t-3", iat=NOW)))) is ALLOW


def test_nothing_is_revoked_where_nothing_is_said() -> None:
    assert not NOTHING.ends(SHOP, 0, {})
    assert not NOTHING.cuts_off(SHOP)


def test_single_tokens_are_named_by_their_id() -> None:
    revocations = Revocations(Revoked(tokens=(("token-1", 2_000),)))
    assert revocations.ends(SHOP, 1_000, {"jti": "token-1"})
    assert not revocations.ends(SHOP, 1_000, {"jti": "token-2"})
    assert not revocations.ends(SHOP, 1_000, {"jti": ["token-1"]})


def test_a_withdrawn_key_is_one_issuers() -> None:
    revocations = Revocations(Revoked(signing_keys=(("https://catalog.example", "key-1"),)))
    assert revocations.has_withdrawn("https://catalog.example", "key-1")
    assert not revocations.has_withdrawn("https://other.example", "key-1")
    assert not revocations.has_withdrawn("https://catalog.example", "key-2")
