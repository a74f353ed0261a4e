import importlib
import inspect

from contracts.operations import Lifecycle
from policies import stages
from policies.stages import ORDER, REQUEST_ORDER, Phase, bind_all
from policies.verdict import ALLOW, Deny, Stage
from tests.support.policy_world import World, claims, compact, exchange, header, operation, version


def test_the_order_is_the_one_that_was_argued() -> None:
    assert [(entry.policy, entry.phase) for entry in ORDER] == [
        ("authentication", Phase.HEAD),
        ("sender-constraint", Phase.HEAD),
        ("subscription", Phase.HEAD),
        ("rate-limit", Phase.HEAD),
        ("lifecycle", Phase.HEAD),
        ("body-limits", Phase.HEAD),
        ("websocket", Phase.HEAD),
        ("content-digest", Phase.BODY),
        ("request-schema", Phase.BODY),
        ("response-schema", Phase.RESPONSE),
    ]
    assert all(entry.why for entry in ORDER)


def test_every_policy_binds_its_own_stage() -> None:
    """Whoever logs a fault names the policy by the stage's module."""
    for entry in ORDER:
        module = importlib.import_module(f"policies.{entry.policy.replace('-', '_')}")
        assert entry.policy == module.POLICY
        assert entry.bind is module.bind


def test_phases_do_not_go_back() -> None:
    phases = [list(Phase).index(entry.phase) for entry in ORDER]
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
    bound = stages.bind_all(version(), operation(), world.ports())
    request = exchange(compact(header(), claims()))
    assert await run(bound.head + bound.body, request) is ALLOW
    assert request.principal is not None
    assert request.subscription is not None
    assert request.limits


def test_no_stage_is_bound_twice() -> None:
    assert len({entry.policy for entry in REQUEST_ORDER}) == len(REQUEST_ORDER)
