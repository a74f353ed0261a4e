"""Answers by clearance: who sees what, which answers are read, and what `ostiary check` says beforehand."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from catalog.estates import load_estate
from contracts.openapi.classification import CLASSIFICATION, LEVELS
from contracts.operations import MediaType, Operation, Response
from contracts.snapshot import Subscription
from policies import classification
from policies.answer import Answer, Wish
from policies.classification import ClassificationConfig
from policies.exchange import Exchange, Grant, Principal
from policies.verdict import ALLOW, AnswerFilter, Deny
from tests.support import policy_world
from tests.support.estates import write_estate
from tests.support.policy_world import World

SCOPES = {"internal": "x.internal", "confidential": "x.confidential", "restricted": "x.restricted"}
CONFIG = msgspec.convert({level: {"scope": scope} for level, scope in SCOPES.items()}, ClassificationConfig)
SECRET = {CLASSIFICATION: "restricted"}
ORDER = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer"}, **{level[0]: {CLASSIFICATION: level} for level in LEVELS}},
}
TEXT = b'{"id":1,"p":2,"i":3,"c":4,"r":5}'
LEFT = b'{"id":1,"p":2}'
JSON = "application/json"


def responses(*more: Response, schema: Any = ORDER) -> tuple[Response, ...]:
    return (Response("200", (MediaType(JSON, schema),)), *more)


def operation(*answers: Response, **changes: Any) -> Operation:
    return policy_world.operation(responses=answers or responses(), **changes)


def bound(config: ClassificationConfig = CONFIG, *answers: Response) -> AnswerFilter | None:
    made = operation(*answers)
    return classification.bind_answer(config, policy_world.version(made), made, World().ports())


def call(*scopes: str, granted: tuple[str, ...] | None = None, method: str = "GET", **fields: Any) -> Exchange:
    exchange = policy_world.exchange(**fields)
    exchange.method = method
    exchange.version = policy_world.version()
    exchange.principal = Principal("i", "acme-shop", "s", "acme", frozenset(scopes), 0.0, "t", {})
    exchange.subscription = Subscription("orders", "v1", "gold", scopes if granted is None else granted)
    return exchange


def answer(body: bytes = TEXT, status: int = 200, content_type: str | None = JSON, **fields: Any) -> Answer:
    headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    if content_type is not None:
        headers.append((b"Content-Type", content_type.encode()))
    return Answer(status, headers, body)


def told(filtered: AnswerFilter | None, exchange: Exchange, said: Answer) -> Deny | bytes:
    """What a client gets: a refusal, or the body that is left of an answer."""
    assert filtered is not None
    wish = filtered.head(exchange, said)
    if isinstance(wish, Deny):
        return wish
    refusal = filtered.body(exchange, said) if wish is Wish.WHOLE else None
    assert refusal is None or isinstance(refusal, Deny)
    return refusal or said.body


@pytest.mark.parametrize(
    ("exchange", "left"),
    [
        (call(), LEFT),
        (call("x.internal"), b'{"id":1,"p":2,"i":3}'),
        (call("x.confidential"), b'{"id":1,"p":2,"i":3,"c":4}'),
        (call("x.restricted"), TEXT),
        (call("x.confidential", "x.internal"), b'{"id":1,"p":2,"i":3,"c":4}'),
        # In the token and not granted, and the other way round.
        (call("x.restricted", granted=("x.internal",)), LEFT),
        (call("x.internal", granted=("x.internal", "x.restricted")), b'{"id":1,"p":2,"i":3}'),
        (policy_world.exchange(), LEFT),
    ],
)
def test_a_scope_opens_its_class_and_those_below(exchange: Exchange, left: bytes) -> None:
    assert told(bound(), exchange, answer()) == left


def test_what_everybody_sees_needs_no_scope() -> None:
    config = msgspec.structs.replace(CONFIG, without_scope="confidential")
    assert told(bound(config), call("x.internal"), answer()) == b'{"id":1,"p":2,"i":3,"c":4}'
    assert bound(msgspec.structs.replace(CONFIG, without_scope="restricted")) is None


def test_a_class_without_a_scope_is_opened_by_those_above_it() -> None:
    config = msgspec.convert({"confidential": {"scope": "c"}}, ClassificationConfig)
    assert told(bound(config), call("c"), answer()) == b'{"id":1,"p":2,"i":3,"c":4}'
    assert told(bound(config), call("x.internal"), answer()) == LEFT


@pytest.mark.parametrize(
    ("scopes", "used"),
    [((), {"orders.read"}), (("x.internal", "x.confidential"), {"orders.read", "x.confidential"})],
)
def test_a_scope_that_opens_something_counts_as_used(scopes: tuple[str, ...], used: set[str]) -> None:
    exchange = call(*scopes)
    assert exchange.subscription is not None
    exchange.grant = Grant(1, exchange.subscription, frozenset({"orders.read"}))
    told(bound(), exchange, answer())
    assert exchange.grant.scopes == used


def test_nothing_is_bound_where_nothing_is_marked() -> None:
    plain = {"type": "object", "properties": {"a": {}}, "additionalProperties": False}
    assert bound(CONFIG, *responses(schema=plain)) is None
    assert bound(CONFIG, *responses(schema={"properties": {"a": {CLASSIFICATION: "public"}}})) is None
    assert bound(CONFIG, Response("200")) is None
    strict = msgspec.structs.replace(CONFIG, unknown_fields="remove")
    filtered = bound(strict, *responses(schema={"type": "object", "properties": {"a": {}}}))
    assert told(filtered, call(), answer(b'{"a":1,"b":2}')) == b'{"a":1}'


@pytest.mark.parametrize(
    ("schema", "left"),
    [
        ({"type": "string"}, b'{"r":"***"}'),
        ({}, b'{"r":"***"}'),
        ({"type": ["string", "null"], "maxLength": 2}, b'{"r":null}'),
        ({"type": ["integer", "null"]}, b'{"r":null}'),
        ({"type": "integer"}, b"{}"),
        ({"$ref": "urn:ostiary:orders:v1:response#/components/schemas/Name"}, b'{"r":"***"}'),
    ],
)
def test_a_mask_is_what_the_schema_admits(schema: Any, left: bytes) -> None:
    config = msgspec.convert({"restricted": {"action": "mask"}}, ClassificationConfig)
    made = operation(*responses(schema={"properties": {"r": {**schema, **SECRET}}}))
    names = {"Name": {"allOf": [{"$ref": "#/components/schemas/Text"}]}, "Text": {"type": "string"}}
    documents = {"urn:ostiary:orders:v1:response": {"components": {"schemas": names}}}
    version = policy_world.version(made, documents=documents)
    filtered = classification.bind_answer(config, version, made, World().ports())
    assert told(filtered, call(), answer(b'{"r":5}')) == left


UNKNOWN = Response("409", (MediaType("application/problem+json", {"properties": {"why": SECRET}}),))


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (answer(status=204, body=b"", content_type=None), b""),
        (answer(status=202, body=b"", content_type=None), b""),
        (answer(b"", content_type=None), b""),
        # A success that is not as declared.
        (answer(status=202), "answer-unclassifiable"),
        (answer(status=206), "answer-unclassifiable"),
        (answer(content_type="text/csv"), "answer-unclassifiable"),
        (answer(content_type="text/event-stream"), "answer-unclassifiable"),
        (answer(content_type=None), "answer-unclassifiable"),
        (answer(content_type=f"{JSON}; charset=utf-16"), "answer-unclassifiable"),
        (answer(b"<html>"), "answer-unclassifiable"),
        (answer(b"[" + TEXT + b"]"), "answer-unclassifiable"),
        # Errors keep their status, and say no more than that.
        (answer(status=404), b'{"type":"about:blank","title":"Not Found","status":404}'),
        (
            answer(status=503, content_type="text/html"),
            b'{"type":"about:blank","title":"Service Unavailable","status":503}',
        ),
        (answer(b"{", 409, "application/problem+json"), b'{"type":"about:blank","title":"Conflict","status":409}'),
        (answer(status=599, content_type=None), b'{"type":"about:blank","title":"Error","status":599}'),
        (answer(status=302), b""),
        (answer(b'{"why":"x","a":1}', 409, "application/problem+json"), b'{"a":1}'),
        # What is declared, and has nothing in it that is marked.
        (answer(b"text", 400, "text/plain"), b"text"),
        (answer(b'{"a":1}', 400), b'{"a":1}'),
    ],
)
def test_what_is_not_as_declared_is_not_let_through(said: Answer, left: bytes | str) -> None:
    plain = Response("400", (MediaType("text/plain"), MediaType(JSON, {"type": "object"})))
    found = told(bound(CONFIG, *responses(UNKNOWN, plain)), call(), said)
    assert (found.problem.type.id if isinstance(found, Deny) else found) == left
    if isinstance(left, bytes) and b"about:blank" in left:
        assert said.headers[1:] == [(b"content-type", b"application/problem+json")]


def test_who_may_see_everything_gets_what_the_contract_does_not_know() -> None:
    for said in (answer(status=202), answer(content_type="text/csv"), answer(b'{"id":1,"x":2}')):
        body = said.body
        assert told(bound(), call("x.restricted"), said) == body


def test_an_answer_that_is_classified_as_a_whole_is_withheld() -> None:
    refusal = told(bound(CONFIG, *responses(schema={**ORDER, **SECRET})), call(), answer())
    assert isinstance(refusal, Deny)
    assert refusal.problem.type.id == "answer-classified"
    assert "a token with the scope x.restricted opens it" in refusal.problem.detail


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        (answer(), "answer-classified"),
        (answer(b'{"id":1}'), None),
        (answer(b' { "id" : 1 } '), None),
        (answer(b"{"), "answer-unclassifiable"),
        (answer(status=404), "answer-unclassifiable"),
    ],
)
def test_a_trial_says_whether_anything_would_have_been_taken(said: Answer, refusal: str | None) -> None:
    found = told(bound(), call(), said.copy())
    assert (found.problem.type.id if isinstance(found, Deny) else None) == refusal


def stage(config: ClassificationConfig = CONFIG) -> Any:
    made = operation()
    return classification.bind(config, policy_world.version(made), made, World().ports())


@pytest.mark.parametrize("status", [200, 304])
def test_an_entity_tag_is_the_clearances_own(status: int) -> None:
    filtered = bound()
    assert filtered is not None
    said = answer(status=status, ETag='"r7"', Content_Digest="sha-256=:x:", Accept_Ranges="bytes", Via="1.1 a")
    filtered.head(call("x.internal"), said)
    fields = {name.lower(): value for name, value in said.headers}
    assert fields == {
        b"etag": b'"r7;class=internal"',
        b"via": b"1.1 a",
        b"content-type": JSON.encode(),
        b"cache-control": b"private",
    }
    whole = answer(status=status, ETag='"r7"', Content_Digest="sha-256=:x:")
    before = list(whole.headers)
    filtered.head(call("x.restricted"), whole)
    assert whole.headers == [*before, (b"cache-control", b"private")]


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ({}, b"private"),
        ({"Cache_Control": "public, max-age=60"}, b"private, max-age=60"),
        (
            {"Cache_Control": 'private="x-a, x-b", no-cache="x-c, x-d" , S-MaxAge=9'},
            b'private, no-cache="x-c, x-d"',
        ),
        ({"Cache_Control": "no-store"}, b"private, no-store"),
        ({"Cache_Control": "publicly=1"}, b"private, publicly=1"),
        ({"CDN_Cache_Control": "max-age=9", "Surrogate_Control": "max-age=9"}, b"private"),
    ],
)
def test_no_cache_keeps_it_for_others(said: dict[str, Any], left: bytes) -> None:
    filtered = bound()
    assert filtered is not None
    for exchange in (call(), call("x.restricted"), call(method="HEAD")):
        made = answer(**said)
        filtered.head(exchange, made)
        assert [value for name, value in made.headers if b"control" in name.lower()] == [left]
    # To a public operation everybody is nobody, and sees the same.
    anyone = answer(**said)
    before = {name.lower(): value for name, value in anyone.headers}
    filtered.head(policy_world.exchange(), anyone)
    assert {name.lower(): value for name, value in anyone.headers} == before


def test_a_head_request_gets_the_same_tag() -> None:
    filtered = bound()
    assert filtered is not None
    said = answer(b"", ETag='W/"r7"')
    assert filtered.head(call(method="HEAD"), said) is Wish.PASS
    assert said.field(b"etag") == b'W/"r7;class=public"'


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"If_None_Match": '"r7;class=internal"'}, {b"if-none-match": b'"r7"'}),
        ({"If_None_Match": 'W/"r7;class=internal", "r6"'}, {b"if-none-match": b'W/"r7", "r6"'}),
        ({"If_None_Match": '"r7;class=public"'}, {}),
        ({"If_None_Match": '"r7;class=public", "r7;class=internal"'}, {b"if-none-match": b'"r7"'}),
        ({"If_Match": '"r7;class=public", "r8;class=restricted"'}, {b"if-match": b'"r7", "r8"'}),
        ({"If_Match": '"r7;class=other"'}, {b"if-match": b'"r7;class=other"'}),
    ],
)
def test_the_upstream_gets_its_own_tags(fields: dict[str, Any], sent: dict[bytes, bytes]) -> None:
    exchange = call("x.internal", **{name.lower(): value for name, value in fields.items()})
    assert stage()(exchange) is ALLOW
    assert exchange.forward is not None
    assert dict(exchange.forward.headers) == sent


def test_other_conditions_are_left_alone() -> None:
    exchange = call(if_none_match='"r7", "r8"', if_match="*")
    assert stage()(exchange) is ALLOW
    assert exchange.forward is None
    assert stage(msgspec.structs.replace(CONFIG, without_scope="restricted")) is None


CONTRACT = "apis/books/v1.openapi.yaml"
SETTINGS = "ostiary.yaml:/policies/classification"
TITLE = "        title: { type: string }\n        author: { type: string }\n"
MARK = f"{CLASSIFICATION}: restricted"
CSV = "            application/json:\n              schema:\n                type: array\n"


def found(root: Path, settings: str, *changes: tuple[str, str, str]) -> list[tuple[str, str, str]]:
    estate = ("ostiary.yaml", "plans:\n", f"policies:\n  classification: {settings}\nplans:\n")
    _, findings = load_estate(write_estate(root, estate, *changes))
    return [(each.rule, f"{each.place.file}:{each.place.pointer}", each.message) for each in findings]


def marked(author: str) -> tuple[str, str, str]:
    """The scaffold's contract, with the schema of a book's required author marked."""
    return CONTRACT, TITLE, f"        title: {{ type: string }}\n        author: {{ {author}, {MARK} }}\n"


@pytest.mark.parametrize(
    ("settings", "changes", "place", "said"),
    [
        (
            "{}",
            [marked("type: string")],
            SETTINGS,
            "the answer 200 requires '/*/author', which is restricted and is",
        ),
        (
            "{restricted: {scope: books:all, mask: x}}",
            [marked("type: string")],
            f"{SETTINGS}/restricted",
            "make it optional, or mask it",
        ),
        (
            "{restricted: {action: mask}}",
            [marked('type: string, pattern: "^[a-z]+$"')],
            f"{SETTINGS}/restricted",
            "the answer 201 requires '/author'",
        ),
        (
            "{restricted: {action: hide}}",
            [],
            f"{SETTINGS}/restricted/action",
            "'hide' is none of 'remove', 'mask'",
        ),
        ("{restricted: {scope: a b}}", [], f"{SETTINGS}/restricted/scope", "should be one scope"),
        ("{secret: {}}", [], f"{SETTINGS}/secret", "unknown key 'secret'"),
        (
            "{restricted: {action: mask}}",
            [marked("type: string"), (CONTRACT, CSV, f"            text/csv: {{}}\n{CSV}")],
            SETTINGS,
            "as 'text/csv' it could not be read and is refused",
        ),
    ],
)
def test_check_finds_what_would_break_the_contract(
    tmp_path: Path, settings: str, changes: list[tuple[str, str, str]], place: str, said: str
) -> None:
    findings = [each for each in found(tmp_path, settings, *changes) if each[1] == place]
    assert [each for each in findings if said in each[2]], findings


def test_a_mark_holds_without_settings(tmp_path: Path) -> None:
    estate, findings = load_estate(write_estate(tmp_path, marked("type: string")))
    assert estate is None
    assert {each.rule for each in findings} == {"policy-invalid"}
    # It is the mark that says it.
    assert {(each.place.file, each.place.pointer.rpartition("/")[2]) for each in findings} == {
        (CONTRACT, CLASSIFICATION)
    }


@pytest.mark.parametrize(
    "layer", ["policies: {classification: {mode: off}}", "policies: {classification: {mode: report}}"]
)
def test_settings_hold_before_the_mark(tmp_path: Path, layer: str) -> None:
    optional = (CONTRACT, "published: { type: [", f"published: {{ {MARK}, type: [")
    estate, findings = load_estate(
        write_estate(tmp_path, optional, ("ostiary.yaml", "plans:\n", f"{layer}\nplans:\n"))
    )
    assert findings == []
    assert estate is not None
    (version,) = estate.versions
    for each in version.operations:
        (use,) = each.policies
        assert use.mode is not None
        assert use.mode in layer
        assert [source.partition("#")[0] for source in use.sources] == [CONTRACT, "ostiary.yaml"]


@pytest.mark.parametrize(
    ("settings", "change"),
    [
        ("{restricted: {action: mask}}", marked("type: string")),
        ("{without-scope: restricted}", marked("type: string")),
        ("{}", (CONTRACT, "published: { type: [", f"published: {{ {MARK}, type: [")),
        ("{restricted: {action: mask}}", marked("type: [integer, 'null']")),
    ],
)
def test_check_has_nothing_to_say_of_what_is_kept(
    tmp_path: Path, settings: str, change: tuple[str, str, str]
) -> None:
    assert found(tmp_path, settings, change) == []
