"""Requests that their callers sign: what has to be covered, what it says of itself, and that it is good once."""

import pytest

from contracts.public_keys import public_key
from policies.credentials.http_signature import AGE, SKEW
from policies.credentials.used_proofs import NoRoomError
from policies.verdict import ALLOW
from tests.support.policy_world import NOW
from tests.support.signing import by_key, by_secret, digest, signed
from tests.support.signing_world import (
    EC,
    ED,
    JWKS,
    KEY_ID,
    NONCE,
    TEXT,
    Signing,
    parameters,
    refused,
    request,
    verdict,
)


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


async def test_no_refusal_repeats_the_request() -> None:
    fields = signed(by_secret("canary-secret"), parameters("canary-key", nonce="canary-nonce-0001"))
    found = await verdict(Signing().stage(), request(fields))
    assert "canary" not in repr(found)
