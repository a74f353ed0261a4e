"""The cache among the other policies, and before an Odoo, through the running gateway."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.estate.estate import load_estate
from contracts.openapi.classification import CLASSIFICATION
from contracts.operations import MediaType, Operation, Response
from contracts.policy_settings import PolicyUse
from contracts.snapshot import Snapshot, encode_part
from policies import cache
from policies.caching.memory import MOST_VARIANTS, AnswerCache
from policies.caching.stored import Stored
from policies.judging import InstalledPolicies
from policies.ports import Ports
from tests.conformance.rfc9111.caching_world import Origin, said
from tests.gateway.gateway_world import Gateway, gateway, operations, orders, problem_of, snapshot, token
from tests.gateway.http_harness import RawAnswer
from tests.gateway.odoo_pair import NEW_ORDER, mediating, odoo
from tests.support.estates import write_estate
from tests.support.policy_world import NOW, World, operation, version

PATH = "/orders/v1/orders/7"
SCHEMA = {"type": "object", "properties": {"id": {}, "iban": {CLASSIFICATION: "restricted"}}}
ROW = b'{"id":7,"iban":"DE7"}'
CLASSES = {"restricted": {"scope": "orders:all"}}
CACHE = PolicyUse("cache", config={"ttl": 60, "shared": True, "stale-if-error": 60, "stale-while-revalidate": 0})


def serving(port: int, *uses: PolicyUse) -> Snapshot:
    answers = (Response("200", (MediaType("application/json", SCHEMA),)),)
    made = [msgspec.structs.replace(each, responses=answers, policies=uses) for each in operations()[2:3]]
    return snapshot(orders(*made), port=port, serial=2, scopes=("orders:read", "orders:all"), quota=10_000)


async def asked(running: Gateway, scope: str = "", **fields: str) -> RawAnswer:
    bearer = token(scope=f"orders:read {scope}".strip(), exp=NOW + 10_000)
    return await running.ask("GET", PATH, bearer=bearer, **fields)


async def test_a_kept_answer_is_classified_for_whoever_gets_it(tmp_path: Path) -> None:
    origin = Origin("Content-Type: application/json", 'ETag: "1"')
    origin.body = ROW
    async with gateway(tmp_path, origin, clock=lambda: origin.now) as running:
        running.adopt(serving(running.upstream.port, PolicyUse("classification", config=CLASSES), CACHE))

        async def both(what: str) -> None:
            """Who may see all of it and who may not, in both orders."""
            for scope in ("orders:all", "", "", "orders:all"):
                answer = await asked(running, scope)
                assert (answer.status, "iban" in json.loads(answer.body)) == (200, scope != ""), what

        await both("fresh")
        assert origin.hits == 1
        origin.now += 61
        await both("validated")
        assert origin.hits == 2
        origin.now += 61
        origin.status = 503
        await both("stale, as the upstream fails")
        origin.broken = True
        await both("stale, as nobody answers")
        assert origin.hits > 4


async def test_who_may_not_call_is_given_nothing_that_is_kept(tmp_path: Path) -> None:
    origin = Origin("Content-Type: application/json")
    origin.body = ROW
    async with gateway(tmp_path, origin, clock=lambda: origin.now) as running:
        running.adopt(serving(running.upstream.port, CACHE))
        assert (await asked(running)).status == 200
        refused = await running.ask("GET", PATH, bearer=token(scope="orders:write"))
        assert refused.status == 403
        assert problem_of(refused)["type"] == "urn:ostiary:problem:scope-insufficient"
        assert (await running.ask("GET", PATH, bearer=None)).status == 401
        assert origin.hits == 1


async def test_it_can_be_off_for_one_consumer(tmp_path: Path) -> None:
    origin = Origin("Content-Type: application/json")
    async with gateway(tmp_path, origin, clock=lambda: origin.now) as running:
        running.adopt(serving(running.upstream.port, msgspec.structs.replace(CACHE, consumers={"acme": "off"})))
        for _ in range(2):
            assert b"hit" not in (await asked(running)).fields.get(b"cache-status", b"")
        assert origin.hits == 2


async def test_answers_of_an_odoo_are_kept_for_as_long_as_the_contract_says(tmp_path: Path) -> None:
    use = PolicyUse("cache", config={"ttl": 60})
    async with odoo() as erp, mediating(tmp_path, erp, erp, use) as world:

        async def rows() -> tuple[str, int]:
            answer = await world.ask("GET", "/orders/v1/orders", bearer=None)
            assert answer.status == 200, answer.body
            return said(answer), len(json.loads(answer.body)["data"])

        first, number = await rows()
        assert first == "ostiary; fwd=uri-miss; fwd-status=200; stored"
        assert await rows() == ("ostiary; hit; ttl=60", number)
        made = await world.ask(
            "POST", "/orders/v1/orders", NEW_ORDER, bearer=None, Content_Type="application/json"
        )
        assert made.status == 201
        assert (await rows())[0] == first, "the write has dropped it"


async def test_a_write_to_an_odoo_is_done_once(tmp_path: Path) -> None:
    async with odoo() as erp, mediating(tmp_path, erp, erp) as world:
        runtime = world.pipeline.runtime
        assert runtime is not None
        [served] = [each for each in runtime.operations() if each.method == "POST"]
        route = served.bind()
        placing = msgspec.structs.replace(
            route.operation, public=False, scopes=(("orders:write",),), policies=(PolicyUse("idempotency"),)
        )
        made = snapshot(orders(placing), serial=2)
        upstreams = tuple(server.upstream for server in runtime.servers.values())
        contracts = msgspec.structs.replace(made.contracts, upstreams=upstreams)
        manifest = msgspec.structs.replace(made.manifest, contracts=encode_part(contracts)[0])
        world.adopt(Snapshot(manifest, contracts, made.access))
        fields = {"Content_Type": "application/json", "Idempotency_Key": '"once"'}
        first = await world.ask("POST", "/orders/v1/orders", NEW_ORDER, **fields)
        again = await world.ask("POST", "/orders/v1/orders", NEW_ORDER, **fields)
        assert (first.status, first.body) == (again.status, again.body)
        assert first.status == 201
        assert again.fields[b"idempotency-replayed"] == b"true"
        other = {**fields, "Idempotency_Key": '"refused"'}
        # Partner 999999 does not exist: Odoo refuses it, nothing was made, and the key is as new.
        refused = await world.ask("POST", "/orders/v1/orders", b'{"customer": 999999}', **other)
        assert 400 <= refused.status < 500
        assert (await world.ask("POST", "/orders/v1/orders", NEW_ORDER, **other)).status == 201


def bound(changed: Operation, ports: Ports) -> tuple[Any, Any]:
    config = cache.CacheConfig()
    return cache.bind(config, version(), changed, ports), cache.bind_answer(config, version(), changed, ports)


def test_what_there_is_to_do_by_method() -> None:
    ports = World().ports()
    assert all(bound(operation(), ports))
    assert all(bound(operation(method="HEAD"), ports))
    assert bound(operation(method="OPTIONS"), ports) == (None, None)
    assert bound(operation(websocket=True), ports) == (None, None)
    stage, dropping = bound(operation(method="DELETE"), ports)
    assert stage is None
    assert dropping is not None


def test_check_says_where_a_setting_is_wrong(tmp_path: Path) -> None:
    settings = "policies:\n  cache: {override: true}\nplans:\n"
    root = write_estate(tmp_path, ("ostiary.yaml", "plans:\n", settings))
    (wrong, *_) = load_estate(root, policies=InstalledPolicies())[1]
    assert (wrong.rule, wrong.place.file, wrong.place.pointer) == (
        "policy-invalid",
        "ostiary.yaml",
        "/policies/cache/override",
    )
    assert wrong.place.line > 1


@pytest.mark.parametrize(
    ("settings", "pointer"),
    [("{ttl: -1}", "ttl"), ("{ttl: 604801}", "ttl"), ("{tags: ['a b']}", "tags/0"), ("{vary: ['a:b']}", "vary/0")],
)
def test_settings_of_the_wrong_form_are_found(tmp_path: Path, settings: str, pointer: str) -> None:
    changed = f"policies:\n  cache: {settings}\nplans:\n"
    root = write_estate(tmp_path, ("ostiary.yaml", "plans:\n", changed))
    found = load_estate(root, policies=InstalledPolicies())[1]
    assert [(each.rule, each.place.pointer) for each in found] == [("invalid-value", f"/policies/cache/{pointer}")]


def kept(number: int, size: int = 100) -> Stored:
    return Stored(200, (), b"x" * size, ((b"accept", b"%d" % number),), 0.0, 0.0, 60)


def test_of_one_request_so_many_variants_are_kept() -> None:
    memory = AnswerCache()
    for number in range(MOST_VARIANTS + 4):
        assert memory.keep("key", frozenset({"a"}), kept(number), memory.mark())
    assert len(memory.find("key")) == MOST_VARIANTS
    assert memory.find("key")[0] == kept(MOST_VARIANTS + 3)
    assert len(memory) == 1


def test_room_is_made_by_what_was_used_least_and_labels_go_with_it() -> None:
    memory = AnswerCache(5_000)
    for number in range(20):
        memory.keep(f"key-{number}", frozenset({f"path /{number}", "api a"}), kept(0, 400), memory.mark())
    assert memory.size <= 5_000
    assert memory.find("key-19")
    assert not memory.find("key-0")
    assert memory.drop({"path /0"}) == 0
    assert memory.drop({"path /19"}) == 1
    assert not memory.keep("large", frozenset(), kept(0, 5_000), memory.mark())
    before = len(memory)
    assert memory.drop({"api a"}) == before
    assert (len(memory), memory.size) == (0, 0)
    assert not memory._by_label, "nothing is left of what is gone"


def test_what_was_asked_for_before_more_than_is_remembered_was_dropped_is_not_kept() -> None:
    memory = AnswerCache()
    mark = memory.mark()
    memory.drop({"path /other"})
    assert memory.keep("key", frozenset({"path /mine"}), kept(0), mark)
    for number in range(2_000):
        memory.drop({f"path /{number}"})
    assert not memory.keep("key", frozenset({"path /mine"}), kept(0), mark)
    mark = memory.mark()
    memory.clear()
    assert not memory.keep("key", frozenset({"path /mine"}), kept(0), mark)
    assert memory.keep("key", frozenset({"path /mine"}), kept(0), memory.mark())
