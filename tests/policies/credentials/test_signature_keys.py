"""By which keys requests are signed, and when these are good no more."""

from typing import Any

import pytest

from contracts.access import Revoked
from contracts.public_keys import public_key
from contracts.sealed_text import Sealing
from policies.credentials.http_signature import AGE
from policies.credentials.known_keys import API_KEY_ISSUER
from policies.credentials.revocation import Revocations
from policies.verdict import ALLOW, Deny
from tests.support.policy_world import NOW, claims, compact, header
from tests.support.signing import by_key, by_secret, signed
from tests.support.signing_world import (
    EC,
    ED,
    JWKS,
    KEY_ID,
    NONCE,
    PEPPER,
    RSA,
    TEXT,
    Signing,
    parameters,
    refused,
    request,
    verdict,
)


async def test_a_key_of_the_ledger_signs() -> None:
    here = Signing(scopes=("orders.read",))
    made = request(signed(by_secret(TEXT), parameters()))
    assert await verdict(here.stage(), made) is ALLOW
    principal = made.principal
    assert principal is not None
    assert (principal.issuer, principal.client_id, principal.token_id) == (API_KEY_ISSUER, "acme-shop", KEY_ID)
    assert principal.scopes == {"orders.read"}


@pytest.mark.parametrize(
    ("key", "jwk", "algorithm"),
    [(EC, JWKS[0], "ecdsa-p256-sha256"), (ED, JWKS[1], "ed25519"), (RSA, JWKS[2], "rsa-pss-sha512")],
)
async def test_a_registered_public_key_signs(key: Any, jwk: dict[str, Any], algorithm: str) -> None:
    stage, thumbprint = Signing().stage(), public_key(jwk).thumbprint
    for number, alg in enumerate(("", f';alg="{algorithm}"')):
        fields = signed(by_key(key), parameters(thumbprint, nonce=f"{NONCE}{number}", more=alg))
        made = request(fields)
        assert await verdict(stage, made) is ALLOW
        assert made.principal is not None
        assert (made.principal.client_id, made.principal.token_id) == ("acme-shop", thumbprint)
    others = {"hmac-sha256", "rsa-v1_5-sha256", "ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512", "none"} - {
        algorithm
    }
    for alg in others:
        fields = signed(by_key(key), parameters(thumbprint, nonce="n" * 20, more=f';alg="{alg}"'))
        assert await refused(stage, fields) == "it does not verify"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ({"expires": NOW}, "it has expired"),
        ({"networks": ("198.51.100.0/24",)}, "it is not good from this address"),
        ({"digest": b"x" * 60}, "it does not verify"),
        ({"digest": Sealing(PEPPER).seal("sigXXXXBBBBCCCC", TEXT)}, "it does not verify"),
        ({"digest": Sealing(b"q" * 32).seal(KEY_ID, TEXT)}, "it does not verify"),
        ({"signs": False}, "its key is not known"),
    ],
)
async def test_a_key_that_is_good_no_more(spoil: dict[str, Any], reason: str) -> None:
    assert await refused(Signing(**spoil).stage(), signed(by_secret(TEXT), parameters())) == reason


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("how", ["application", "consumer", "key"])
async def test_what_is_revoked(public: bool, how: str) -> None:
    here = Signing()
    key_id = public_key(JWKS[0]).thumbprint if public else KEY_ID
    revoked = {
        "application": Revoked(client_ids=("acme-shop",)),
        "consumer": Revoked(consumers=("acme",)),
        "key": Revoked(credentials=(key_id,)),
    }
    here.world.access.revocations = Revocations(revoked[how])
    fields = signed(by_key(EC) if public else by_secret(TEXT), parameters(key_id))
    assert await refused(here.stage(), fields) == "it was revoked"


async def test_without_the_pepper_no_secret_signs_and_public_keys_do() -> None:
    here = Signing()
    here.ports["key_pepper"] = None
    stage = here.stage()
    assert await refused(stage, signed(by_secret(TEXT), parameters())) == "it does not verify"
    fields = signed(by_key(EC), parameters(public_key(JWKS[0]).thumbprint))
    assert await verdict(stage, request(fields)) is ALLOW


async def test_a_plan_that_takes_no_keys() -> None:
    here = Signing()
    here.plan = "silver"
    found = await verdict(here.stage(), request(signed(by_secret(TEXT), parameters())))
    assert found.problem.type.id == "api-key-not-allowed"


async def test_one_credential_at_a_time() -> None:
    fields = {**signed(by_secret(TEXT), parameters()), "authorization": "Bearer a.b.c"}
    assert (
        await refused(Signing().stage(), fields) == "one credential at a time: it came with an Authorization field"
    )


async def test_a_token_does_where_the_contract_takes_one_too() -> None:
    fields = {"authorization": f"Bearer {compact(header(), claims())}"}
    assert await verdict(Signing().stage(), request(fields)) is ALLOW
    found = await verdict(Signing().stage(scopes=()), request(fields))
    assert (found.problem.type.id, found.problem.status) == ("credentials-missing", 401)


async def test_what_lasts_goes_on_as_its_key_does() -> None:
    """Its signature is used up; it is the key that is looked at again."""
    here = Signing()
    stage, made = here.stage(), request(signed(by_secret(TEXT), parameters()))
    assert await verdict(stage, made) is ALLOW
    made.lasting = True
    here.world.now += AGE
    assert stage(made) is ALLOW
    here.world.access.revocations = Revocations(Revoked(credentials=(KEY_ID,)))
    assert isinstance(stage(made), Deny)
    here.world.access.revocations = Revocations(None)
    here.world.access.keys = {}
    assert isinstance(stage(made), Deny)
