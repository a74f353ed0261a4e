"""RFC 7636, proof key for code exchange: demanded of every client, and by S256 alone (RFC 9700 §2.1.1)."""

import pytest

from catalog.oauth.wire.pkce import is_challenge, proves
from tests.catalog.browser import Browser
from tests.catalog.serving import World
from tests.conformance.oauth.authorizing import (
    ASKING,
    CHALLENGE,
    VERIFIER,
    answer_of,
    challenge_of,
    redeem,
)


@pytest.mark.parametrize(
    ("challenge", "method"),
    [
        (None, None),
        (None, "S256"),
        (VERIFIER, "plain"),
        (CHALLENGE, None),  # §4.3: that would be plain
        (CHALLENGE, "s256"),
        (CHALLENGE, "S512"),
        (CHALLENGE[:-1], "S256"),
        (CHALLENGE + "A", "S256"),
        (CHALLENGE[:-1] + "N", "S256"),  # the last character's spare bits are not zero
        (CHALLENGE[:-1] + "=", "S256"),
        (CHALLENGE[:-1] + "+", "S256"),
    ],
)
async def test_4_4_1_without_a_challenge_of_s256_there_is_no_code(
    people: World, browser: Browser, challenge: str | None, method: str | None
) -> None:
    page = await ASKING.go(browser, code_challenge=challenge, code_challenge_method=method)
    assert answer_of(page)["error"] == "invalid_request"


@pytest.mark.parametrize("verifier", ["a" * 43, "Z9-._~" * 20 + "ab012345"])
async def test_4_6_whoever_holds_the_verifier_gets_the_token(
    people: World, browser: Browser, secret: str, verifier: str
) -> None:
    code = await ASKING.code(browser, code_challenge=challenge_of(verifier))
    assert (await redeem(people, code, secret, code_verifier=verifier)).status == 200


@pytest.mark.parametrize(
    "verifier", [CHALLENGE, VERIFIER[:-1], VERIFIER + "a", VERIFIER.swapcase(), "a" * 42, "a" * 129, "ä" * 43]
)
async def test_4_6_any_other_verifier_gets_nothing(
    people: World, browser: Browser, secret: str, verifier: str
) -> None:
    answer = await redeem(people, await ASKING.code(browser), secret, code_verifier=verifier)
    assert (answer.status, answer.error) == (400, "invalid_grant")


def test_4_1_a_verifier_of_the_wrong_form_proves_nothing_even_where_its_digest_fits() -> None:
    for verifier in ("a" * 42, "a" * 129, "a" * 42 + "+", "a" * 42 + "\n"):
        assert is_challenge(challenge_of(verifier))
        assert not proves(verifier, challenge_of(verifier))


def test_appendix_b() -> None:
    assert is_challenge(CHALLENGE)
    assert proves(VERIFIER, CHALLENGE)
