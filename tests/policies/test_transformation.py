"""Requests and answers changed by settings: fields, parameters, bodies, and what settings may not say."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from catalog.estates import load_estate
from contracts.operations import AdaptedTo, OdooBackend
from policies import transformation
from policies.answer import Answer, Wish
from policies.exchange import Exchange, Header
from policies.field_names import NOT_FORWARDED, OURS, plain_name
from policies.policy import Setting
from policies.transformation import TransformationConfig
from policies.transforming.fields import (
    FieldChanges,
    ParameterChanges,
    change_fields,
    change_query,
    faults_of_fields,
)
from policies.verdict import ALLOW, Deny
from tests.support import policy_world
from tests.support.estates import write_estate
from tests.support.policy_world import World


def config(**settings: Any) -> TransformationConfig:
    return msgspec.convert(settings, TransformationConfig)


def headers(text: str) -> list[Header]:
    """As `a: 1, B: 2` says."""
    pairs = (part.split(": ") for part in text.split(", ") if part)
    return [(name.encode(), value.encode()) for name, value in pairs]


@pytest.mark.parametrize(
    ("changes", "before", "after"),
    [
        ({"set": {"X-A": "1"}}, "", "X-A: 1"),
        ({"set": {"X-A": "1"}}, "x-a: 0, b: 2, X-A: 3", "b: 2, X-A: 1"),
        ({"set": {"X-A": "1"}}, "X_A: 0, x.a: 0", "X-A: 1"),
        ({"remove": ["X-A"]}, "X-A: 1, b: 2, x_a: 3, x-ab: 4", "b: 2, x-ab: 4"),
        ({"rename": {"X-A": "X-B"}}, "x-a: 1, c: 2, X_A: 3", "X-B: 1, c: 2, X-B: 3"),
        ({"rename": {"X-A": "X-B"}, "remove": ["X-B"]}, "X-A: 1, X-B: 2", ""),
        ({"rename": {"X-A": "X-B", "X-B": "X-A"}}, "X-A: 1, X-B: 2", "X-B: 1, X-A: 2"),
    ],
)
def test_fields(changes: dict[str, Any], before: str, after: str) -> None:
    change = change_fields(msgspec.convert(changes, FieldChanges))
    assert change is not None
    assert change(headers(before)) == headers(after)


@pytest.mark.parametrize(
    ("changes", "before", "after"),
    [
        ({"set": {"a b": "x&y"}}, b"", b"a%20b=x%26y"),
        ({"set": {"a": "1"}}, b"a=2&b=%20+x&a=3", b"b=%20+x&a=1"),
        ({"remove": ["a b"]}, b"a+b=1&a%20b=2&c", b"c"),
        ({"remove": ["a"]}, b"a", b""),
        ({"rename": {"q": "search term"}}, b"q=a%2Fb&x=1&q", b"search%20term=a%2Fb&x=1&search%20term"),
        ({"rename": {"a": "b"}, "set": {"b": "9"}}, b"a=1&b=2", b"b=9"),
        ({"rename": {"a": "b", "b": "a"}}, b"a=1&b=2", b"b=1&a=2"),
        ({"remove": ["z"]}, b"a=%zz&&b=%ff", b"a=%zz&&b=%ff"),
    ],
)
def test_parameters(changes: dict[str, Any], before: bytes, after: bytes) -> None:
    change = change_query(msgspec.convert(changes, ParameterChanges))
    assert change is not None
    assert change(before) == after


def test_where_nothing_is_changed_nothing_is_bound() -> None:
    made, version, ports = policy_world.operation(), policy_world.version(), World().ports()
    assert transformation.bind(config(), version, made, ports) is None
    assert transformation.bind_answer(config(), version, made, ports) is None
    assert transformation.bind(config(response={"headers": {"remove": ["a"]}}), version, made, ports) is None
    assert transformation.bind_answer(config(request={"query": {"remove": ["a"]}}), version, made, ports) is None


STEPS = [{"rename": "/body/name", "to": "title"}, {"convert": "/body/lines/*/price", "as": "string"}]
BODY = b'{"name":"x","lines":[{"price":1.10},{"price":12345678901234567890.5}],"z":1e2}'
LEFT = b'{"lines":[{"price":"1.10"},{"price":"12345678901234567890.5"}],"z":1E+2,"title":"x"}'


def sent(body: bytes, content_type: str = "application/json", **fields: str) -> Exchange | Deny:
    """What goes upstream."""
    stage = transformation.bind(
        config(request={"steps": STEPS}), policy_world.version(), policy_world.operation(), World().ports()
    )
    exchange = policy_world.exchange(content_type=content_type, **fields)
    exchange.version, exchange.body = policy_world.version(), body
    assert stage is not None
    verdict = stage(exchange)
    if verdict is ALLOW:
        return exchange
    assert isinstance(verdict, Deny)
    return verdict


def test_a_request_body() -> None:
    exchange = sent(BODY, content_digest="sha-256=:x:", x_a="1")
    assert isinstance(exchange, Exchange)
    assert exchange.forward is not None
    assert exchange.forward.body == LEFT
    assert dict(exchange.forward.headers) == {b"content-type": b"application/json", b"x-a": b"1"}
    assert exchange.body == BODY


@pytest.mark.parametrize(("body", "content_type"), [(b"", "application/json"), (b"name=x", "text/plain")])
def test_what_is_no_json_is_left_alone(body: bytes, content_type: str) -> None:
    exchange = sent(body, content_type)
    assert isinstance(exchange, Exchange)
    assert exchange.forward is not None
    assert exchange.forward.body is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"lines":[{"price":[1]}]}', "/body/lines/*/price is no text, number or truth value."),
        (b"{", "The body is no JSON."),
    ],
)
def test_a_request_that_cannot_be_changed_is_refused(body: bytes, said: str) -> None:
    refusal = sent(body)
    assert isinstance(refusal, Deny)
    assert (refusal.problem.type.id, refusal.problem.detail) == ("request-not-transformable", said)


def test_what_others_have_changed_is_taken_up() -> None:
    settings = config(request={"headers": {"set": {"X-A": "1"}}, "query": {"remove": ["a"]}, "steps": STEPS})
    stage = transformation.bind(settings, policy_world.version(), policy_world.operation(), World().ports())
    exchange = policy_world.exchange(content_type="application/json")
    exchange.version, exchange.query, exchange.body = policy_world.version(), b"c=3", b"{}"
    forward = exchange.forwarded()
    forward.query, forward.body, forward.upstream = b"a=1&b=2", b'{"name":1}', "other"
    assert stage is not None
    assert stage(exchange) is ALLOW
    assert exchange.forward is forward
    assert (forward.query, forward.body, forward.upstream) == (b"b=2", b'{"title":1}', "other")
    assert forward.headers[-1] == (b"X-A", b"1")


def answered(
    body: bytes, status: int = 200, content_type: str = "application/json", method: str = "GET"
) -> Answer | Deny:
    """What the client gets."""
    settings = config(response={"headers": {"remove": ["Server"], "set": {"X-A": "1"}}, "steps": STEPS})
    filtered = transformation.bind_answer(
        settings, policy_world.version(), policy_world.operation(), World().ports()
    )
    assert filtered is not None
    answer = Answer(status, headers(f"Server: x, Content-Type: {content_type}, Digest: y"), body)
    exchange = policy_world.exchange()
    exchange.method = method
    wish = filtered.head(exchange, answer)
    assert isinstance(wish, Wish)
    refusal = filtered.body(exchange, answer) if wish is Wish.WHOLE else None
    assert refusal is None or isinstance(refusal, Deny)
    return refusal or answer


def test_an_answer() -> None:
    answer = answered(BODY)
    assert isinstance(answer, Answer)
    assert answer.body == LEFT
    assert answer.headers == headers("Content-Type: application/json, X-A: 1")


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        (BODY, {"status": 404}),
        (b"text", {"content_type": "text/plain"}),
        (b"", {"method": "HEAD"}),
        (b"", {"status": 204}),
    ],
)
def test_of_other_answers_only_fields_are_changed(body: bytes, changes: dict[str, Any]) -> None:
    answer = answered(body, **changes)
    assert isinstance(answer, Answer)
    assert answer.body == body
    assert answer.field(b"x-a") == b"1"
    assert answer.field(b"server") is None


def test_the_length_of_another_body_is_not_told() -> None:
    settings = config(response={"steps": STEPS})
    filtered = transformation.bind_answer(
        settings, policy_world.version(), policy_world.operation(), World().ports()
    )
    assert filtered is not None
    exchange, answer = policy_world.exchange(), Answer(200, headers("Content-Type: application/json"), length=7)
    exchange.method = "HEAD"
    assert filtered.head(exchange, answer) is Wish.PASS
    assert answer.length is None


def test_a_body_is_wrapped_and_unwrapped() -> None:
    for steps, before, after in (
        ([{"move": "/body", "to": "/body/data"}], b"[1.0]", b'{"data":[1.0]}'),
        ([{"move": "/body/data", "to": "/body"}], b'{"data":[1.0],"page":1}', b"[1.0]"),
        ([{"drop": "/body"}], b"{}", b""),
    ):
        settings, answer = (
            config(response={"steps": steps}),
            Answer(200, headers("Content-Type: application/json")),
        )
        filtered = transformation.bind_answer(
            settings, policy_world.version(), policy_world.operation(), World().ports()
        )
        assert filtered is not None
        answer.body = before
        assert filtered.body(policy_world.exchange(), answer) is None
        assert answer.body == after


def test_an_answer_that_cannot_be_changed_is_refused() -> None:
    refusal = answered(b'{"lines":[{"price":{}}],"secret":"s3cr3t"}')
    assert isinstance(refusal, Deny)
    assert refusal.problem.type.id == "answer-not-transformable"
    assert "s3cr3t" not in refusal.problem.detail


@pytest.mark.parametrize(
    "name",
    sorted(
        {*(name.decode() for name in NOT_FORWARDED), *(start.decode() + "x" for start in OURS), "Content-Type"}
    ),
)
def test_no_field_that_is_the_gateways_own_is_changed_in_requests(name: str) -> None:
    for spelling in (name, name.upper(), name.replace("-", "_")):
        changes = FieldChanges(set={spelling: "x"})
        (fault,) = faults_of_fields(changes, "/headers", answer=False)
        assert fault.pointer == f"/headers/set/{spelling}"
        assert plain_name(spelling.encode()) == name.lower().encode()


@pytest.mark.parametrize(
    "name", ["Set-Cookie", "Content-Length", "RateLimit", "X-Request-Id", "Connection", "Sunset"]
)
def test_nor_in_answers(name: str) -> None:
    for changes in (
        FieldChanges(set={name: "x"}),
        FieldChanges(remove=(name,)),
        FieldChanges(rename={name: "X-A"}),
        FieldChanges(rename={"X-A": name}),
    ):
        assert [fault.message for fault in faults_of_fields(changes, "", answer=True)] == [
            f"the header field {name!r} is the gateway's own, and is not changed"
        ]


def found(root: Path, settings: str) -> list[tuple[str, str, str]]:
    change = ("apis/books/api.yaml", "versions:\n", f"policies: {{transformation: {settings}}}\nversions:\n")
    _, findings = load_estate(write_estate(root, change))
    assert all(each.place.file == "apis/books/api.yaml" for each in findings)
    return [(each.rule, each.place.pointer, each.message) for each in findings]


@pytest.mark.parametrize(
    ("settings", "pointer", "said"),
    [
        (
            "{request: {headers: {set: {Authorization: x}}}}",
            "/request/headers/set/Authorization",
            "the gateway's own",
        ),
        ("{request: {headers: {set: {X-A: ' x'}}}}", "/request/headers/set/X-A", "text in visible ASCII"),
        ("{request: {headers: {remove: ['X A']}}}", "/request/headers/remove/0", "the name of a header field"),
        (
            "{request: {headers: {rename: {'ä': X-A}}}}",
            "/request/headers/rename/ä",
            "not the name of a header field",
        ),
        ("{response: {headers: {remove: [Set-Cookie]}}}", "/response/headers/remove/0", "the gateway's own"),
        ("{request: {steps: [{rename: /body/a}]}}", "/request/steps/0", "'rename' needs 'to' beside it"),
        ("{response: {steps: [{drop: a}]}}", "/response/steps/0/drop", "a JSON pointer such as"),
        ("{request: {steps: [{drop: /query/a}]}}", "/request/steps/0/drop", "'/query/a' is not in the body"),
        (
            "{request: {steps: [{move: /body/a, to: /bodyx}]}}",
            "/request/steps/0/to",
            "'/bodyx' is not in the body",
        ),
        ("{answer: {}}", "/answer", "unknown key 'answer'"),
        ("{mode: report}", "/mode", "has no mode 'report'"),
    ],
)
def test_check_finds_what_cannot_be(tmp_path: Path, settings: str, pointer: str, said: str) -> None:
    findings = found(tmp_path, settings)
    assert {each[1] for each in findings} == {f"/policies/transformation{pointer}"}
    assert all(said in each[2] for each in findings)


def test_requests_that_nobody_would_read_are_not_changed() -> None:
    setting = Setting(config(request={"query": {"remove": ["a"]}}), "enforce")
    target = AdaptedTo(version="v2", operation="o", method="GET", path="/orders")
    adapted = policy_world.operation(adapted=target)
    (fault,) = transformation.check(setting, policy_world.version(), adapted)
    assert (fault.pointer, "another version serves" in fault.message) == ("/request", True)
    odoo = policy_world.operation(backend=OdooBackend("erp", "sale.order", "list"))
    (fault,) = transformation.check(setting, policy_world.version(), odoo)
    assert (fault.pointer, "Odoo serves" in fault.message) == ("/request", True)
    assert list(transformation.check(setting, policy_world.version(), policy_world.operation())) == []
