import importlib
import inspect

from contracts.operations import Lifecycle
from policies.binding import bind_all
from policies.policy import Phase
from policies.stages import ORDER
from policies.verdict import ALLOW, Deny, Stage
from tests.support.policy_world import World, claims, compact, exchange, header, operation, version


def test_the_order_is_the_one_that_was_argued() -> None:
    assert [(entry.id, entry.phase) for entry in ORDER] == [
        ("cors", Phase.HEAD),
        ("authentication", Phase.HEAD),
        ("api-version", Phase.HEAD),
        ("sender-constraint", Phase.HEAD),
        ("subscription", Phase.HEAD),
        ("network", Phase.HEAD),
        ("hours", Phase.HEAD),
        ("rate-limit", Phase.HEAD),
        ("concurrency", Phase.HEAD),
        ("fault-injection", Phase.HEAD),
        ("lifecycle", Phase.HEAD),
        ("body-limits", Phase.HEAD),
        ("websocket", Phase.HEAD),
        ("content-digest", Phase.BODY),
        ("request-content", Phase.BODY),
        ("request-schema", Phase.BODY),
        ("odoo-rpc", Phase.BODY),
        ("object-rule", Phase.BODY),
        ("idempotency", Phase.BODY),
        ("classification", Phase.RESPONSE),
        ("response-schema", Phase.RESPONSE),
        ("transformation", Phase.BODY),
        ("version-adapter", Phase.BODY),
        ("cache", Phase.BODY),
        ("residency", Phase.BODY),
        ("canary", Phase.BODY),
        ("mirror", Phase.BODY),
    ]
    assert all(entry.why and entry.failure for entry in ORDER)


def test_every_policy_has_a_file_of_its_own() -> None:
    for entry in ORDER:
        module = importlib.import_module(f"policies.{entry.id.replace('-', '_')}")
        assert entry.id == module.POLICY


def test_what_needs_the_body_comes_after_what_does_not() -> None:
    phases = [entry.phase is Phase.BODY for entry in ORDER if entry.phase is not Phase.RESPONSE]
    assert phases == sorted(phases)


def test_an_operation_gets_the_stages_that_have_something_to_do() -> None:
    world = World()
    calendar = Lifecycle("deprecated", deprecation=1, sunset=2_000_000_000)
    full = bind_all(version(lifecycle=calendar), operation(), world.ports())
    stages = ("authentication", "sender-constraint", "subscription", "rate-limit", "lifecycle")
    assert full.policies[:5] == stages
    public = bind_all(version(), operation(public=True, scopes=()), world.ports())
    assert not {*stages} & set(public.policies)
    assert len(full.head) + len(full.body) == len(full.policies)


async def run(chain: tuple[Stage, ...], request: object) -> object:
    for stage in chain:
        verdict = stage(request)  # type: ignore[arg-type]
        if inspect.isawaitable(verdict):
            verdict = await verdict
        if verdict is not ALLOW:
            return verdict
    return ALLOW


async def test_the_chain_refuses_in_order() -> None:
    """Each request is wrong in everything that is still to come; the first stage concerned answers."""
    world = World()
    ended = version(lifecycle=Lifecycle("retired"))
    chain = bind_all(ended, operation(), world.ports()).head
    world.subscribe("orders.write")
    token = compact(header(), claims())
    refused_by = [await run(chain, exchange()), await run(chain, exchange(token))]
    world.subscribe("orders.read")
    refused_by += [await run(chain, exchange(token)) for _ in range(3)]
    assert [verdict.policy for verdict in refused_by if isinstance(verdict, Deny)] == [
        "authentication",
        "subscription",
        "lifecycle",
        "lifecycle",
        "rate-limit",
    ]


async def test_a_good_request_passes_the_whole_chain() -> None:
    world = World()
    bound = bind_all(version(), operation(), world.ports())
    request = exchange(compact(header(), claims()))
    assert await run(bound.head + bound.body, request) is ALLOW
    assert request.principal is not None
    assert request.subscription is not None
    assert request.limits


def test_no_stage_is_bound_twice() -> None:
    assert len({entry.id for entry in ORDER}) == len(ORDER)
