"""Content before it is read: coding, charset and bounds, and what of it goes on upstream."""

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.estate.estate import load_estate
from contracts.operations import MediaType, Operation, RequestBody
from policies import request_content
from policies.exchange import Exchange
from policies.judging import InstalledPolicies
from policies.validation.settings import RequestContentConfig
from policies.verdict import ALLOW, Deny, Verdict
from tests.support.estates import write_estate
from tests.support.policy_world import operation, version

ORDER = json.dumps({"reference": "PO-1", "lines": [{"sku": "a"}] * 200}).encode()


def taking(*ranges: str, **changes: Any) -> Operation:
    body = RequestBody(True, tuple(MediaType(each) for each in ranges or ("application/json",)))
    return operation(method="POST", body=body, **changes)


def judge(
    body: bytes | None, op: Operation | None = None, fields: dict[str, str] | None = None, **settings: Any
) -> tuple[Exchange, Verdict]:
    op = op or taking()
    config = msgspec.convert(settings, RequestContentConfig)
    stage = request_content.bind(config, version(op), op)
    assert stage is not None
    sent = {"content-type": "application/json", "content-length": str(len(body or b"1")), **(fields or {})}
    headers = [(name.encode(), value.encode()) for name, value in sent.items()]
    exchange = Exchange("POST", b"/orders/v1/orders", headers, dict(headers), "192.0.2.1")
    exchange.path, exchange.version, exchange.operation = "/orders/v1/orders", version(op), op
    exchange.body = body
    verdict = stage(exchange)
    assert isinstance(verdict, Deny) or verdict is ALLOW
    return exchange, verdict


def refused(verdict: Verdict, problem: str) -> dict[str, Any]:
    assert isinstance(verdict, Deny)
    assert (verdict.policy, verdict.problem.type.id) == ("request-content", problem)
    return dict(verdict.problem.extensions)


def test_an_ordinary_order_passes_untouched() -> None:
    exchange, verdict = judge(ORDER)
    assert verdict is ALLOW
    assert (exchange.body, exchange.forward) == (ORDER, None)


def test_an_operation_without_a_body_has_nothing_to_judge() -> None:
    op = operation(body=None)
    assert request_content.bind(RequestContentConfig(), version(op), op) is None


@pytest.mark.parametrize(
    ("settings", "body", "bound"),
    [
        ({"depth": 2}, ORDER, "depth"),
        ({"array-items": 199}, ORDER, "items"),
        ({"object-members": 1}, ORDER, "members"),
        ({"string-length": 8}, ORDER, "characters"),
        ({"number-digits": 16}, b'{"a":12345678901234567}', "digits"),
        ({}, b"[" + b"1" * 101 + b"]", "digits"),
        ({}, b"[" + b"1," * 10_000 + b"1]", "items"),
        ({}, json.dumps(dict.fromkeys(map(str, range(1_001)))).encode(), "members"),
    ],
)
def test_each_bound_is_named(settings: dict[str, Any], body: bytes, bound: str) -> None:
    assert refused(judge(body, **settings)[1], "content-out-of-bounds")["bound"] == bound


def test_bounds_are_for_json_alone() -> None:
    plain = taking("text/csv")
    assert judge(b"1" * 5_000, plain, {"content-type": "text/csv"}, **{"number-digits": 16})[1] is ALLOW


@pytest.mark.parametrize("charset", ["utf-16", "iso-8859-1", '"windows-1252"'])
def test_text_in_another_charset_is_refused(charset: str) -> None:
    fields = {"content-type": f"text/csv; charset={charset}"}
    refused(judge(b"a;b", taking("text/csv"), fields)[1], "charset-unsupported")
    assert judge(b"a;b", taking("text/csv"), fields, charset="any")[1] is ALLOW


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", '"Utf-8"', "us-ascii"])
def test_utf_8_may_be_said_in_its_ways(charset: str) -> None:
    assert judge(b"a", taking("text/csv"), {"content-type": f"text/csv;charset={charset}"})[1] is ALLOW


def test_no_coding_is_taken_by_default() -> None:
    for coding in ("gzip", "br", "gzip, gzip", "deflate", "chunked"):
        _, verdict = judge(gzip.compress(ORDER), None, {"content-encoding": coding})
        refused(verdict, "content-coding-unsupported")
        assert isinstance(verdict, Deny)
        assert verdict.problem.headers == (("accept-encoding", "identity"),)
    assert judge(ORDER, None, {"content-encoding": "Identity"})[1] is ALLOW


