"""What `explain` says of a request is what a gateway does with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from catalog.estates import load_estate
from catalog.explaining.asked import Asked, Caller
from catalog.explaining.walk import Walk, Walker
from contracts.estate.estate import Estate
from tests.gateway.gateway_world import gateway
from tests.support.estates import write_estate
from tests.support.policy_world import NOW, claims, compact, header
from tests.support.published_estate import published

APP, LAB = "reading-club-app", "reading-club-lab"
BOOK = b'{"isbn": "9783161484100", "title": "A Book", "author": "Ada"}'
NETWORKS = (
    "policies:\n  network: {deny: [127.0.0.0/8], mode: report}\n"
    "  cors: {origins: ['https://shop.example']}\n\nplans:\n"
)
ENFORCED = "  trial:\n    policies: {network: {mode: enforce}}\n"
SWITCHED_OFF = '      x-ostiary-policies: {request-schema: {mode: "off"}}\n      operationId: getBook\n'


@dataclass(frozen=True)
class Case:
    """A request, and what is to come of it: by whom it is refused, or "" where it is let through."""

    name: str
    refused_by: str
    path: str = "/books/v1/books"
    method: str = "GET"
    application: str | None = APP
    scopes: str = "books:read books:write"
    body: bytes = b""
    fields: tuple[tuple[str, str], ...] = ()


def _preflight(origin: str, method: str) -> tuple[tuple[str, str], ...]:
    return ("origin", origin), ("access-control-request-method", method)


CASES = (
    Case("good", "", "/books/v1/books?limit=5"),
    Case("head", "", method="HEAD"),
    Case("by the plan's mode", "network", application=LAB, scopes="books:read"),
    Case("a parameter", "request-schema", "/books/v1/books?limit=x"),
    Case("an unknown parameter", "request-schema", "/books/v1/books?colour=red"),
    Case("where the schema is off", "", "/books/v1/books/12"),
    Case("good body", "", method="POST", body=BOOK),
    Case("bad body", "request-schema", method="POST", body=b'{"isbn": 1}'),
    Case("no json", "request-schema", method="POST", body=b"{"),
    Case("no body", "request-schema", method="POST"),
    Case("long body", "body-limits", method="POST", body=b'"' + b"x" * 20_000 + b'"'),
    Case("another type", "body-limits", method="POST", body=BOOK, fields=(("content-type", "text/csv"),)),
    Case("scope that the token lacks", "subscription", method="POST", body=BOOK, scopes="books:read"),
    Case("no token", "authentication", application=None),
    Case("preflight", "", method="OPTIONS", application=None, fields=_preflight("https://shop.example", "GET")),
    Case(
        "foreign page", "cors", method="OPTIONS", application=None, fields=_preflight("https://b.example", "GET")
    ),
    Case("no preflight", "routing", method="OPTIONS", application=None),
    Case("no such path", "routing", "/books/v1/authors"),
    Case("no such method", "routing", method="DELETE"),
    Case("two readings", "target", "/books/v1/%2e%2e/books"),
)


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    root = write_estate(
        tmp_path_factory.mktemp("estate"),
        ("ostiary.yaml", "plans:\n", NETWORKS),
        ("ostiary.yaml", "  trial:\n", ENFORCED),
        ("apis/books/v1.openapi.yaml", "      operationId: getBook\n", SWITCHED_OFF),
    )
    loaded, findings = load_estate(root)
    assert loaded is not None, findings
    return loaded


async def explained(estate: Estate, case: Case) -> Walk:
    caller = None
    if case.application is not None:
        caller = Caller(case.application, "reading-club", frozenset(case.scopes.split()))
    asked = Asked(case.method, case.path, float(NOW), caller, case.fields, case.body or None)
    return await Walker(estate).walk(asked)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_gateway_does_what_was_explained(estate: Estate, tmp_path: Path, case: Case) -> None:
    walk = await explained(estate, case)
    fields: dict[str, Any] = {name.replace("-", "_"): value for name, value in case.fields}
    if case.body:
        fields.setdefault("content_type", "application/json")
    bearer = None
    if case.application is not None:
        said = claims(client_id=case.application, sub=case.application, scope=case.scopes)
        bearer = compact(header(), said)
    async with gateway(tmp_path) as world:
        world.adopt(published(estate, {"bookshop": f"http://127.0.0.1:{world.upstream.port}"}))
        answer = await world.ask(case.method, case.path, case.body, bearer=bearer, **fields)
        (line,) = await world.logged()
        reached = len(world.upstream.seen)
    assert (line["decision"] == "refused") == walk.refused == bool(case.refused_by), answer.body
    assert reached == (walk.destination is not None)
    judging = {policy for policy, _ in walk.answer}  # what they say depends on the upstream
    reported = [policy for policy in line.get("would_refuse", []) if policy not in judging]
    assert reported == [step.policy for step in walk.steps if step.decision == "would refuse"]
    if case.refused_by:
        assert line["policy"] == walk.steps[-1].policy == case.refused_by
        assert walk.problem is not None
        assert (line["problem"], answer.status) == (walk.problem.type.id, walk.problem.status)
