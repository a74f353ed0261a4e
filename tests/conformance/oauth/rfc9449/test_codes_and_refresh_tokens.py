"""RFC 9449 §5 and §10: DPoP for codes, pushed requests, and the refresh tokens of public clients."""

from tests.catalog.browser import Browser
from tests.catalog.serving import World
from tests.conformance.oauth.authorizing import ASKING, ON_DEVICE, answer_of, push, redeem, refresh
from tests.conformance.oauth.clients import KEY, OTHER_KEY, claims_of, proof


async def test_10_a_code_is_bound_to_the_key_that_was_named(people: World, browser: Browser, secret: str) -> None:
    code = await ASKING.code(browser, dpop_jkt=OTHER_KEY.thumbprint())
    for headers in (None, [proof(people, key=KEY)]):
        answer = await redeem(people, code, secret, headers=headers)
        assert (answer.status, answer.error) == (400, "invalid_grant")
    answer = await redeem(people, code, secret, headers=[proof(people)])
    assert answer.body["token_type"] == "DPoP"
    assert claims_of(answer)["cnf"] == {"jkt": OTHER_KEY.thumbprint()}


async def test_10_1_a_proof_at_the_push_binds_the_code(people: World, browser: Browser, secret: str) -> None:
    header = proof(people, url=people.url + "/oauth/par")
    uri = (await push(people, secret, headers=(header,))).body["request_uri"]
    await browser.get(f"/oauth/authorize?client_id=planner&request_uri={uri}", follow=False)
    answered = await browser.send("/oauth/authorize/decision", follow=False, decision="allow")
    code = answer_of(answered)["code"]
    assert (await redeem(people, code, secret)).error == "invalid_grant"
    assert (await redeem(people, code, secret, headers=[proof(people)])).status == 200


async def test_10_1_a_proof_by_another_key_than_the_named_one_is_refused(people: World, secret: str) -> None:
    header = proof(people, url=people.url + "/oauth/par")
    answer = await push(people, secret, headers=(header,), dpop_jkt=KEY.thumbprint())
    assert (answer.status, answer.error) == (400, "invalid_dpop_proof")
    header = proof(people, url=people.url + "/oauth/par")
    assert (await push(people, secret, headers=(header,), dpop_jkt=OTHER_KEY.thumbprint())).status == 201


async def test_10_1_a_proof_for_another_endpoint_is_refused(people: World, secret: str) -> None:
    answer = await push(people, secret, headers=(proof(people),))
    assert (answer.status, answer.error) == (400, "invalid_dpop_proof")


async def test_5_a_public_clients_refresh_token_is_bound_to_its_key(people: World, browser: Browser) -> None:
    given = await redeem(people, await ON_DEVICE.code(browser), asking=ON_DEVICE, headers=[proof(people)])
    text = given.body["refresh_token"]
    for headers in (None, [proof(people, key=KEY)]):
        answer = await refresh(people, text, headers=headers)
        assert (answer.status, answer.error) == (400, "invalid_grant")
    answer = await refresh(people, text, headers=[proof(people)])
    assert answer.status == 200, "what a thief without the key tried has cost the client nothing"
    assert claims_of(answer)["cnf"] == {"jkt": OTHER_KEY.thumbprint()}


async def test_5_a_confidential_clients_refresh_token_is_not(people: World, browser: Browser, secret: str) -> None:
    given = await redeem(people, await ASKING.code(browser), secret, headers=[proof(people)])
    text = given.body["refresh_token"]
    answer = await refresh(people, text, secret, client_id="planner", headers=[proof(people, key=KEY)])
    assert claims_of(answer)["cnf"] == {"jkt": KEY.thumbprint()}
