"""The cases of the official JSON Schema test suite, and three ways of judging an instance by a schema."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs

from contracts.documents.document import parse
from contracts.openapi.references import References
from contracts.openapi.rules import Report
from contracts.openapi.schema_check import check_schemas
from contracts.openapi.schema_cycles import check_cycles
from contracts.openapi.schemas import SchemaBundle
from policies.validation.typed_json import MISSED
from policies.validation.validators import Check, Validators

DATA = Path(__file__).resolve().parents[2] / "data" / "jsonschema"
BASE = "http://localhost:1234"
_AT = "#/components/schemas/Case"
_VALUES = ("enum", "const", "default", "examples")

Schema = dict[str, Any] | bool
Judge = Callable[[Any], bool]


@dataclass(frozen=True)
class Case:
    """One test of the suite; `id` is file, group and test."""

    file: str
    group: str
    test: str
    schema: Schema
    data: Any
    valid: bool

    @property
    def id(self) -> str:
        return f"{self.file} | {self.group} | {self.test}"


@dataclass(frozen=True)
class Refused(Exception):
    """A schema that is not taken; the rules that say so."""

    rules: tuple[str, ...]


def cases(draft: str) -> Iterator[Case]:
    """All required cases of a draft."""
    for path in sorted((DATA / draft).glob("*.json")):
        for group in json.loads(path.read_text(encoding="utf-8")):
            for test in group["tests"]:
                yield Case(
                    path.stem,
                    group["description"],
                    test["description"],
                    group["schema"],
                    test["data"],
                    test["valid"],
                )


def remotes() -> dict[str, Any]:
    """The documents that the suite expects under http://localhost:1234."""
    root = DATA / "remotes"
    return {
        f"{BASE}/{path.relative_to(root).as_posix()}": json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(root.rglob("*.json"))
    }


def by_library(documents: dict[str, Any]) -> Callable[[Schema], Judge]:
    """jsonschema-rs as it comes: formats are annotations, patterns run on its own engine."""
    registry = jsonschema_rs.Registry(list(documents.items()), draft=jsonschema_rs.Draft202012)

    def compiled(schema: Schema) -> Judge:
        return jsonschema_rs.Draft202012Validator(schema, registry=registry, offline=True).is_valid

    return compiled


def by_validators(documents: dict[str, Any]) -> Callable[[Schema], Judge]:
    """The gateway's validators, given a schema as it stands."""
    validators = Validators(documents)
    return lambda schema: validators.compile(schema).is_valid


def by_contract(version: str, components: dict[str, Schema] | None = None) -> Callable[[Schema], Judge]:
    """The gateway's whole way: the schema is a component of a contract, is checked, rewritten for one
    direction, bundled, and compiled by the gateway's validators. Raises Refused."""

    def compiled(schema: Schema) -> Judge:
        schemas = {"Case": schema, **(components or {})}
        document = {
            "openapi": version,
            "info": {"title": "Case", "version": "1"},
            "paths": {},
            "components": {"schemas": {name: _moved(one) for name, one in schemas.items()}},
        }
        report = Report()
        entry, findings = parse(json.dumps(document), "case.json")
        if entry is None:
            raise Refused(tuple(finding.rule for finding in findings))
        references = References(entry, lambda _: None, report)
        check_cycles(references, report)
        bundle = SchemaBundle(references, "urn:case", "request", report)
        node = entry.at("/components/schemas/Case")
        assert node is not None
        inline = bundle.inline(node)
        resource = bundle.resource()
        check_schemas(references, report)
        if errors := sorted({finding.rule for finding in report.findings if finding.severity == "error"}):
            raise Refused(tuple(errors))
        return _judge(Validators({"urn:case": resource}).check(inline))

    return compiled


def _judge(check: Check) -> Judge:
    """By the validator. What is read by types has to be as it says, in each case in which it is cleared."""
    check.read_by_types()
    reader = check.reader

    def judge(value: Any) -> bool:
        valid = check.is_valid(value)
        if reader is not None:
            read = reader.read(json.dumps(value).encode())
            assert read is MISSED or (valid and repr(read) == repr(value))
        return valid

    return judge


def _moved(schema: Any) -> Any:
    """The schema with the references to its own root leading to where it stands in the contract."""
    if isinstance(schema, list):
        return [_moved(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: value if key in _VALUES else _moved(value) for key, value in schema.items()}
    reference = schema.get("$ref")
    own = isinstance(reference, str) and (reference == "#" or reference.startswith("#/"))
    if own and not reference.startswith("#/components/"):
        result["$ref"] = _AT + reference[1:]
    return result
