from pathlib import Path
from typing import Any

import pytest

from catalog.cli.init import scaffold
from contracts.adopt.adopt import Adoption, adopt
from contracts.adopt.choices import NOBODY, CannotAdopt, EstateTexts, Wishes, api_name, choose, version_name
from contracts.adopt.yaml_text import dump
from contracts.documents.document import Document, parse
from contracts.estate.estate import load_estate
from tests.support.estates import write_estate

PETSTORE = (Path(__file__).parents[2] / "data" / "petstore.yaml").read_text()
MINIMAL: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Stock API", "version": "2.4.0"},
    "paths": {"/levels": {"get": {"operationId": "levels", "responses": {"200": {"description": "ok"}}}}},
}


def document(text: str, file: str = "api.yaml") -> Document:
    parsed, findings = parse(text, file)
    assert parsed is not None
    assert findings == []
    return parsed


def texts(teams: str = "") -> EstateTexts:
    files = scaffold("test-estate")
    api = "apis/books/api.yaml"
    return EstateTexts(
        (files["ostiary.yaml"], document(files["ostiary.yaml"], "ostiary.yaml")),
        document(teams or files["teams.yaml"], "teams.yaml"),
        {"books": (files[api], document(files[api], api))},
        {"books": frozenset({"v1"})},
    )


def adopted(source: str | dict[str, Any], wishes: Wishes | None = None, **estate: str) -> Adoption:
    text = source if isinstance(source, str) else dump(source)
    known = texts(**estate)
    return adopt(text, document(text), known, choose(document(text), known, wishes or Wishes()))


def contract_of(adoption: Adoption) -> Any:
    return document(adoption.files[f"apis/{adoption.choices.api}/{adoption.choices.version}.openapi.yaml"]).value


def with_(**changes: Any) -> dict[str, Any]:
    return {**MINIMAL, **changes}


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Swagger Petstore - OpenAPI 3.0", "petstore"),
        ("Order Management API v2", "order-management"),
        ("The API", "the-api"),
        ("Ümläut", "ml-ut"),
        ("42", ""),
    ],
)
def test_the_name_comes_from_the_title(title: str, name: str) -> None:
    assert api_name(title) == name


@pytest.mark.parametrize(
    ("servers", "version", "expected"),
    [
        ([], "2.4.0", "v2"),
        ([], "0.9", "v1"),
        ([], "2024-05-01", "v1"),
        ([{"url": "https://x.example/api/v7"}], "2.0", "v7"),
        ([{"url": "https://x.example/{stage}", "variables": {"stage": {"default": "v3"}}}], "2.0", "v3"),
    ],
)
def test_the_version_comes_from_the_servers_or_the_info(servers: list[Any], version: str, expected: str) -> None:
    assert version_name({"servers": servers, "info": {"version": version}}) == expected


def test_a_real_contract_keeps_its_comments_and_gains_what_is_enforced() -> None:
    adoption = adopted(PETSTORE)
    text = adoption.files["apis/petstore/v3.openapi.yaml"]
    for comment in ("# Petstore, as everybody has it", "# pets", "# one", "# the id"):
        assert comment in text
    contract = contract_of(adoption)
    assert contract["servers"][0]["url"] == "/petstore/v3"
    security = {
        f"{method} {path}": operation.get("security")
        for path, item in contract["paths"].items()
        for method, operation in item.items()
    }
    assert security == {
        "put /pet": [{"petstore_auth": ["write:pets", "read:pets"]}],
        "get /pet/{petId}": [{"petstore_auth": ["read:pets"]}],
        "get /store/inventory": [{"oauth": ["petstore:read"]}],
        "post /user": [{"oauth": ["petstore:write"]}],
    }
    assert set(contract["components"]["securitySchemes"]) == {"petstore_auth", "oauth"}
    assert "upstreams:\n  bookshop:" in adoption.files["ostiary.yaml"]
    assert any("api_key" in change for change in adoption.changes)


def test_what_was_adopted_passes_the_check(tmp_path: Path) -> None:
    root = write_estate(tmp_path)
    adoption = adopted(PETSTORE)
    for name, text in adoption.files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    estate, findings = load_estate(root)
    assert estate is not None, [str(each) for each in findings]
    assert [each.api for each in estate.versions] == ["books", "petstore"]
    assert estate.file.upstreams["petstore"].url == "https://petstore.example.com/api/v3"


def test_public_operations_stay_public_and_are_pointed_at() -> None:
    source = with_(security=[])
    adoption = adopted(source)
    assert contract_of(adoption)["security"] == []
    assert "security" not in contract_of(adoption)["paths"]["/levels"]["get"]
    assert any("stay public" in change for change in adoption.changes)


def test_security_of_the_document_that_nobody_verifies_moves_to_the_operations() -> None:
    schemes = {
        "key": {"type": "apiKey", "in": "header", "name": "k"},
        "oauth": {"type": "http", "scheme": "basic"},
    }
    contract = contract_of(adopted(with_(security=[{"key": []}], components={"securitySchemes": schemes})))
    assert "security" not in contract
    assert contract["paths"]["/levels"]["get"]["security"] == [{"oauth2": ["stock:read"]}]
    assert set(contract["components"]["securitySchemes"]) == {"oauth2"}


