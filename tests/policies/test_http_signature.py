"""Requests that their callers sign: what has to be covered, by which keys, and once."""

import inspect
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from contracts.access import ApiKey, Revoked
from contracts.oauth_client import OAuthSettings
from contracts.operations import ApiKeyUse
from contracts.public_keys import public_key
from contracts.sealed_text import Sealing
from contracts.snapshot import Application, Subscription
from policies import authentication
from policies.exchange import Exchange
from policies.http_signature import AGE, SKEW
from policies.known_keys import API_KEY_ISSUER, known_keys
from policies.revocation import Revocations
from policies.used_proofs import NoRoomError
from policies.verdict import ALLOW, Deny
from tests.support.policy_world import (
    NOW,
    World,
    b64,
    claims,
    compact,
    ec_jwk,
    header,
    operation,
    rsa_jwk,
    rsa_key,
    version,
)
from tests.support.signing import by_key, by_secret, digest, signed

PEPPER = b"p" * 32
KEY_ID = "sigAAAABBBBCCCC"
TEXT = "ost_test_sigAAAABBBBCCCC_secret"
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
RSA = rsa_key()
ED_JWK = {"kty": "OKP", "crv": "Ed25519", "x": b64(ED.public_key().public_bytes_raw())}
JWKS = [ec_jwk(EC, "a"), ED_JWK, rsa_jwk(RSA, "c")]
NONCE = "n-0123456789abcdef"
USE = ApiKeyUse("signature", (("orders.read",),), signed=True)


class Signing:
    """A world in which an operation takes signatures beside tokens; its application has keys of every kind."""

    def __init__(self, **key: Any) -> None:
        self.world = World()
        self.key = ApiKey(
            **{
                "id": KEY_ID,
                "digest": Sealing(PEPPER).seal(KEY_ID, TEXT),
                "expires": NOW + 1000,
                "signs": True,
                **key,
            }
        )
        self.plan = "gold"
        self.ports: dict[str, Any] = {"key_pepper": PEPPER, "key_plans": frozenset({"gold"})}

    def stage(self, **operation_changes: Any) -> Any:
        subscriptions = (Subscription("orders", "v1", self.plan, ("orders.read", "orders.write")),)
        application = Application(
            "acme-shop", "Shop", "acme", subscriptions, (self.key,), oauth=OAuthSettings(jwks={"keys": JWKS})
        )
        self.world.access.applications = {"acme-shop": application}
        self.world.access.keys = known_keys((application,))
        ports = replace(self.world.ports(), **self.ports)
        return authentication.bind(version(), operation(**{"api_key": USE, **operation_changes}), ports)


def request(fields: dict[str, str], method: str = "GET", target: str = "/orders/v1/orders") -> Exchange:
    pairs = {name.encode(): value.encode() for name, value in fields.items()}
    made = Exchange(method, target.encode(), list(pairs.items()), pairs, "192.0.2.1")
    made.path = target.partition("?")[0]
    return made


def parameters(key_id: str = KEY_ID, created: int = NOW, nonce: str = NONCE, more: str = "") -> str:
    return f';created={created};keyid="{key_id}";nonce="{nonce}"{more}'


async def verdict(stage: Any, made: Exchange) -> Any:
    found = stage(made)
    if inspect.isawaitable(found):
        found = await found
    assert (made.principal is not None) is (found is ALLOW)
    return found


async def refused(stage: Any, fields: dict[str, str], **options: Any) -> str:
    found = await verdict(stage, request(fields, **options))
    assert isinstance(found, Deny)
    assert (found.problem.type.id, found.problem.status) == ("signature-invalid", 401)
    headers = dict(found.problem.headers)
    assert headers["www-authenticate"] == 'ApiKey in="header", name="signature"'
    assert headers["accept-signature"].startswith('ostiary=("@method" "@target-uri" "content-digest")')
    detail = found.problem.detail
    assert detail.startswith("The request's signature is not accepted: ")
    return detail.removeprefix("The request's signature is not accepted: ").removesuffix(".")


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
    "covers",
    [
        ("@method", "@target-uri"),
        ("@target-uri", "@method"),
        ("@method", "@authority", "@path", "@query"),
        ("@method", "@target-uri", "@scheme", "x-order"),
        ("@method", "@target-uri", '"@query-param";name="q"'),
    ],
)
async def test_what_may_be_covered(covers: tuple[str, ...]) -> None:
    target = "/orders/v1/orders?q=7&r=%20"
    fields = signed(
        by_secret(TEXT),
        parameters(),
        target=target,
        covers=covers,
        fields={"x-order": "a, b", '@query-param";name="q': "7"},
    )
    fields.pop('@query-param";name="q')
    assert await verdict(Signing().stage(), request(fields, target=target)) is ALLOW


