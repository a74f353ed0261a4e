"""The catalogue's pages: what is found, an API, its reference with code, what changed, and hostile contracts."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

import catalog.demo
from catalog.portal.apis.contracts import Contracts
from catalog.portal.apis.reference import chapters_of
from catalog.portal.apis.samples import samples_of
from catalog.portal.apis.search import index_of, words_of
from contracts.diff.contract import contract_of
from contracts.estate.estate import load_estate
from tests.catalog.browser import Browser
from tests.catalog.login.people import accept
from tests.catalog.portal.entering import entered
from tests.catalog.serving import World, serving

SAMPLE = Path(catalog.demo.__file__).parent / "estate"
PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[x](javascript:alert(1))",
    "{{ 7 * 7 }}",
)


def hostile() -> str:
    """A contract in which every text is a payload."""
    bad = " ".join(PAYLOADS)
    schema = {
        "type": "object",
        "description": bad,
        "properties": {
            "<b>x": {"type": "string", "description": bad, "enum": [bad], "default": bad, "pattern": bad}
        },
    }
    content = {"application/json": {"schema": schema, "example": {"a": bad}}}
    operation = {
        "operationId": '"><script>alert(1)</script>',
        "tags": [bad],
        "summary": bad,
        "description": bad,
        "parameters": [{"name": bad, "in": "query", "required": True, "description": bad, "schema": schema}],
        "requestBody": {"content": content},
        "responses": {"200": {"description": bad, "content": content}},
    }
    return yaml.safe_dump(
        {
            "openapi": "3.1.0",
            "info": {"title": bad, "version": "1", "description": bad},
            "tags": [{"name": bad, "description": bad}],
            "paths": {"/<script>": {"post": operation}},
        }
    )


def test_words_are_found_where_they_stand() -> None:
    estate, _ = load_estate(SAMPLE)
    assert estate is not None
    index = index_of(estate)
    found = index["orders"].hits(words_of("Confirmation"))
    assert found is not None
    assert [(hit.version, hit.what) for hit in found] == [("v2", "POST /orders/{order_id}/confirmation")]
    assert index["orders"].hits(words_of("client_reference"))
    assert index["partners"].hits(words_of("confirmation")) is None
    assert index["orders"].hits(words_of("meridian")) == ()


def test_a_reference_has_all_that_a_caller_needs() -> None:
    text = (SAMPLE / "apis/shipments/v1.openapi.yaml").read_text().replace("../../common/errors.yaml#/", "#/x/")
    contract, findings = contract_of(re.sub(r"\$ref: \"#/x/[^\"]*\"", "description: e", text))
    assert contract is not None, findings
    (chapter, *_) = chapters_of(contract)
    operation = next(each for each in chapter.operations if each.method == "POST")
    assert operation.scopes
    assert operation.bodies[0].schema is not None
    assert {row.name for row in operation.bodies[0].schema.rows}
    assert operation.answers[0].status == "201"


def test_samples_are_code() -> None:
    contract, findings = contract_of(hostile())
    assert contract is not None, findings
    (chapter,) = chapters_of(contract)
    curl, python, script = samples_of(chapter.operations[0], "https://api.example/x'; rm -rf /")
    compile(python.code, "sample", "exec")
    assert "'https://api.example/x'\"'\"'; rm -rf /" in curl.code
    assert script.code.startswith("const answer = await fetch(")


def test_samples_say_which_version_is_meant_where_the_address_does_not() -> None:
    contract, _ = contract_of(hostile())
    assert contract is not None
    (chapter,) = chapters_of(contract)
    curl, python, script = samples_of(chapter.operations[0], "https://api.example/x", "API-Version: v2")
    compile(python.code, "sample", "exec")
    assert "  --header 'API-Version: v2'" in curl.code
    for code in (python.code, script.code):
        assert '    "API-Version": "v2",' in code


def test_samples_have_what_an_operation_needs() -> None:
    contract, findings = contract_of(
        """
