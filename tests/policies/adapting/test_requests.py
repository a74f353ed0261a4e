"""Every request that the old contract admits is, as it goes upstream, one that the new contract admits."""

import re
from typing import Any

import msgspec
import pytest

from catalog.estates import load_estate
from contracts.operations import ApiVersion, Operation
from policies import request_schema
from policies.adapting.examples import Examples
from policies.adapting.library import Library
from policies.adapting.messages import request_schema as schema_of
from policies.adapting.requests import RequestAdapter
from policies.exchange import Exchange, Header
from policies.mapping.mapping import Mapping
from policies.mapping.steps import Step
from policies.parameter_writing import write_path, write_query
from policies.routing import Router
from policies.validation.settings import RequestSchemaConfig
from policies.verdict import ALLOW
from tests.support.adapted_estate import write_adapted

Versions = tuple[ApiVersion, ApiVersion]


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Versions:
    estate, findings = load_estate(write_adapted(tmp_path_factory.mktemp("estate")))
    assert estate is not None, findings
    old, new = (each for each in estate.versions if each.api == "orders")
    return old, new


def asked(operation: Operation, value: dict[str, Any]) -> Exchange:
    """The request that a client makes of a value."""
    known = {(each.location, each.name): each for each in operation.parameters}
    paths = {name: known["path", name] for name in value["path"]}
    path = write_path(operation.path, paths, value["path"])
    pairs = [pair for name, each in value["query"].items() for pair in write_query(known["query", name], each)]
    return exchange(operation.method, path, "&".join(pairs).encode(), value.get("body", msgspec.UNSET))


def exchange(method: str, path: str, query: bytes, body: Any, headers: tuple[Header, ...] = ()) -> Exchange:
    text = None if body is msgspec.UNSET else body if isinstance(body, bytes) else msgspec.json.encode(body)
    fields: dict[bytes, bytes] = dict(headers)
    if text is not None:
        fields |= {b"content-type": b"application/json", b"content-length": b"%d" % len(text)}
    made = Exchange(method, path.encode(), list(fields.items()), fields, "192.0.2.1")
    made.path, made.query, made.body = path, query, text
    return made


def judged(version: ApiVersion, request: Exchange) -> tuple[Operation, Any]:
    """The operation that a request leads to in a version, and what its schema says of it."""
    router = Router((each.method, each.path, each) for each in version.operations)
    found = router.match(request.path)
    assert found is not None, request.path
    methods, request.path_values = found
    operation = methods[request.method]
    return operation, request_schema.bind(RequestSchemaConfig(), version, operation)(request)


@pytest.mark.parametrize("name", ["listOrders", "createOrder", "getOrder"])
def test_each_example_of_the_old_contract_is_one_of_the_new(versions: Versions, name: str) -> None:
    old, new = versions
    (operation,) = (each for each in old.operations if each.id == name)
    (use,) = operation.policies
    assert operation.adapted is not None
    steps = msgspec.convert(use.config["request"], tuple[Step, ...])
    adapter = RequestAdapter(old, operation, operation.adapted, Mapping(steps))
    values = Examples(Library(old.documents)).of(schema_of(operation))
    assert len(values) >= 3
    for value in values:
        request = asked(operation, value)
        assert judged(old, request) == (operation, ALLOW), value
        assert adapter.check(request) is ALLOW
        sent = request.forward
        assert sent is not None
        assert re.fullmatch(r"[!-~]*", sent.path)
        body = msgspec.UNSET if sent.body is None and request.body is None else sent.body or request.body
        there, verdict = judged(new, exchange(sent.method, sent.path, sent.query, body))
        assert (there.id, verdict) == (operation.adapted.operation, ALLOW), (
            value,
            sent.path,
            sent.query,
            sent.body,
        )
