"""The admin API's own contract: compiled as any other, and held against each request before a handler runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from contracts.documents.document import Document, load
from contracts.estate_files import UpstreamEntry
from contracts.findings import Finding, has_errors
from contracts.openapi.compile import VersionContext, compile_version
from contracts.operations import ApiVersion, Operation
from contracts.problems import Problem
from policies import body_limits, request_content, request_schema
from policies.exchange import Exchange, Header
from policies.validation.settings import RequestContentConfig, RequestSchemaConfig
from policies.verdict import Deny, Stage

CONTRACT: Final = Path(__file__).parent / "contract"
ROOT: Final = "openapi.yaml"

_UPSTREAM: Final = "catalog"


class ContractError(Exception):
    """The contract in the package does not compile; the message has every finding."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A request's parameters by location and name, and its JSON body, as the contract types them."""

    parameters: Mapping[str, Mapping[str, Any]]
    body: Any


class BoundOperation:
    """An operation with the policies that judge its requests: one the head, the others once it is read."""

    __slots__ = ("_head", "_whole", "operation")

    def __init__(self, version: ApiVersion, operation: Operation) -> None:
        self.operation = operation
        self._head: Stage = body_limits.bind(version, operation)
        content = request_content.bind(RequestContentConfig(), version, operation)
        schema = request_schema.bind(RequestSchemaConfig(), version, operation)
        self._whole: tuple[Stage, ...] = (schema,) if content is None else (content, schema)

    def exchange(self, headers: list[Header], query: bytes, path_values: tuple[str, ...]) -> Exchange:
        """The request as policies see it."""
        fields: dict[bytes, bytes] = {}
        for name, value in headers:
            fields[name] = fields[name] + b", " + value if name in fields else value
        exchange = Exchange(self.operation.method, b"", headers, fields, "")
        exchange.query = query
        exchange.path_values = path_values
        return exchange

    def refuse_head(self, exchange: Exchange) -> Problem | None:
        """What is wrong before any of the body is read."""
        verdict = self._head(exchange)
        return verdict.problem if isinstance(verdict, Deny) else None

    def decode(self, exchange: Exchange, body: bytes) -> Decoded | Problem:
        """What the request says, or all that is wrong with it."""
        exchange.body = body
        for stage in self._whole:
            verdict = stage(exchange)
            if isinstance(verdict, Deny):
                return verdict.problem
        return Decoded(exchange.parameters, exchange.body_value)


@lru_cache(1)
def admin_contract() -> ApiVersion:
    """The contract that ships with this version, compiled once in a process. Raises ContractError.

    That it is valid OpenAPI the tests found out: to do so again takes seconds, at each start of a catalog.
    """
    return compile_contract(CONTRACT, known_valid=True)


def compile_contract(directory: Path, *, known_valid: bool = False) -> ApiVersion:
    """Compiles the contract whose root and parts are in `directory`. Raises ContractError."""
    findings: list[Finding] = []
    documents: dict[str, Document | None] = {}

    def read(name: str) -> Document | None:
        if name not in documents:
            documents[name], found = load(directory / name, name)
            findings.extend(found)
        return documents[name]

    root = read(ROOT)
    context = VersionContext(
        api="admin",
        version="v1",
        title="Admin API",
        owner=_UPSTREAM,
        upstream=_UPSTREAM,
        upstreams={_UPSTREAM: UpstreamEntry(url="http://127.0.0.1")},
        load=read,
        known_valid=known_valid,
    )
    compiled, more = (None, []) if root is None else compile_version(root, context)
    findings += more
    if compiled is None or has_errors(findings):
        raise ContractError("\n".join(map(str, sorted(set(findings)))))
    return compiled