openapi: 3.1.0
info: { title: Orders, version: "1" }
paths:
  /orders/{id}:
    patch:
      operationId: amend
      parameters:
        - { name: id, in: path, required: true, schema: { type: string }, example: S 17 }
        - { name: Idempotency-Key, in: header, required: true, schema: { type: string, examples: ['"k-1"'] } }
        - { name: X-More, in: header, schema: { type: string } }
        - { name: state, in: query, required: true, schema: { type: array }, example: [new, sent] }
      requestBody: { content: { application/merge-patch+json: { example: { note: x } } } }
      responses: { "200": { description: Done } }
"""
    )
    assert contract is not None, findings
    (chapter,) = chapters_of(contract)
    for sample in samples_of(chapter.operations[0], "https://api.example"):
        assert "https://api.example/orders/S%2017?state=new%2Csent" in sample.code
        assert "application/merge-patch+json" in sample.code
        assert "k-1" in sample.code
        assert "X-More" not in sample.code


@pytest.mark.parametrize(
    ("media", "file"),
    [("application/pdf", "getLabel.pdf"), ("application/vnd.acme.unheard-of", "getLabel.bin"), ("text/csv", "")],
)
def test_samples_keep_what_no_terminal_shows_in_a_file(media: str, file: str) -> None:
    contract, findings = contract_of(
        f"""
openapi: 3.1.0
info: {{ title: Labels, version: "1" }}
paths:
  /label:
    get:
      operationId: get/Label
      responses: {{ "404": {{ description: None }}, "200": {{ description: It, content: {{ {media}: {{}} }} }} }}
"""
    )
    assert contract is not None, findings
    (chapter,) = chapters_of(contract)
    curl, python, script = samples_of(chapter.operations[0], "https://api.example")
    compile(python.code, "sample", "exec")
    assert curl.code.endswith(f"--fail --output {file}" if file else "/label")
    for code in (python.code, script.code):
        assert code.count(f'"{file}"') == (2 if file else 0), "it is written, and said"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    from tests.catalog.admin import company, compiled

    async with serving(tmp_path, compiled=compiled(company())) as world:
        yield world


async def test_an_empty_catalogue_says_what_to_do(world: World) -> None:
    browser = Browser(world.url)
    await accept(world, browser, "anna")
    await browser.get("/portal/apis?q=nothing")
    assert "No API has all of that." in browser.page.text
    await browser.get("/portal/apis/nothing")
    assert browser.page.status == 404
    await browser.close()


@pytest.mark.parametrize("path", ["/portal/apis?q=x", "/portal/changes?state="])
async def test_a_script_gets_the_part_that_it_asks_for(world: World, path: str) -> None:
    async with entered(world.catalog, world.url, "anna") as browser:
        part = await browser.part(path)
        assert part.status == 200
        assert "<html" not in part.html
        assert 'class="empty"' in part.html


async def test_text_of_strangers_does_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    contract, _ = contract_of(hostile())

    async def found(*_: object) -> object:
        return contract

    monkeypatch.setattr(Contracts, "of", found)
    monkeypatch.setattr(Contracts, "in_force", lambda *_: "sha256:x")

    async def ask(self: object, operation: str, *_: object, **__: object) -> object:
        version = {"version": "v1", "state": "published", "sunset": None, "successor": None, "base_path": "/x"}
        return {"name": "x", "title": PAYLOADS[0], "versions": [version]}

    monkeypatch.setattr("catalog.portal.visit.Visit.ask", ask)
    browser = Browser(world.url)
    await accept(world, browser, "anna")
    await browser.get("/portal/apis/x/v1")
    html = browser.page.html
    assert browser.page.status == 200
    assert "<script>alert" not in html
    assert "<img" not in html
    assert "javascript:" not in html.replace("[x](javascript:alert(1))", "")
    assert "5439" not in html
    await browser.close()
