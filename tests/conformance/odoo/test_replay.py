"""Every recorded exchange with a real Odoo 19, replayed against the stand-in."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, loads

import pytest

_EXCHANGES: dict[str, dict[str, Any]] = {
    exchange["name"]: exchange
    for exchange in json.loads((Path(__file__).parents[2] / "data" / "odoo-exchanges.json").read_text())
}

_WEBHOOK = "the stand-in runs no automation rules, so no hook URL exists in it"
_WEBSITE = "a page of the web client; the gateway never forwards one"

EXCLUDED: Mapping[str, str] = {
    "http-post-no-csrf": _WEBSITE,
    "json1-off": "the older read-only JSON route, off in production",
    "proxy-forwarded": _WEBSITE,
    "proxy-forwarded-no-host": _WEBSITE,
    "webhook-in-ok": _WEBHOOK,
    "webhook-in-get": _WEBHOOK,
    "webhook-in-replay": _WEBHOOK,
    "webhook-in-bad-record": _WEBHOOK,
    "webhook-in-bad-payload": _WEBHOOK,
    "webhook-in-unknown": _WEBHOOK,
}

_REPLAYED = [name for name in _EXCHANGES if name not in EXCLUDED]

# Headers a client can act upon. Date, Server, Content-Length and session cookies differ by nature.
_COMPARED_HEADERS = (
    "Content-Type", "Connection", "X-Content-Type-Options", "Cache-Control", "WWW-Authenticate", "Accept",
)  # fmt: skip

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")

# The log-in answer also carries the web client's settings, which no caller of an API reads.
_LOGIN_KEYS = {
    "uid", "is_system", "is_admin", "is_public", "is_internal_user", "user_context", "db",
    "server_version", "server_version_info", "name", "username", "partner_id",
}  # fmt: skip


def test_every_recorded_exchange_is_replayed_or_excluded_with_a_reason() -> None:
    assert set(EXCLUDED) <= set(_EXCHANGES)
    assert all(EXCLUDED.values())
    assert len(_REPLAYED) + len(EXCLUDED) == len(_EXCHANGES)
    assert len(_REPLAYED) >= 130


@pytest.mark.parametrize("name", _REPLAYED)
def test_status_and_headers(name: str, answers: dict[str, Any]) -> None:
    expected, answer = _EXCHANGES[name]["response"], answers[name]
    assert answer.status_line == expected["line"]
    for header in _COMPARED_HEADERS:
        recorded = expected["headers"].get(header)
        assert answer.headers.get(header) == (recorded.strip() if recorded else None), header


@pytest.mark.parametrize("name", _REPLAYED)
def test_body(name: str, answers: dict[str, Any]) -> None:
    expected, answer = _EXCHANGES[name]["response"], answers[name]
    content_type = expected["headers"]["Content-Type"]
    if content_type.startswith("text/xml"):
        recording = expected["body"].replace("<traceback>", "Traceback")  # the placeholder is no XML
        _assert_same(_xml(recording), _xml(answer.body.decode()))
    elif content_type.startswith("application/json"):
        body = json.loads(answer.body)
        wanted = expected["body"]
        if name == "session-authenticate":
            wanted = {**wanted, "result": {key: wanted["result"][key] for key in _LOGIN_KEYS}}
        _assert_same(wanted, body)
    elif name.startswith("unknown-path"):
        assert answer.body.startswith(b"<!DOCTYPE html>")  # the recording holds only the page's beginning
    else:
        assert answer.body.decode() == expected["body"]


def _assert_same(wanted: Any, got: Any, at: str = "") -> None:
    """Equal, except for tracebacks (present in both) and moments (which must both be Odoo's form)."""
    if wanted == "<traceback>" or (isinstance(wanted, str) and wanted.startswith("Traceback")):
        assert isinstance(got, str), at
        assert got.startswith("Traceback"), at
    elif isinstance(wanted, str) and _MOMENT.fullmatch(wanted):
        assert isinstance(got, str), at
        assert _MOMENT.fullmatch(got), at
    elif isinstance(wanted, dict):
        assert isinstance(got, dict), at
        assert list(got) == list(wanted) if at == "" else set(got) == set(wanted), at
        for key, value in wanted.items():
            _assert_same(value, got[key], f"{at}/{key}")
    elif isinstance(wanted, list):
        assert isinstance(got, list), at
        assert len(got) == len(wanted), at
        for index, value in enumerate(wanted):
            _assert_same(value, got[index], f"{at}/{index}")
    else:
        assert (type(got), got) == (type(wanted), wanted), at


def _xml(document: str) -> Any:
    """An XML-RPC response as plain values; a fault as its two members."""
    try:
        return list(loads(document)[0])
    except Fault as fault:
        return {"faultCode": fault.faultCode, "faultString": fault.faultString}