@pytest.mark.parametrize(
    ("covers", "reason"),
    [
        ((), "it does not cover the method and the target"),
        (("@method",), "it does not cover the method and the target"),
        (("@target-uri",), "it does not cover the method and the target"),
        (("@method", "@path", "@query"), "it does not cover the method and the target"),
        (("@method", "@authority", "@path"), "it does not cover the method and the target"),
        (("@method", "@target-uri", "x-absent"), "it covers a field that the request does not have"),
        (("@method", "@target-uri", "@method"), "it covers a component twice"),
        (("@method", "@target-uri", "@status"), "it covers a component that is not supported"),
        (("@method", "@target-uri", "@request-target"), "it covers a component that is not supported"),
        (("@method", "@target-uri", "X-Upper"), "it covers a component that is not supported"),
        (("@method", "@target-uri", '"x-a";sf'), "it covers a component that is not supported"),
        (("@method", "@target-uri", '"@query-param"'), "it covers a component that is not supported"),
        (
            ("@method", "@target-uri", '"@query-param";name="absent"'),
            "it covers a parameter that the query does not have once",
        ),
        (tuple(f"x-{number}" for number in range(33)), "it covers too many components"),
    ],
)
async def test_what_the_client_cannot_choose(covers: tuple[str, ...], reason: str) -> None:
    fields = signed(by_secret(TEXT), parameters(), covers=covers)
    assert await refused(Signing().stage(), fields) == reason


@pytest.mark.parametrize(
    "values",
    [
        {"method": "POST"},
        {"target_uri": "https://api.example/orders/v1/other"},
        {"target_uri": "https://evil.example/orders/v1/orders"},
        {"target_uri": "http://api.example/orders/v1/orders"},
        {"target_uri": "https://api.example/orders/v1/orders?"},
    ],
)
async def test_a_signature_of_another_request(values: dict[str, str]) -> None:
    fields = signed(by_secret(TEXT), parameters(), **values)
    assert await refused(Signing().stage(), fields) == "it does not verify"


async def test_the_target_is_the_one_on_the_wire() -> None:
    target = "/orders/v1/orders?a=%7E&b=c%20d"
    stage = Signing().stage()
    assert (
        await verdict(stage, request(signed(by_secret(TEXT), parameters(), target=target), target=target)) is ALLOW
    )
    whole = request(signed(by_secret(TEXT), parameters(nonce="m" * 20), target=target))
    whole.target = f"http://api.example{target}".encode()
    assert await verdict(stage, whole) is ALLOW


async def test_a_request_with_content_covers_its_digest() -> None:
    stage = Signing().stage()
    covers = ("@method", "@target-uri", "content-digest")
    given = {"content-length": "2", "content-digest": digest(b"{}")}
    fields = signed(by_secret(TEXT), parameters(), "POST", fields=given, covers=covers)
    assert await verdict(stage, request(fields, "POST")) is ALLOW
    reason = "it does not cover the digest of the content"
    for fields in ({"content-length": "2"}, {"transfer-encoding": "chunked"}, {"content-digest": digest(b"")}):
        made = signed(by_secret(TEXT), parameters(nonce="m" * 20), "POST", fields=fields)
        assert await refused(stage, made, method="POST") == reason
    missing = signed(by_secret(TEXT), parameters(), "POST", fields={"content-length": "2"}, covers=covers)
    assert await refused(stage, missing, method="POST") == "it covers a field that the request does not have"


