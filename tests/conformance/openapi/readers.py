"""The two readers of one contract: our stages over its compiled form, and openapi-core over its text."""

import datetime
import uuid
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from openapi_core import OpenAPI
from openapi_core.contrib.werkzeug import WerkzeugOpenAPIRequest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from contracts.documents.document import parse
from contracts.estate_files import UpstreamEntry
from contracts.openapi.compile import VersionContext, compile_version
from contracts.operations import ApiVersion, Operation
from policies import body_limits, request_content, request_schema
from policies.exchange import Exchange
from policies.validation.settings import RequestContentConfig, RequestSchemaConfig
from policies.verdict import ALLOW, Deny, Stage
from tests.conformance.openapi.corpus import Case

CONTRACT = (Path(__file__).parent / "styles.openapi.yaml").read_text(encoding="utf-8")


_NOTHING_READ: dict[str, Any] = {"path": {}, "query": {}, "header": {}}


@dataclass(frozen=True)
class Outcome:
    accepted: bool
    values: dict[str, Any] = field(default_factory=dict)
    why: str = ""


def _compiled(contract: str) -> ApiVersion:
    document, findings = parse(contract, "apis/styles/v1.openapi.yaml")
    assert document is not None, findings
    upstreams = {"here": UpstreamEntry(url="http://127.0.0.1:9")}
    context = VersionContext("styles", "v1", "Styles", "team", "here", upstreams, lambda file: None)
    version, findings = compile_version(document, context)
    assert version is not None, [finding for finding in findings if finding.severity == "error"]
    return version


class Ours:
    def __init__(self, contract: str = CONTRACT) -> None:
        version = _compiled(contract)
        self.contract = contract
        self.operations: dict[str, Operation] = {operation.id: operation for operation in version.operations}
        self._stages = {operation.id: _stages(version, operation) for operation in version.operations}

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


def _stages(version: ApiVersion, operation: Operation) -> list[Stage]:
    """Those that judge a request by its contract, in their order."""
    stages = (
        body_limits.bind(version, operation),
        request_content.bind(RequestContentConfig(), version, operation),
        request_schema.bind(RequestSchemaConfig(), version, operation),
    )
    return [stage for stage in stages if stage is not None]


class Theirs:
    def __init__(self, ours: Ours) -> None:
        document, _ = parse(ours.contract, "styles")
        assert document is not None
        self._openapi = OpenAPI.from_dict(document.value)
        self._operations = ours.operations

    def __call__(self, case: Case) -> Outcome:
        operation = self._operations[case.operation]
        builder = EnvironBuilder(
            path="/styles" + operation.path.replace("{x}", "x"),
            method=operation.method,
            query_string=case.query,
            headers=list(case.headers),
            data=case.body,
            content_type=dict(case.headers).get("Content-Type"),
        )
        request = WerkzeugOpenAPIRequest(Request(builder.get_environ()))
        request.parameters.path = self._path(operation, case)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if "json" in dict(case.headers).get("Content-Type", ""):
                    # The verdict alone: in unmarshalling it fills in defaults, and trips over `items: false`.
                    errors = list(self._openapi.iter_request_errors(request))
                    return Outcome(not errors, _NOTHING_READ, _told(errors))
                result = self._openapi.unmarshal_request(request)
        except (OverflowError, ValueError) as error:
            # float() makes an infinity of 1E400, and takes NaN; either breaks the validator.
            return Outcome(False, why=repr(error))
        if result.errors:
            return Outcome(False, why=_told(result.errors))
        parameters = result.parameters
        values = {name: dict(getattr(parameters, name)) for name in ("path", "query", "header", "cookie")}
        return Outcome(True, _plain({**values, "body": result.body}))

    @staticmethod
    def _path(operation: Operation, case: Case) -> dict[str, str]:
        """The path parameter under the name by which its style looks for it: as RFC 6570 writes templates
        (`{;x*}`), and as openapi-core's own reading of paths never calls it."""
        found = {}
        for parameter in operation.parameters:
            if parameter.location == "path":
                prefix = {"label": ".", "matrix": ";"}.get(parameter.style, "")
                suffix = "*" if prefix and parameter.explode else ""
                found[prefix + parameter.name + suffix] = unquote(case.value)
        return found


def _told(errors: Iterable[Exception]) -> str:
    return "; ".join(f"{error!r} <- {error.__cause__!r}" for error in errors)


def _plain(value: Any) -> Any:
    """Without the types that openapi-core makes of formats, and in which JSON has no say."""
    match value:
        case dict():
            return {key: _plain(member) for key, member in value.items()}
        case list():
            return [_plain(member) for member in value]
        case datetime.date():
            return value.isoformat()
        case uuid.UUID():
            return str(value)
        case _:
            return value
