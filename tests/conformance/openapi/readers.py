"""The two readers of one contract: our stages over its compiled form, and openapi-core over its text."""

import datetime
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openapi_core import OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from contracts.documents.document import parse
from contracts.estate_files import UpstreamEntry
from contracts.openapi.compile import VersionContext, compile_version
from contracts.operations import ApiVersion, Operation
from policies import body_limits, request_schema
from policies.exchange import Exchange
from policies.request_schema import RequestSchemaConfig
from policies.verdict import ALLOW, Deny
from tests.conformance.openapi.corpus import Case

CONTRACT = (Path(__file__).parent / "styles.openapi.yaml").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Outcome:
    accepted: bool
    values: dict[str, Any] = field(default_factory=dict)
    why: str = ""


def _compiled() -> ApiVersion:
    document, findings = parse(CONTRACT, "apis/styles/v1.openapi.yaml")
    assert document is not None, findings
    upstreams = {"here": UpstreamEntry(url="http://127.0.0.1:9")}
    context = VersionContext("styles", "v1", "Styles", "team", "here", upstreams, lambda file: None)
    version, findings = compile_version(document, context)
    assert version is not None, [finding for finding in findings if finding.severity == "error"]
    return version


class Ours:
    def __init__(self) -> None:
        version = _compiled()
        self.operations: dict[str, Operation] = {operation.id: operation for operation in version.operations}
        self._stages = {
            operation.id: (
                body_limits.bind(version, operation),
                request_schema.bind(RequestSchemaConfig(), version, operation),
            )
            for operation in version.operations
        }

    def __call__(self, case: Case) -> Outcome:
        operation = self.operations[case.operation]
        sent = [(name.encode(), value.encode("utf-8")) for name, value in case.headers]
        if case.body is not None:
            sent.append((b"content-length", str(len(case.body)).encode()))
        exchange = Exchange(
            operation.method, b"", sent, {name.lower(): value for name, value in sent}, "192.0.2.1"
        )
        exchange.query = case.query.encode()
        exchange.path_values = (case.value,) if "{" in operation.path else ()
        for stage in self._stages[case.operation]:
            verdict = stage(exchange)
            if isinstance(verdict, Deny):
                return Outcome(False, why=f"{verdict.problem.detail} {verdict.problem.extensions}")
            assert verdict is ALLOW
            exchange.body = case.body
        return Outcome(True, {**exchange.parameters, "body": exchange.body_value})


class Theirs:
    def __init__(self, ours: Ours) -> None:
        document, _ = parse(CONTRACT, "styles")
        assert document is not None
        self._openapi = OpenAPI.from_dict(document.value)
        self._operations = ours.operations

    def __call__(self, case: Case) -> Outcome:
        operation = self._operations[case.operation]
        builder = EnvironBuilder(
            path="/styles" + operation.path.replace("{x}", case.value),
            method=operation.method,
            query_string=case.query,
            headers=list(case.headers),
            data=case.body,
            content_type=dict(case.headers).get("Content-Type"),
        )
        request = WerkzeugOpenAPIRequest(Request(builder.get_environ()))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                result = self._openapi.unmarshal_request(request)
        except (OverflowError, ValueError) as error:
            # float() makes an infinity of 1E400, and takes NaN; either breaks the validator.
            return Outcome(False, why=repr(error))
        if result.errors:
            return Outcome(False, why="; ".join(f"{error!r} <- {error.__cause__!r}" for error in result.errors))
        parameters = result.parameters
        values = {name: dict(getattr(parameters, name)) for name in ("path", "query", "header")}
        return Outcome(True, _plain({**values, "body": result.body}))


def _plain(value: Any) -> Any:
    """Without the types that openapi-core makes of formats, and in which JSON has no say."""
    match value:
        case dict():
            return {key: _plain(member) for key, member in value.items()}
        case list():
            return [_plain(member) for member in value]
        case datetime.date():
            return value.isoformat()
        case _:
            return value