@pytest.mark.parametrize(
    ("made", "good"),
    [
        (parameters(created=NOW), True),
        (parameters(created=NOW + int(SKEW)), True),
        (parameters(created=NOW - int(AGE) + 1), True),
        (parameters(more=f";expires={NOW + 1}"), True),
        (parameters(created=NOW + int(SKEW) + 1), False),
        (parameters(created=NOW - int(AGE)), False),
        (parameters(created=0), False),
        (parameters(created=-NOW), False),
        (parameters(more=f";expires={NOW}"), False),
        (parameters(more=';expires="never"'), False),
        (parameters(more=f";expires={NOW + 1}.5"), False),
    ],
)
async def test_when_it_was_made(made: str, good: bool) -> None:
    fields = signed(by_secret(TEXT), made)
    if good:
        assert await verdict(Signing().stage(), request(fields)) is ALLOW
    else:
        assert await refused(Signing().stage(), fields) == "it was made too long ago, or in the future"


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (f';keyid="{KEY_ID}";nonce="{NONCE}"', "it has no keyid, no nonce, or no time at which it was created"),
        (f';created={NOW};nonce="{NONCE}"', "it has no keyid, no nonce, or no time at which it was created"),
        (f';created={NOW};keyid="{KEY_ID}"', "it has no keyid, no nonce, or no time at which it was created"),
        (
            f';created={NOW}.0;keyid="{KEY_ID}";nonce="{NONCE}"',
            "it has no keyid, no nonce, or no time at which it was created",
        ),
        (
            f';created={NOW};keyid={KEY_ID};nonce="{NONCE}"',
            "it has no keyid, no nonce, or no time at which it was created",
        ),
        (parameters(nonce="short"), "its nonce has fewer than 16 characters or more than 256"),
        (parameters(nonce="n" * 257), "its nonce has fewer than 16 characters or more than 256"),
        (parameters("sigNOBODYNOBODY"), "its key is not known"),
        (parameters(""), "its key is not known"),
        (parameters("../../etc/passwd"), "its key is not known"),
        (parameters(more=';alg="rsa-pss-sha512"'), "it does not verify"),
        (parameters(more=";alg=hmac-sha256"), "its algorithm is no text"),
        (parameters(more=f';nonce="{NONCE}x"'), "a field of it has a key or a parameter twice"),
    ],
)
async def test_what_it_has_to_say_of_itself(made: str, reason: str) -> None:
    assert await refused(Signing().stage(), signed(by_secret(TEXT), made)) == reason


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("signature-input", "", "a field of it has no member, or too many"),
        ("signature-input", "sig", "it is no list of components"),
        ("signature-input", "sig=1", "it is no list of components"),
        ("signature-input", 'sig="@method"', "it is no list of components"),
        ("signature-input", "sig=(a b)", "it covers something that is no component"),
        ("signature-input", "sig=(", "a field of it is no dictionary"),
        ("signature-input", 'sig=("a");x="é"', "a field of it is no dictionary"),
        (
            "signature-input",
            ", ".join(f'a{n}=("@method")' for n in range(5)),
            "a field of it has no member, or too many",
        ),
        ("signature-input", 'sig=("@method"),sig=("@method")', "a field of it has a key or a parameter twice"),
        ("signature-input", "sig=(" + " " * 5000 + ")", "a field of it is too long"),
        ("signature", "other=:AAAA:", "there is no signature of that label"),
        ("signature", "sig=AAAA", "there is no signature of that label"),
        ("signature", "sig=::", "it does not verify"),
        ("signature", "sig=:AAAA:", "it does not verify"),
        ("signature", "sig=(:AAAA:)", "there is no signature of that label"),
        ("signature", "sig=:A*:", "a field of it is no dictionary"),
    ],
)
async def test_what_is_no_signature(field: str, value: str, reason: str) -> None:
    fields = {**signed(by_secret(TEXT), parameters()), field: value}
    assert await refused(Signing().stage(), fields) == reason


async def test_it_is_good_once() -> None:
    stage, fields = Signing().stage(), signed(by_secret(TEXT), parameters())
    assert await verdict(stage, request(fields)) is ALLOW
    assert await refused(stage, fields) == "its nonce was used before"
    again = signed(by_secret(TEXT), parameters(created=NOW - 1))
    assert await refused(stage, again) == "its nonce was used before", "in another signature of the same key, too"
    other = signed(by_key(EC), parameters(public_key(JWKS[0]).thumbprint))
    assert await verdict(stage, request(other)) is ALLOW, "one key's nonce is not another's"


async def test_a_forged_signature_uses_no_nonce_up() -> None:
    stage = Signing().stage()
    assert await refused(stage, signed(by_secret("another"), parameters())) == "it does not verify"
    assert await verdict(stage, request(signed(by_secret(TEXT), parameters()))) is ALLOW


@pytest.mark.parametrize("first", [True, False, None])
async def test_nonces_that_are_remembered_elsewhere(first: bool | None) -> None:
    class Elsewhere:
        async def use(self, digest: bytes, until: float, /) -> bool:
            assert until == NOW + AGE
            if first is None:
                raise NoRoomError
            return first

    here = Signing()
    here.ports["proofs"] = Elsewhere()
    found = await verdict(here.stage(), request(signed(by_secret(TEXT), parameters())))
    if first:
        assert found is ALLOW
    else:
        assert found.problem.status == (503 if first is None else 401)


async def test_of_several_the_one_for_us_counts() -> None:
    """A proxy on the way may have signed too (RFC 9421 §4.3)."""
    mine = signed(by_secret(TEXT), parameters(more=';tag="ostiary"'), label="mine")
    proxys = signed(by_key(ED), ';created=1;keyid="proxy"', label="proxy")
    both = {name: f"{proxys[name]}, {mine[name]}" for name in mine}
    assert await verdict(Signing().stage(), request(both)) is ALLOW
    untagged = signed(by_secret(TEXT), parameters(), label="mine")
    both = {name: f"{proxys[name]}, {untagged[name]}" for name in mine}
    assert await refused(Signing().stage(), both) == "of several, not exactly one has the tag ostiary"


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


async def test_no_refusal_repeats_the_request() -> None:
    fields = signed(by_secret("canary-secret"), parameters("canary-key", nonce="canary-nonce-0001"))
    found = await verdict(Signing().stage(), request(fields))
    assert "canary" not in repr(found)
