"""The admin API as an ASGI application: the contract says which operations there are, a table who handles them.

A request's way: target normalised → operation found → token verified → roles → head and body against the
contract → handler → answer. Nothing but the contract names a method, a path, a parameter or a role.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import quote, urlencode

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from catalog.api.admin.answers import Result, respond
from catalog.api.admin.auth import Authenticator, refuse_roles
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.contract import BoundOperation
from catalog.api.problems import problem_response
from catalog.people.principal import Principal
from contracts.openapi.paths import parameters_of
from contracts.operations import ApiVersion
from contracts.problems import Problem, problem
from policies.exchange import Exchange
from policies.target import normalise

Handler: TypeAlias = Callable[[AdminRequest], Awaitable[Result]]

_PARAMETER: Final = re.compile(r"\{[^{}]+\}")


@dataclass(frozen=True, slots=True)
class AdminRoute:
    """Who handles an operation, by the contract's `operationId`."""

    operation_id: str
    handler: Handler


@dataclass(frozen=True, slots=True)
class _Path:
    """A path of the contract: its pattern, whose groups are the raw path parameters, and its operations."""

    pattern: re.Pattern[str]
    methods: dict[str, "_Bound"]


@dataclass(frozen=True, slots=True)
class _Bound:
    """An operation and who handles it."""

    operation: BoundOperation
    handler: Handler


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation that is made in this process. `path` are its path parameters, decoded; `query` may
    name a parameter several times; `body` is a JSON value."""

    operation_id: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


class AdminApi:
    """Serves the operations of the contract that have a handler."""

    def __init__(self, version: ApiVersion, routes: Iterable[AdminRoute], authenticator: Authenticator) -> None:
        """Raises KeyError for a route whose operation is not in the contract, ValueError for two of one."""
        self.base_path = version.base_path
        self._authenticator = authenticator
        operations = {operation.id: operation for operation in version.operations}
        paths: dict[str, _Path] = {}
        self._by_id: dict[str, _Bound] = {}
        for route in routes:
            operation = operations[route.operation_id]
            path = paths.setdefault(operation.path, _Path(_pattern(operation.path), {}))
            if operation.method in path.methods:
                raise ValueError(f"{route.operation_id} has two handlers")
            bound = _Bound(BoundOperation(version, operation), route.handler)
            path.methods[operation.method] = self._by_id[operation.id] = bound
        # A fixed segment wins over a parameter (OAS 3.1 §4.8.8.2), at the first place where two paths differ.
        self._paths = [paths[template] for template in sorted(paths, key=lambda path: path.replace("{", "~"))]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        identity: str = request.state.request_id
        answer = await self._answer(request, identity)
        response = problem_response(answer, identity) if isinstance(answer, Problem) else answer
        await response(scope, receive, send)

    async def _answer(self, request: Request, request_id: str) -> Response | Problem:
        found = self._find(request)
        if isinstance(found, Problem):
            return found
        bound, path_values, query = found
        headers = request.headers.raw
        principal = await self._authenticator.authenticate(
            value for name, value in headers if name == b"authorization"
        )
        if isinstance(principal, Problem):
            return principal
        exchange = bound.operation.exchange(headers, query, path_values)
        refusal = _refuse_head(principal, bound.operation, exchange)
        if refusal is not None:
            return refusal
        body = await _read(request, bound.operation.operation.max_body)
        if isinstance(body, Problem):
            return body
        result = await _handle(bound, exchange, body, principal, request_id)
        return result if isinstance(result, Problem) else respond(result, self.base_path, request_id)

    async def perform(self, call: "Call", principal: Principal, request_id: str) -> Result | Problem:
        """The same for a page of ours that has found out who acts: roles, contract and handler, without HTTP.

        Raises KeyError for an operation that has no handler.
        """
        bound = self._by_id[call.operation_id]
        operation = bound.operation.operation
        values = tuple(quote(call.path[name], safe="") for name in parameters_of(operation.path))
        headers = [(name.lower().encode(), value.encode()) for name, value in call.headers.items()]
        body = b""
        if call.body is not None:
            body = msgspec.json.encode(call.body)
            headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        exchange = bound.operation.exchange(headers, urlencode(call.query).encode(), values)
        refusal = _refuse_head(principal, bound.operation, exchange)
        return refusal or await _handle(bound, exchange, body, principal, request_id)

    def _find(self, request: Request) -> "tuple[_Bound, tuple[str, ...], bytes] | Problem":
        scope = request.scope
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        query: bytes = scope["query_string"]
        target = normalise(raw_path + b"?" + query if query else raw_path)
        if isinstance(target, Problem):
            return target
        path = target[0].removeprefix(self.base_path)
        for each in self._paths:
            match = each.pattern.fullmatch(path)
            if match is None:
                continue
            bound = each.methods.get(request.method)
            if bound is not None:
                return bound, match.groups(), target[1]
            allowed = (("Allow", ", ".join(sorted(each.methods))),)
            return problem("method-not-allowed", "The path exists, but not with this method.", headers=allowed)
        return problem("route-not-found", "The admin API has nothing at this path.")


def _refuse_head(principal: Principal, operation: BoundOperation, exchange: Exchange) -> Problem | None:
    return refuse_roles(principal, operation.operation.scopes) or operation.refuse_head(exchange)


async def _handle(
    bound: _Bound, exchange: Exchange, body: bytes, principal: Principal, request_id: str
) -> Result | Problem:
    decoded = bound.operation.decode(exchange, body)
    if isinstance(decoded, Problem):
        return decoded
    return await bound.handler(
        AdminRequest(
            principal=principal,
            request_id=request_id,
            path=decoded.parameters.get("path", {}),
            query=decoded.parameters.get("query", {}),
            header=decoded.parameters.get("header", {}),
            body=decoded.body,
        )
    )


def _pattern(template: str) -> re.Pattern[str]:
    parts = _PARAMETER.split(template)
    return re.compile("([^/]+)".join(map(re.escape, parts)))


async def _read(request: Request, maximum: int) -> bytes | Problem:
    """The body, as long as it may be: a chunked one does not say beforehand how long it is."""
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > maximum:
                return problem("body-too-large", f"The limit is {maximum} bytes.", limit=maximum)
            pieces.append(piece)
    except ClientDisconnect:
        return problem("request-timeout", "The body did not arrive whole.")
    return b"".join(pieces)