def test_security_that_is_enforceable_is_left_as_it_is() -> None:
    schemes = {"bearer": {"type": "http", "scheme": "Bearer"}}
    source = with_(security=[{"bearer": []}], components={"securitySchemes": schemes})
    adoption = adopted(source)
    assert contract_of(adoption) == {**source, "servers": contract_of(adoption)["servers"]}
    assert any(gap.startswith("a scope (any token will do): 1 of 1") for gap in adoption.missing)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"openapi": "2.0"}, "no OpenAPI 3.0, 3.1 or 3.2"),
        ({"swagger": "2.0"}, "is Swagger 2.0; convert it"),
        ({"paths": {}}, "nothing to serve"),
        ({"info": {"title": "42"}}, "give --api NAME"),
        ({"info": {"title": "Books", "version": "1"}}, "has a version 'v1' already"),
    ],
)
def test_what_cannot_be_adopted_is_refused_with_what_helps(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(CannotAdopt, match=reason):
        adopted(with_(**changes))


@pytest.mark.parametrize(
    ("wishes", "reason"),
    [
        (Wishes(owner="bokos"), "no team 'bokos' in teams.yaml \\(did you mean 'books'"),
        (Wishes(upstream="bookshpo"), "no upstream is called 'bookshpo' \\(did you mean 'bookshop'"),
        (Wishes(upstream="https://{host}/"), "no URL of an upstream"),
        (Wishes(upstream="https://me:pw@host/"), "no URL of an upstream"),
        (Wishes(api="No Name"), "no API name"),
        (Wishes(version="2"), "no version name"),
        (Wishes(api="books", owner="else"), "owned by 'books' already"),
    ],
)
def test_wishes_that_do_not_fit_are_refused(wishes: Wishes, reason: str) -> None:
    with pytest.raises(CannotAdopt, match=reason):
        adopted(MINIMAL, wishes)


def test_without_a_known_owner_and_upstream_it_says_what_is_missing() -> None:
    two = "teams:\n  a: { title: A, contact: a@x.example }\n  b: { title: B, contact: b@x.example }\n"
    adoption = adopted(MINIMAL, teams=two)
    assert (adoption.choices.owner, adoption.choices.upstream, adoption.choices.upstream_url) == (
        NOBODY,
        "stock",
        None,
    )
    assert any(
        each.startswith("an owner: 'unassigned' in api.yaml is no team (teams: a, b)") for each in adoption.missing
    )
    assert any(each.startswith("the upstream: declare 'stock'") for each in adoption.missing)
    assert "ostiary.yaml" not in adoption.files


def test_the_owner_is_the_team_of_the_contact() -> None:
    two = "teams:\n  a: { title: A, contact: a@x.example }\n  b: { title: B, contact: b@x.example }\n"
    info = {"title": "Stock", "version": "1", "contact": {"email": "b@x.example"}}
    chosen = adopted(with_(info=info), teams=two).choices
    assert (chosen.owner, chosen.contact) == ("b", "b@x.example")


def test_a_declared_upstream_of_the_same_url_is_used() -> None:
    adoption = adopted(with_(servers=[{"url": "http://127.0.0.1:9000/"}]))
    assert (adoption.choices.upstream, adoption.choices.upstream_url) == ("bookshop", None)
    assert "ostiary.yaml" not in adoption.files


def test_a_new_version_joins_its_api_and_may_have_an_upstream_of_its_own() -> None:
    source = with_(info={"title": "Books", "version": "2.0.0"})
    plain = adopted(source)
    assert document(plain.files["apis/books/api.yaml"]).value["versions"]["v2"] == {"state": "published"}
    assert "# a team in teams.yaml" in plain.files["apis/books/api.yaml"], "comments are kept"
    moved = adopted(source, Wishes(upstream="https://new.example.com"))
    assert document(moved.files["apis/books/api.yaml"]).value["versions"]["v2"]["upstream"] == "books"
    assert document(moved.files["ostiary.yaml"]).value["upstreams"]["books"] == {"url": "https://new.example.com"}


def test_a_new_version_shares_the_base_path_where_the_path_does_not_choose_it() -> None:
    known = texts()
    text = "versioning: { by: header }\n" + known.apis["books"][0]
    shared = EstateTexts(known.estate, known.teams, {"books": (text, document(text))}, known.contracts)
    source = dump(MINIMAL)
    chosen = choose(document(source), shared, Wishes(api="books", version="v2"))
    adoption = adopt(source, document(source), shared, chosen)
    assert contract_of(adoption)["servers"] == [{"url": "/books", "description": "Behind the gateway"}]


def test_a_new_version_goes_where_its_servers_say_it_is_served() -> None:
    source = with_(info={"title": "Books", "version": "2"}, servers=[{"url": "https://new.example.com/v2/"}])
    adoption = adopted(source)
    assert (adoption.choices.upstream, adoption.choices.upstream_url) == ("books", "https://new.example.com/v2")


def test_a_server_that_is_no_upstream_is_passed_over() -> None:
    servers = [{"url": "/v1"}, {"url": "https://a.{tenant}.example.com"}, {"url": "https://b.example.com"}]
    assert adopted(with_(servers=servers)).choices.upstream_url == "https://b.example.com"


def test_gaps_are_counted_and_named() -> None:
    missing = " ".join(adopted(MINIMAL).missing)
    assert "a description or summary: 1 of 1 operations have none (GET /levels)" in missing
    assert "an error response (4XX, 5XX or default): 1 of 1" in missing
    assert "an example: 1 of 1" in missing
    assert "operationId" not in missing
