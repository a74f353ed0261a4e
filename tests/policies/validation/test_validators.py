"""Compiled validators: lazy, shared, linear, closed to the network."""

import gc
import threading
import weakref
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jsonschema_rs
import pytest

from contracts.operations import ApiVersion, MediaType, Parameter
from policies.validation import validators as module
from policies.validation.media_types import content_of
from policies.validation.parameter_slot import bind_slot
from policies.validation.validators import Check, Validators, validators_of

DOCUMENTS: dict[str, dict[str, Any]] = {
    "urn:x:request": {
        "$id": "urn:x:request",
        "components": {
            "schemas": {
                "Node": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}},
                "a/b": {"$ref": "urn:x:response#/components/schemas/Count"},
            }
        },
    },
    "urn:x:response": {"components": {"schemas": {"Count": {"type": "integer"}}}},
}


def version(revision: str = "r1", documents: dict[str, dict[str, Any]] | None = None) -> ApiVersion:
    return ApiVersion("x", "v1", "X", "t", "/x/v1", revision, (), documents=documents or {})


def test_nothing_is_compiled_before_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[object] = []
    original = Validators.compile

    def compile_(self: Validators, schema: Any) -> Any:
        compiled.append(schema)
        return original(self, schema)

    monkeypatch.setattr(Validators, "compile", compile_)
    check = Validators(DOCUMENTS).check({"type": "integer"})
    assert compiled == []
    assert check.is_valid(1)
    assert not check.is_valid("1")
    assert compiled == [{"type": "integer"}]


def test_equal_schemas_share_a_validator_and_a_version_its_registry() -> None:
    one, other = validators_of(version(documents=DOCUMENTS)), validators_of(version(documents=dict(DOCUMENTS)))
    assert one is other
    check = one.check({"type": "integer", "minimum": 1})
    assert other.check({"minimum": 1, "type": "integer"}) is check
    assert one.check({"type": "integer"}) is not check
    assert validators_of(version("r2", DOCUMENTS)) is one, "the next revision has the same documents"


def test_what_operations_repeat_is_bound_once_and_let_go() -> None:
    validators = Validators({})
    parameter = Parameter("limit", "query", "form", True, {"type": "integer"})
    slot = bind_slot(parameter, validators)
    assert bind_slot(Parameter("limit", "query", "form", True, {"type": "integer"}), validators) is slot
    assert bind_slot(Parameter("offset", "query", "form", True, {"type": "integer"}), validators) is not slot
    media = (MediaType("application/json", {"type": "object"}),)
    assert content_of(media, validators) is not content_of((*media, MediaType("text/csv")), validators)
    kept = weakref.ref(slot)
    del slot
    gc.collect()
    assert kept() is None


def test_what_was_needed_of_one_form_is_compiled_for_the_next() -> None:
    before, now = Validators(DOCUMENTS), Validators({**DOCUMENTS, "urn:y": {}})
    needed, idle = {"type": "integer"}, {"type": "string"}
    kept = [validators.check(schema) for validators in (before, now) for schema in (needed, idle)]
    assert before.check(needed).is_valid(1)
    kept[0].read_by_types()
    before_only = before.check({"type": "array"})
    assert before_only.is_valid([])
    steps = sum(1 for _ in now.warm_up(before))
    assert steps == 2
    assert [check.compiled for check in kept] == [True, False, True, False]
    assert [check.reader is not None for check in kept] == [True, False, True, False]
    assert list(before.warm_up(before)) == []


def test_only_so_many_are_held_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_COMPILED", 2)
    monkeypatch.setattr(module, "_compiled", deque())
    validators = Validators({})
    checks = [validators.check({"type": "integer", "minimum": number}) for number in range(3)]
    assert [check.is_valid(number) for number, check in enumerate(checks)] == [True] * 3
    assert [check.compiled for check in checks] == [False, True, True]
    assert checks[0].is_valid(0)
    assert not checks[0].is_valid(-1), "it is compiled again"
    assert [check.compiled for check in checks] == [True, False, True]


def test_a_revision_with_other_documents_is_not_taken_for_the_same() -> None:
    first = validators_of(version(documents=DOCUMENTS))
    assert validators_of(version(documents={"urn:y": {}})) is not first


def test_references_lead_into_the_documents() -> None:
    validators = Validators(DOCUMENTS)
    node = validators.check({"$ref": "urn:x:request#/components/schemas/Node"})
    assert node.is_valid({"next": {"next": {}}})
    assert not node.is_valid({"next": {"next": 1}})
    count = validators.check({"$ref": "urn:x:request#/components/schemas/a~1b"})
    assert count.is_valid(1)
    assert not count.is_valid("1")
    schema, base = validators.lookup("urn:x:request#/components/schemas/a~1b", "")
    assert isinstance(schema, dict)
    assert validators.lookup(schema["$ref"], base) == ({"type": "integer"}, "urn:x:response")


class _Schemas(BaseHTTPRequestHandler):
    """Would serve a schema that admits everything."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: Any) -> None:
        pass


def test_the_network_is_never_asked() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Schemas) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            check = Validators({}).check({"$ref": f"http://127.0.0.1:{server.server_port}/schema"})
            with pytest.raises(jsonschema_rs.ValidationError, match="Retrieval is disabled"):
                check.is_valid(1)
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("format_", "good", "bad"),
    [
        ("date", "2026-02-28", "2026-02-30"),
        ("date-time", "2026-02-28T10:00:00Z", "2026-02-28 10:00"),
        ("email", "a@example.com", "a"),
        ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567"),
        ("uri", "https://example.com/", "example"),
        ("ipv4", "192.0.2.1", "192.0.2"),
    ],
)
def test_formats_are_asserted(format_: str, good: str, bad: str) -> None:
    check = Validators({}).check({"type": "string", "format": format_})
    assert check.is_valid(good)
    assert not check.is_valid(bad)


@pytest.mark.parametrize("pattern", [r"(?=a)b", r"(a)\1"])
def test_patterns_run_on_an_engine_that_cannot_backtrack(pattern: str) -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        Validators({}).compile({"pattern": pattern})


def test_a_check_holds_no_value_in_its_errors() -> None:
    check: Check = Validators({}).check({"type": "integer"})
    with pytest.raises(jsonschema_rs.ValidationError) as raised:
        check.validator.validate("s3cr3t")
    assert "s3cr3t" not in str(raised.value)
