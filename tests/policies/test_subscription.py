import pytest

from policies import subscription
from policies.exchange import Exchange, Principal
from policies.verdict import ALLOW, Deny, Verdict
from tests.support.policy_world import ISSUER, NOW, World, exchange, operation, version

METADATA = 'resource_metadata="https://api.example/.well-known/oauth-protected-resource/orders/v1"'


def called(*scopes: str, client: str = "acme-shop") -> Exchange:
    request = exchange()
    request.principal = Principal(ISSUER, client, client, "acme", frozenset(scopes), NOW + 60, "t", {})
    return request


def check(world: World, request: Exchange, *alternatives: tuple[str, ...], version_name: str = "v1") -> Verdict:
    stage = subscription.bind(
        version(version=version_name), operation(scopes=alternatives or (("orders.read",),)), world.ports()
    )
    assert stage is not None
    verdict = stage(request)
    assert verdict is ALLOW or isinstance(verdict, Deny)
    return verdict


def denied(verdict: Verdict) -> str:
    assert isinstance(verdict, Deny)
    assert verdict.policy == "subscription"
    assert verdict.problem.status == 403
    return verdict.problem.type.id


def test_a_subscription_with_the_scope() -> None:
    request = called("orders.read")
    assert check(World(), request) is ALLOW
    assert request.subscription is not None
    assert request.subscription.plan == "gold"


def test_no_subscription_to_this_version() -> None:
    request = called("orders.read")
    assert denied(check(World(), request, version_name="v2")) == "subscription-missing"
    assert request.subscription is None


def test_a_subscription_to_another_api_is_none() -> None:
    stage = subscription.bind(version(api="partners"), operation(), World().ports())
    assert stage is not None
    verdict = stage(called("orders.read"))
    assert isinstance(verdict, Deny)
    assert denied(verdict) == "subscription-missing"


def test_an_application_that_is_gone() -> None:
    assert denied(check(World(), called("orders.read", client="other"))) == "subscription-missing"


def test_a_scope_that_the_token_lacks() -> None:
    verdict = check(World(), called("orders.write"))
    assert denied(verdict) == "scope-insufficient"
    assert isinstance(verdict, Deny)
    assert verdict.problem.headers == (
        ("www-authenticate", f'Bearer error="insufficient_scope", scope="orders.read", {METADATA}'),
    )


def test_a_scope_that_the_subscription_does_not_grant() -> None:
    world = World()
    world.subscribe("orders.write")
    verdict = check(world, called("orders.read", "orders.write"))
    assert denied(verdict) == "scope-insufficient"
    assert isinstance(verdict, Deny)
    assert "does not grant orders.read" in verdict.problem.detail


@pytest.mark.parametrize(
    ("held", "allowed"),
    [(("a", "b"), True), (("c",), True), (("a",), False), (("b", "d"), False), ((), False)],
)
def test_one_alternative_with_all_its_scopes(held: tuple[str, ...], allowed: bool) -> None:
    world = World()
    world.subscribe("a", "b", "c", "d")
    assert (check(world, called(*held), ("a", "b"), ("c",)) is ALLOW) is allowed


def test_an_alternative_may_not_be_put_together_from_grant_and_token() -> None:
    world = World()
    world.subscribe("a")
    assert denied(check(world, called("b"), ("a", "b"))) == "scope-insufficient"


def test_the_challenge_names_the_nearest_alternative() -> None:
    world = World()
    world.subscribe("a", "b", "c")
    verdict = check(world, called("a"), ("b", "c"), ("a", "b"))
    assert isinstance(verdict, Deny)
    assert 'scope="a b"' in verdict.problem.headers[0][1]


def test_an_operation_with_no_alternative_is_closed() -> None:
    stage = subscription.bind(version(), operation(scopes=()), World().ports())
    assert stage is not None
    assert isinstance(stage(called("orders.read")), Deny)


def test_an_alternative_without_scopes_needs_the_subscription_alone() -> None:
    assert check(World(), called(), ()) is ALLOW


def test_a_changed_subscription_counts_at_once() -> None:
    world = World()
    stage = subscription.bind(version(), operation(), world.ports())
    assert stage is not None
    assert stage(called("orders.read")) is ALLOW
    world.subscribe("orders.write")
    assert isinstance(stage(called("orders.read")), Deny)
    world.subscribe("orders.read", plan="silver")
    request = called("orders.read")
    assert stage(request) is ALLOW
    assert request.subscription is not None
    assert request.subscription.plan == "silver"


def test_a_public_operation_has_no_stage() -> None:
    assert subscription.bind(version(), operation(public=True, scopes=()), World().ports()) is None
