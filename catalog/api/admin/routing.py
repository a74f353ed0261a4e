"""The admin API as an ASGI application: the contract says which operations there are, a table who handles them.

A request's way: target normalised → operation found → token verified → roles → head and body against the
contract → handler → answer. Nothing but the contract names a method, a path, a parameter or a role.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from catalog.api.admin.answers import Result, respond
from catalog.api.admin.auth import Authenticator, refuse_roles
from catalog.api.admin.context import AdminRequest
from catalog.api.admin.contract import BoundOperation
from catalog.api.problems import problem_response
from contracts.operations import ApiVersion
from contracts.problems import Problem, problem
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
    methods: dict[str, tuple[BoundOperation, Handler]]


class AdminApi:
    """Serves the operations of the contract that have a handler."""

    def __init__(self, version: ApiVersion, routes: Iterable[AdminRoute], authenticator: Authenticator) -> None:
        """Raises KeyError for a route whose operation is not in the contract, ValueError for two of one."""
        self.base_path = version.base_path
        self._authenticator = authenticator
        operations = {operation.id: operation for operation in version.operations}
        paths: dict[str, _Path] = {}
        for route in routes:
            operation = operations[route.operation_id]
            path = paths.setdefault(operation.path, _Path(_pattern(operation.path), {}))
            if operation.method in path.methods:
                raise ValueError(f"{route.operation_id} has two handlers")
            path.methods[operation.method] = (BoundOperation(version, operation), route.handler)
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
        operation, handler, path_values, query = found
        headers = request.headers.raw
        principal = await self._authenticator.authenticate(
            value for name, value in headers if name == b"authorization"
        )
        if isinstance(principal, Problem):
            return principal
        refusal = refuse_roles(principal, operation.operation.scopes)
        if refusal is not None:
            return refusal
        exchange = operation.exchange(headers, query, path_values)
        refusal = operation.refuse_head(exchange)
        if refusal is not None:
            return refusal
        body = await _read(request, operation.operation.max_body)
        if isinstance(body, Problem):
            return body
        decoded = operation.decode(exchange, body)
        if isinstance(decoded, Problem):
            return decoded
        result = await handler(
            AdminRequest(
                principal=principal,
                request_id=request_id,
                path=decoded.parameters.get("path", {}),
                query=decoded.parameters.get("query", {}),
                header=decoded.parameters.get("header", {}),
                body=decoded.body,
            )
        )
        return respond(result, self.base_path, request_id)

    def _find(self, request: Request) -> tuple[BoundOperation, Handler, tuple[str, ...], bytes] | Problem:
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
                return *bound, match.groups(), target[1]
            allowed = (("Allow", ", ".join(sorted(each.methods))),)
            return problem("method-not-allowed", "The path exists, but not with this method.", headers=allowed)
        return problem("route-not-found", "The admin API has nothing at this path.")


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
