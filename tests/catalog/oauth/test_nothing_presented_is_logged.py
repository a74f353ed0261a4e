"""Whatever clients present, and whatever they get, stands in no log line, error text or row of the store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from structlog.processors import JSONRenderer

from catalog.oauth.clients import authentication
from catalog.oauth.tokens.introspection import INTROSPECTION_PATH
from catalog.oauth.tokens.revocation import REVOCATION_PATH
from contracts.oauth_client import TOKEN_EXCHANGE
from tests.catalog.serving import World
from tests.conformance.oauth.clients import GRANT, assertion, by_key, client, proof, served, with_assertion
from tests.conformance.oauth.tokens import Answer, post, post_to, secret_of

CANARY = "canary-e51c"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with served(tmp_path, client(), by_key("by-key"), client("desk", grants=(TOKEN_EXCHANGE,))) as world:
        yield world


async def test_neither_good_nor_bad(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A logger of its own: where the process's writes to, another test may have chosen.
    lines = structlog.testing.CapturingLogger()
    monkeypatch.setattr(authentication, "log", structlog.wrap_logger(lines, processors=[JSONRenderer()]))
    secret, desk = await secret_of(world), await secret_of(world, "desk")
    good, sent = assertion(world, client_id="by-key"), proof(world)
    token = (await post(world, GRANT, basic=("web-shop", secret), headers=[sent])).body["access_token"]
    bound = (await post(world, with_assertion(good))).body["access_token"]
    exchange = f"grant_type={TOKEN_EXCHANGE}&subject_token_type=urn:ietf:params:oauth:token-type:jwt"
    refused: list[Answer] = [
        await post(world, GRANT, basic=("web-shop", f"{secret}{CANARY}")),
        await post(world, GRANT, basic=(CANARY, CANARY)),
        await post(world, f"{GRANT}&client_id={CANARY}"),
        await post(world, f"grant_type={CANARY}", basic=("web-shop", secret)),
        await post(world, f"{GRANT}&scope={CANARY}", basic=("web-shop", secret)),
        await post(world, f"{GRANT}&resource=https://{CANARY}", basic=("web-shop", secret)),
        await post(world, with_assertion(assertion(world, {"jti": CANARY, "aud": CANARY}, client_id="by-key"))),
        await post(world, with_assertion(CANARY)),
        await post(world, GRANT, basic=("web-shop", secret), headers=[("DPoP", CANARY)]),
        await post(
            world, GRANT, basic=("web-shop", secret), headers=[proof(world, {"htu": f"https://{CANARY}/"})]
        ),
        await post(world, f"{exchange}&subject_token={CANARY}", basic=("desk", desk)),
        await post(world, GRANT, query=f"?client_secret={CANARY}", basic=("web-shop", secret)),
    ]
    assert {each.status for each in refused} <= {400, 401}
    for path in (INTROSPECTION_PATH, REVOCATION_PATH):
        for each in (token, CANARY, f"{token}{CANARY}"):
            await post_to(world, world.url + path, f"token={each}", basic=("web-shop", secret))
    output = str(lines.calls) + "".join(capsys.readouterr())
    assert "client authentication failed" in output
    rows = b"".join(path.read_bytes() for path in tmp_path.glob("catalog.db*"))
    texts = "".join(str(each.body) + str(each.headers) for each in refused)
    for hidden in (CANARY, secret, desk, token, bound, good, sent[1]):
        assert hidden not in output
        assert hidden.encode() not in rows
        assert hidden not in texts
