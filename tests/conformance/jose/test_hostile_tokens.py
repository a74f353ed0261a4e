"""Hostile tokens at the stages that look at them, over the real key source.

Every one is refused with `token-invalid` and the challenge of RFC 6750 §3.1, and without a byte sent to anybody:
the key source's session raises when it is used. Whether the issuer is the catalog or another makes no difference.
"""

import inspect
from typing import Any

import pytest

from gateway.adapters.keys import IssuerKeys
from policies import authentication, sender_constraint
from policies.verdict import ALLOW, Deny
from tests.conformance.jose.forging import Forger
from tests.conformance.jose.hostile import UNTYPED, hostile, sound
from tests.conformance.jose.trusting import EXTERNAL, IDENTITIES, PLAIN, issuers
from tests.support.policy_world import ISSUER, World, compact, exchange, header, operation, version

OWN, OTHER = Forger(ISSUER), Forger(EXTERNAL)
HOSTILE = {OWN.issuer: hostile(OWN), OTHER.issuer: hostile(OTHER)}
SOUND = {OWN.issuer: sound(OWN), OTHER.issuer: sound(OTHER)}
NAMES = [(issuer, name) for issuer, tokens in HOSTILE.items() for name in tokens]


class NoNetwork:
    def request(self, *arguments: Any, **options: Any) -> Any:
        raise OSError("a token made the gateway ask somebody")


@pytest.fixture
def stages() -> Any:
    world = World()
    keys = IssuerKeys(NoNetwork(), lambda: 0.0)  # type: ignore[arg-type]
    keys.update(issuers())
    # Nothing is fetched: an unknown key id is answered out of the interval of the last fetch.
    for issuer in keys._issuers.values():
        issuer.fetched_at = 0.0
    world.keys = keys  # type: ignore[assignment]
    application = world.access.applications["acme-shop"]
    world.access.identities = {(each.issuer, each.client): application for each in IDENTITIES}
    ports = world.ports()
    return [policy.bind(version(), operation(), ports) for policy in (authentication, sender_constraint)]


async def verdict_on(stages: Any, token: str) -> Any:
    request = exchange(token)
    for stage in stages:
        verdict = stage(request)
        if inspect.isawaitable(verdict):
            verdict = await verdict
        if verdict is not ALLOW:
            return verdict
    assert request.principal is not None
    return ALLOW


def test_there_are_enough_of_them() -> None:
    assert min(map(len, HOSTILE.values())) >= 60


@pytest.mark.parametrize(("issuer", "name"), NAMES)
async def test_it_is_refused(stages: Any, issuer: str, name: str) -> None:
    verdict = await verdict_on(stages, HOSTILE[issuer][name])
    assert isinstance(verdict, Deny)
    assert (verdict.problem.type.id, verdict.problem.status) == ("token-invalid", 401)
    assert dict(verdict.problem.headers)["www-authenticate"].startswith('Bearer error="invalid_token", ')


@pytest.mark.parametrize(("issuer", "name"), [(each, name) for each, tokens in SOUND.items() for name in tokens])
async def test_its_near_twin_passes(stages: Any, issuer: str, name: str) -> None:
    assert await verdict_on(stages, SOUND[issuer][name]) is ALLOW


@pytest.mark.parametrize(("issuer", "name"), NAMES)
async def test_no_refusal_repeats_the_token(stages: Any, issuer: str, name: str) -> None:
    token = HOSTILE[issuer][name]
    shown = repr(await verdict_on(stages, token))
    assert not [part for part in token.split(".") if len(part) > 8 and part in shown]
    assert "evil" not in shown
    assert "nobody" not in shown


async def test_scopes_in_a_list_are_another_issuers_and_never_ours(stages: Any) -> None:
    assert isinstance(await verdict_on(stages, OWN.body_of(scope=["orders.read"])), Deny)
    assert await verdict_on(stages, OTHER.body_of(scope=["orders.read"])) is ALLOW


@pytest.mark.parametrize("name", UNTYPED)
async def test_another_kind_of_token_where_no_type_tells(stages: Any, name: str) -> None:
    plain = Forger(PLAIN)
    for kind in ("JWT", "jwt", ...):
        assert await verdict_on(stages, compact(header(typ=kind), plain.claims())) is ALLOW
        verdict = await verdict_on(stages, compact(header(typ=kind), plain.claims(**UNTYPED[name])))
        assert isinstance(verdict, Deny)
        assert verdict.problem.detail.endswith("it is not an access token.")


@pytest.mark.parametrize("kind", ["at+jwt", "dpop+jwt", "logout+jwt", "secevent+jwt", "id_token+jwt", ""])
async def test_a_type_that_is_not_that_of_an_issuer_of_plain_jwts(stages: Any, kind: str) -> None:
    assert isinstance(await verdict_on(stages, compact(header(typ=kind), Forger(PLAIN).claims())), Deny)