def test_only_codings_that_are_set_are_taken() -> None:
    _, verdict = judge(b"x", None, {"content-encoding": "br"}, encodings=["gzip", "zstd"])
    assert refused(verdict, "content-coding-unsupported") == {"accept": ["gzip", "zstd"]}
    assert isinstance(verdict, Deny)
    assert verdict.problem.headers == (("accept-encoding", "gzip, zstd"),)


def test_what_was_encoded_goes_on_decoded_and_without_what_was_said_of_it() -> None:
    fields = {"content-encoding": "gzip", "content-digest": "sha-256=:AA==:", "x-kept": "1"}
    exchange, verdict = judge(gzip.compress(ORDER), None, fields, encodings=["gzip"])
    assert verdict is ALLOW
    assert exchange.body == ORDER
    assert exchange.forward is not None
    assert [name for name, _ in exchange.forward.headers] == [b"content-type", b"content-length", b"x-kept"]
    assert exchange.forward.path == "/orders"


def test_decoded_content_is_bounded_by_size_ratio_and_the_operation() -> None:
    bomb, fields = gzip.compress(b" " * 900_000), {"content-encoding": "gzip"}
    for op, settings in (
        (taking(), {"ratio": 20}),
        (taking(), {"decoded-bytes": 800_000, "ratio": 10_000}),
        (taking(max_body=800_000), {"ratio": 10_000}),
    ):
        exchange, verdict = judge(bomb, op, fields, encodings=["gzip"], **settings)
        assert refused(verdict, "content-out-of-bounds")["bound"] == "decoded-bytes"
        assert exchange.body == bomb
    assert judge(bomb, taking(), fields, encodings=["gzip"], ratio=10_000)[1] is ALLOW


def test_bounds_hold_for_what_was_decoded() -> None:
    deep = gzip.compress(b"[" * 20 + b"]" * 20)
    _, verdict = judge(deep, None, {"content-encoding": "gzip"}, encodings=["gzip"], depth=19)
    assert refused(verdict, "content-out-of-bounds")["bound"] == "depth"


def test_what_is_not_what_it_says_is_refused() -> None:
    for body in (ORDER, gzip.compress(ORDER)[:-4], gzip.compress(ORDER) + b"more"):
        refused(judge(body, None, {"content-encoding": "gzip"}, encodings=["gzip"])[1], "content-undecodable")


def test_a_body_is_read_whole_only_where_codings_are_taken() -> None:
    op = taking("application/octet-stream")
    assert not request_content.reads_whole(RequestContentConfig(), version(op), op)
    assert request_content.reads_whole(RequestContentConfig(encodings=("gzip",)), version(op), op)


def test_parts_that_have_no_names_are_counted() -> None:
    op = taking("multipart/*")
    fields = {"content-type": 'multipart/mixed; boundary="X Y"'}
    assert request_content.reads_whole(RequestContentConfig(), version(op), op)
    body = b"--X Y\r\n\r\n1\r\n" * 3 + b"--X Y--"
    assert judge(body, op, fields, parts=3)[1] is ALLOW
    assert refused(judge(body, op, fields, parts=2)[1], "content-out-of-bounds")["bound"] == "parts"


def test_pairs_of_a_form_are_counted() -> None:
    op = taking("application/x-www-form-urlencoded")
    fields = {"content-type": "application/x-www-form-urlencoded"}
    assert judge(b"a=1&b=2&c=3", op, fields, parts=3)[1] is ALLOW
    assert refused(judge(b"a=1&b=2&c=3", op, fields, parts=2)[1], "content-out-of-bounds")["limit"] == 2


def test_a_streamed_body_is_refused_by_its_head() -> None:
    op = taking("application/octet-stream")
    fields = {"content-type": "application/octet-stream", "content-encoding": "gzip"}
    refused(judge(None, op, fields)[1], "content-coding-unsupported")


def test_check_says_where_a_setting_is_wrong(tmp_path: Path) -> None:
    settings = (
        "policies:\n  request-content:\n    depth: 65\n    encodings: [gzip, deflate]\n    ratios: 5\nplans:\n"
    )
    _, findings = load_estate(
        write_estate(tmp_path, ("ostiary.yaml", "plans:\n", settings)), policies=InstalledPolicies()
    )
    first = (tmp_path / "ostiary.yaml").read_text().split("\n").index("    depth: 65") + 1
    told = sorted((each.place.file, each.place.line, each.rule) for each in findings)
    assert told == [
        ("ostiary.yaml", first, "invalid-value"),
        ("ostiary.yaml", first + 1, "invalid-value"),
        ("ostiary.yaml", first + 2, "unknown-key"),
    ]
    assert "did you mean 'ratio'?" in next(each.message for each in findings if each.rule == "unknown-key")
