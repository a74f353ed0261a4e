"""Keys and fingerprints, and what is found wrong with settings before anything runs."""

from pathlib import Path

import pytest

from contracts.estate.estate import load_estate
from contracts.findings import Finding
from contracts.operations import MediaType, RequestBody
from policies import idempotency
from policies.exchange import Exchange, Principal
from policies.idempotency import IdempotencyConfig
from policies.idempotency_keys.records import packed, unpacked
from policies.idempotency_keys.request_key import fingerprint, place_of, read_key, remembered_as
from policies.judging import InstalledPolicies
from policies.policy import Setting
from tests.support.estates import write_estate
from tests.support.policy_world import World, operation, version

WRITES = operation(id="placeOrder", method="POST", body=RequestBody(True, (MediaType("application/json"),)))


@pytest.mark.parametrize(
    ("value", "strict", "bare"),
    [
        (b'"a"', "a", "a"),
        (b'"a b\\"c\\\\"', 'a b"c\\', 'a b"c\\'),
        (b'"a";p=1', "a", "a"),
        (b'  "a"  ', "a", "a"),
        (b"8e03978e-40d5-43dd-bc93-6894a57f9324", None, "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        (b"token", None, "token"),
        (b"12", None, "12"),
        (b"", None, None),
        (b'""', None, None),
        (b'"a', None, None),
        (b'"a", "b"', None, None),
        (b"a, b", None, None),
        (b":YQ==:", None, None),
        (b"?1", None, None),
        (b'"' + b"k" * 255 + b'"', "k" * 255, "k" * 255),
        (b'"' + b"k" * 256 + b'"', None, None),
        (b"k" * 256, None, None),
        (b'"\xc3\xa4"', None, None),
    ],
)
def test_a_key_is_a_structured_string(value: bytes, strict: str | None, bare: str | None) -> None:
    assert read_key(value, bare=False) == strict
    assert read_key(value, bare=True) == bare


def principal(client: str = "acme", subject: str = "acme", issuer: str = "https://catalog.example") -> Principal:
    return Principal(issuer, client, subject, "acme", frozenset(), 0.0, "t", {})


def test_no_two_callers_or_operations_share_a_key() -> None:
    known = {
        remembered_as(key, place, caller)
        for key in ("a", "b")
        for place in ("orders/v1/place", "orders/v2/place")
        for caller in (principal(), principal("acme2"), principal(subject="p"), principal(issuer="https://x"))
    }
    assert len(known) == 16
    assert place_of(version(), operation()) == "orders/v1/listOrders"


def made(
    path: str = "/o", query: bytes = b"", body: bytes = b"", value: object = None, kind: bytes = b"a/b"
) -> bytes:
    exchange = Exchange("POST", b"/", [], {b"content-type": kind}, "192.0.2.1")
    exchange.path, exchange.query, exchange.body, exchange.body_value = path, query, body, value
    return fingerprint(exchange)


def test_a_fingerprint_tells_requests_apart_and_not_their_spelling() -> None:
    same = made(body=b'{"a":1,"b":[2]}', value={"a": 1, "b": [2]})
    assert same == made(body=b'{ "b": [2], "a": 1 }', value={"b": [2], "a": 1})
    assert same == made(body=b'{"a":1,"b":[2]}', value={"a": 1, "b": [2]}, kind=b"A/B ; charset=utf-8")
    assert same != made(body=b'{"a":1,"b":[3]}', value={"a": 1, "b": [3]})
    different = [made(), made("/p"), made(query=b"a"), made(body=b"a"), made(kind=b"a/c"), made("/oa"), same]
    assert len(set(different)) == len(different)


def test_an_answer_that_is_too_long_is_remembered_by_its_status() -> None:
    assert unpacked(packed(200, [(b"a", b"b")], b"cd", 4)).body == b"cd"
    short = unpacked(packed(200, [(b"a", b"b")], b"cd", 3))
    assert (short.status, short.headers, short.body) == (200, [], None)


def test_what_only_reads_and_what_is_public_is_not_bound() -> None:
    ports, config = World().ports(), IdempotencyConfig()
    for quiet in (operation(), operation(method="POST", public=True)):
        assert idempotency.bind(config, version(), quiet, ports) is None
        assert idempotency.bind_answer(config, version(), quiet, ports) is None
    assert idempotency.bind(config, version(), WRITES, ports) is not None


def test_what_cannot_be_kept_is_found() -> None:
    def said(changed: object = WRITES, mode: str = "enforce", **config: int) -> list[str]:
        setting = Setting(IdempotencyConfig(**config), mode)  # type: ignore[arg-type]
        return [each.message for each in idempotency.check(setting, version(), changed)]  # type: ignore[arg-type]

    assert said() == []
    assert said(operation()) == []
    public = operation(method="POST", public=True)
    assert "is public" in said(public)[0]
    assert said(public, mode="off") == []
    large = operation(method="PUT", max_body=4_194_305, body=WRITES.body)
    assert "bodies are read whole" in said(large)[0]
    assert "forgotten" in said(lease=120, lifetime=60)[0]


def found(root: Path, *changes: tuple[str, str, str]) -> list[Finding]:
    return load_estate(write_estate(root, *changes), policies=InstalledPolicies())[1]


def test_check_says_where_a_setting_is_wrong(tmp_path: Path) -> None:
    settings = "policies:\n  idempotency: {lifetime: 10}\nplans:\n"
    (wrong,) = found(tmp_path, ("ostiary.yaml", "plans:\n", settings))
    assert (wrong.rule, wrong.place.pointer) == ("invalid-value", "/policies/idempotency/lifetime")
    assert wrong.place.file == "ostiary.yaml"
    assert wrong.place.line > 1
    assert ">= 60" in wrong.message
