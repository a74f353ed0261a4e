"""API keys: who may call by one, where, and from where."""

import hmac
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from contracts.access import ApiKey, Application, Revoked
from contracts.operations import ApiKeyUse
from contracts.secret_text import checksum
from contracts.snapshot import Subscription
from policies import authentication, subscription
from policies.credentials.known_keys import known_keys
from policies.credentials.revocation import Revocations
from policies.exchange import Exchange
from policies.verdict import ALLOW, Deny, Verdict
from tests.support.policy_world import NOW, World, claims, compact, exchange, header, operation, version

PEPPER = bytes(range(32))
KEY_ID = "key0123456789ab"


def text_of(key_id: str = KEY_ID, environment: str = "live") -> str:
    body = f"ost_{environment}_{key_id}_{'s' * 43}"
    return body + checksum(body)


def key(text: str | None = None, **changes: Any) -> ApiKey:
    members: dict[str, Any] = {
        "expires": NOW + 60,
        "digest": hmac.digest(PEPPER, (text or text_of()).encode(), "sha256"),
    }
    return ApiKey(KEY_ID, **{**members, **changes})


class KeyWorld(World):
    """A world with one key of the one application. `call` runs authentication and subscription."""

    def __init__(self, *keys: ApiKey, pepper: bytes | None = PEPPER, plans: tuple[str, ...] = ("gold",)) -> None:
        super().__init__()
        self.pepper, self.key_plans = pepper, frozenset(plans)
        self.give(*(keys or (key(),)))

    def give(self, *keys: ApiKey, scopes: tuple[str, ...] = ("orders.read", "orders.write")) -> None:
        shop = Application("acme-shop", "Shop", "acme", (Subscription("orders", "v1", "gold", scopes),), keys)
        self.access.applications = {"acme-shop": shop}
        self.access.keys = known_keys((shop,))
        self.access.generation += 1

    def call(self, made: Exchange, *, only: bool = False, wants: tuple[str, ...] = ("orders.read",)) -> Verdict:
        use = ApiKeyUse("x-api-key", (wants,))
        bound = operation(api_key=use, scopes=() if only else (("orders.read",),))
        ports = replace(self.ports(), key_plans=self.key_plans, key_pepper=self.pepper)
        for policy in (authentication, subscription):
            stage = policy.bind(version(bound), bound, ports)
            assert stage is not None
            verdict = stage(made)
            assert isinstance(verdict, Deny) or verdict is ALLOW
            if isinstance(verdict, Deny):
                return verdict
        return ALLOW


def sent(text: str | None = None, peer: str = "192.0.2.1", token: str | None = None) -> Exchange:
    fields: Mapping[str, str] = {"x_api_key": text_of() if text is None else text}
    made = exchange(token, **fields)
    made.peer = peer
    return made


def problem_of(verdict: Verdict) -> str:
    assert isinstance(verdict, Deny), "it was let through"
    return verdict.problem.type.id


def test_a_key_opens_what_its_application_may_call_and_stays_here() -> None:
    world, made = KeyWorld(), sent()
    assert world.call(made) is ALLOW
    assert made.principal is not None
    assert (made.principal.client_id, made.principal.token_id) == ("acme-shop", KEY_ID)
    assert made.subscription is not None
    assert all(name != b"x-api-key" for name, _ in made.headers), "the key would go upstream"
    assert made.kept is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        text_of()[:-1] + ("0" if text_of()[-1] != "0" else "1"),  # the checksum
        text_of("key000000000000"),  # of nobody
        text_of("0123456789ab"),  # a client secret
        text_of(environment="other"),
        text_of() + " ",
        text_of() + ", " + text_of(),  # the field twice
        "ost_live_" + "é" * 60,
    ],
)
def test_any_other_text_opens_nothing(text: str) -> None:
    refused = KeyWorld().call(sent(text))
    assert problem_of(refused) == "api-key-invalid"
    assert isinstance(refused, Deny)
    assert dict(refused.problem.headers)["www-authenticate"] == 'ApiKey in="header", name="x-api-key"'
    assert not text or text not in refused.problem.detail


def test_a_known_id_without_its_secret_opens_nothing() -> None:
    assert problem_of(KeyWorld(key(digest=bytes(32))).call(sent())) == "api-key-invalid"
    assert problem_of(KeyWorld(pepper=bytes(32)).call(sent())) == "api-key-invalid"


def test_a_key_ends() -> None:
    world = KeyWorld()
    world.now = NOW + 59.9
    assert world.call(sent()) is ALLOW
    world.now = NOW + 60
    assert problem_of(world.call(sent())) == "api-key-invalid"


@pytest.mark.parametrize(
    ("peer", "good"),
    [
        ("192.0.2.1", True),
        ("192.0.3.1", False),
        ("::ffff:192.0.2.1", True),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("", False),
    ],
)
def test_a_key_is_good_from_its_networks_alone(peer: str, good: bool) -> None:
    verdict = KeyWorld(key(networks=("192.0.2.0/24", "2001:db8::/32"))).call(sent(peer=peer))
    assert verdict is ALLOW if good else problem_of(verdict) == "api-key-invalid"


def test_a_key_is_good_for_its_scopes_and_what_is_granted() -> None:
    assert KeyWorld(key(scopes=("orders.read",))).call(sent()) is ALLOW
    assert problem_of(KeyWorld(key(scopes=("orders.write",))).call(sent())) == "scope-insufficient"
    world = KeyWorld(key(scopes=("orders.read",)))
    world.give(key(scopes=("orders.read",)), scopes=())
    assert problem_of(world.call(sent())) == "scope-insufficient", "a grant that was withdrawn still counts"


def test_the_plan_has_to_allow_keys() -> None:
    assert problem_of(KeyWorld(plans=()).call(sent())) == "api-key-not-allowed"


def test_whoever_is_cut_off_does_not_get_in_by_a_key() -> None:
    world = KeyWorld()
    world.access.revocations = Revocations(Revoked(consumers=("acme",)))
    assert problem_of(world.call(sent())) == "api-key-invalid"


def test_a_gateway_without_the_pepper_says_that_it_is_its_own_fault() -> None:
    assert problem_of(KeyWorld(pepper=None).call(sent())) == "issuer-unavailable"


def test_one_credential_at_a_time() -> None:
    world = KeyWorld()
    token = compact(header(), claims())
    assert problem_of(world.call(sent(token=token))) == "api-key-invalid"
    assert world.call(exchange(token)) is ALLOW
    assert problem_of(world.call(exchange())) == "credentials-missing"


def test_a_token_does_not_open_what_only_keys_do() -> None:
    world = KeyWorld()
    assert world.call(sent(), only=True) is ALLOW
    assert problem_of(world.call(exchange(compact(header(), claims())), only=True)) == "credentials-missing"


def test_what_is_asked_of_a_key_is_not_asked_of_a_token_and_does_not_suffice_for_one() -> None:
    """The contract asks nothing of a key, and a scope of a token."""
    world = KeyWorld(key(scopes=("orders.write",)))
    assert world.call(sent(), wants=()) is ALLOW
    assert problem_of(world.call(exchange(compact(header(), claims(scope="x"))), wants=())) == "scope-insufficient"
