"""The admin API's contract by our own tools: it compiles, lints clean, and is all that is served."""

import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from catalog.api.admin.contract import CONTRACT, ROOT, ContractError, admin_contract, compile_contract
from catalog.api.admin.routing import AdminApi, AdminRoute
from contracts.diff.context import Options
from contracts.diff.estates import compare_documents
from contracts.diff.tree import FolderTree
from contracts.lint.project import open_project
from contracts.operations import HttpBackend
from tests.catalog.admin import AdminClient
from tests.catalog.serving import World

RELEASED = Path(__file__).parents[3] / "data" / "admin-api-1.0"


def test_it_lints_without_an_error_or_a_warning() -> None:
    project = open_project([CONTRACT / ROOT], ("ostiary:recommended",), None, CONTRACT)
    report, refused = project.lint(date(2026, 11, 28))
    assert not refused
    assert [str(entry) for entry in report.entries if entry.severity in ("error", "warning")] == []


def test_it_breaks_nobody_who_was_built_on_what_was_released() -> None:
    """`tests/data/admin-api-1.0` is the contract as version 0.1 of the catalog has it."""
    released, now = (FolderTree(folder, ROOT, "") for folder in (RELEASED, CONTRACT))
    compared = compare_documents(released, now, Options(date(2026, 11, 28)))
    assert compared.findings == ()
    failing = [each for each in compared.changes if each.rule.severity == "error" or each.rule.undecided]
    assert [each.message for each in failing] == []


def test_it_is_valid_openapi_and_compiles_to_what_is_served() -> None:
    """The catalog leaves the first part out when it starts."""
    assert compile_contract(CONTRACT) == admin_contract()


def test_each_operation_has_a_handler_and_each_handler_an_operation(world: World) -> None:
    """A handler without an operation cannot even be built; see the next test."""
    served = {route.operation_id for route in world.catalog.admin_routes}
    assert served == {operation.id for operation in admin_contract().operations}


async def _nothing(_: Any) -> Any:
    pytest.fail("no handler is called here")


def test_a_handler_that_the_contract_does_not_know_is_refused() -> None:
    with pytest.raises(KeyError, match="inventedOperation"):
        AdminApi(admin_contract(), [AdminRoute("inventedOperation", _nothing)], None)  # type: ignore[arg-type]


def test_two_handlers_of_one_operation_are_refused() -> None:
    routes = [AdminRoute("whoAmI", _nothing), AdminRoute("whoAmI", _nothing)]
    with pytest.raises(ValueError, match="whoAmI has two handlers"):
        AdminApi(admin_contract(), routes, None)  # type: ignore[arg-type]


def test_every_refusal_is_declared_as_a_problem() -> None:
    """Whatever status a refusal has, the contract says what it looks like."""
    for operation in admin_contract().operations:
        default = {response.status: response for response in operation.responses}.get("default")
        assert default is not None, operation.id
        assert [content.range for content in default.content] == ["application/problem+json"]
        assert isinstance(operation.backend, HttpBackend)


def test_a_contract_that_does_not_compile_says_where(tmp_path: Path) -> None:
    (tmp_path / ROOT).write_text("openapi: 3.1.0\npaths: {/a: {$ref: 'other.yaml#/a'}}\n")
    with pytest.raises(ContractError, match=r"openapi\.yaml:2"):
        compile_contract(tmp_path)


async def test_what_is_at_no_path_or_has_no_such_method(admin: AdminClient) -> None:
    assert (await admin(None, "GET", "/nothing")).status == 404
    refused = await admin(None, "PUT", "/delegations")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("path", ["/tokens/%2e%2e/whoami", "/tokens%2fwhoami", "//whoami", "/whoami;x=1"])
async def test_a_path_that_can_be_read_in_two_ways_is_refused(admin: AdminClient, path: str) -> None:
    from yarl import URL

    url = URL(f"{admin.world.url}/admin/v1{path}", encoded=True)
    headers = {"Authorization": f"Bearer {await admin.token('anna')}"}
    async with admin.world.session.get(url, headers=headers) as answer:
        assert answer.status == 400
        assert (await answer.json(content_type=None))["type"] == "urn:ostiary:problem:ambiguous-target"


async def test_everything_wrong_with_a_request_is_told_at_once(admin: AdminClient) -> None:
    body = {"receiver": "No Name", "role": "king", "reason": "", "until": "tomorrow", "extra": 1}
    refused = await admin("omar", "POST", "/delegations?unknown=1", body)
    assert refused.status == 422
    found = {(each["in"], each["pointer"], each["rule"]) for each in refused.body["violations"]}
    assert found == {
        ("query", "/unknown", "unknown-parameter"),
        ("body", "/receiver", "pattern"),
        ("body", "/role", "enum"),
        ("body", "/reason", "minLength"),
        ("body", "/until", "format"),
        ("body", "", "additionalProperties"),
    }


async def test_a_body_that_is_no_json_or_too_long_never_reaches_a_handler(admin: AdminClient) -> None:
    url = f"{admin.world.url}/admin/v1/delegations"
    headers = {"Authorization": f"Bearer {await admin.token('omar')}", "Content-Type": "application/json"}

    async def chunked() -> Any:
        for _ in range(20):
            yield b" " * 65_536

    session = admin.world.session
    async with session.post(url, data=b'{"a": 1, "a": 2}', headers=headers) as answer:
        assert answer.status == 400
    async with session.post(url, data=b"{}", headers={**headers, "Content-Type": "text/plain"}) as answer:
        assert answer.status == 415
    async with session.post(url, data=io.BytesIO(b" " * 1_048_577), headers=headers) as answer:
        assert answer.status == 413
    async with session.post(url, data=chunked(), headers=headers) as answer:
        assert answer.status == 413
    assert (await admin("omar", "GET", "/delegations")).body["items"] == []
