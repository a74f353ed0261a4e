"""A request of one version as one of another."""

from collections.abc import Mapping as AnyMapping
from typing import Any, Final

from contracts.operations import AdaptedTo, ApiVersion, OdooBackend, Operation, Parameter
from contracts.problems import problem
from policies.adapting.names import renaming
from policies.exchange import Exchange, Forward, Header
from policies.field_names import DIGESTS
from policies.mapping.exact_json import NotJsonError, read_exact, write_exact
from policies.mapping.mapping import Mapping, MappingError, copied
from policies.parameter_writing import UnwritableError, write_header, write_path, write_query
from policies.validation.media_types import is_json, parse_content_type
from policies.verdict import ALLOW, Deny, Verdict

POLICY: Final = "version-adapter"

PLACES: Final = ("path", "query", "header", "body")
"""The members of a request as one JSON object; those but the last hold parameters by name."""

_CONTENT_TYPE: Final = frozenset({b"content-type"})
_JSON: Final[Header] = (b"content-type", b"application/json")


class RequestAdapter:
    """Sets `exchange.forward`. Reads the parameters and the body that a `forward` has already, or the exchange's
    own."""

    __slots__ = ("_mapping", "_odoo", "_own_fields", "_parameters", "_rename", "_target")

    def __init__(self, version: ApiVersion, operation: Operation, target: AdaptedTo, mapping: Mapping) -> None:
        self._target = target
        self._mapping = mapping
        self._odoo = isinstance(operation.backend, OdooBackend)
        self._parameters = {
            place: {each.name: each for each in target.parameters if each.location == place} for place in PLACES
        }
        self._own_fields = frozenset(
            each.name.lower().encode("ascii") for each in operation.parameters if each.location == "header"
        )
        self._rename = renaming(version.choice, version.version, target.version)

    def check(self, exchange: Exchange) -> Verdict:
        forward = exchange.forward
        found = exchange.parameters if forward is None or forward.parameters is None else forward.parameters
        request: dict[str, Any] = {place: copied(dict(found.get(place, {}))) for place in PLACES[:-1]}
        body = exchange.body if forward is None or forward.body is None else forward.body
        has_json = self._take_body(request, exchange, body)
        try:
            self._mapping.apply(request)
            exchange.forward = self._forward(exchange, request, had_json=has_json)
        except (MappingError, UnwritableError) as error:
            return Deny(POLICY, problem("request-not-adaptable", f"{error}."))
        return ALLOW

    def _take_body(self, request: dict[str, Any], exchange: Exchange, body: bytes | None) -> bool:
        """Whether there is a JSON body; it is only looked at where something may be changed."""
        if not body or not _is_json(exchange):
            return False
        if self._odoo:
            forward = exchange.forward
            value = exchange.body_value if forward is None or forward.parameters is None else forward.value
            request["body"] = copied(value)
        elif self._mapping:
            try:
                request["body"] = read_exact(body)
            except NotJsonError:  # it was not checked: the contract has no such body
                return False
        return True

    def _forward(self, exchange: Exchange, request: dict[str, Any], *, had_json: bool) -> Forward:
        before, target = exchange.forward, self._target
        path = write_path(target.path, self._parameters["path"], request["path"])
        headers = exchange.headers if before is None else before.headers
        # Of a GET only the head is asked for where the client asked for no more.
        method = "HEAD" if exchange.method == "HEAD" and target.method == "GET" else target.method
        forward = Forward(method, path, self._query(request["query"]), self._headers(headers, request))
        if before is not None:
            forward.body, forward.upstream, forward.fall_back = before.body, before.upstream, before.fall_back
        if self._odoo:
            forward.parameters = {place: request[place] for place in PLACES[:-1]}
            forward.value = request.get("body")
        elif self._mapping and "body" in request:
            forward.body = write_exact(request["body"])
            forward.headers = _without(forward.headers, DIGESTS)
            if not had_json:
                forward.headers = [*_without(forward.headers, _CONTENT_TYPE), _JSON]
        elif self._mapping and had_json:
            forward.body = b""
            forward.headers = _without(forward.headers, DIGESTS | _CONTENT_TYPE)
        return forward

    def _query(self, values: AnyMapping[str, Any]) -> bytes:
        known: AnyMapping[str, Parameter] = self._parameters["query"]
        pairs = [
            pair for name, value in values.items() if name in known for pair in write_query(known[name], value)
        ]
        return "&".join(pairs).encode("ascii")

    def _headers(self, headers: list[Header], request: AnyMapping[str, Any]) -> list[Header]:
        known: AnyMapping[str, Parameter] = self._parameters["header"]
        passing = [self._rename(header) for header in headers if header[0].lower() not in self._own_fields]
        for name, value in request["header"].items():
            text = write_header(known[name], value) if name in known else None
            if text is not None:
                passing.append((name.encode("ascii"), text))
        return passing


def _is_json(exchange: Exchange) -> bool:
    content_type = parse_content_type(exchange.fields.get(b"content-type", b""))
    return content_type is not None and is_json(content_type.essence)


def _without(headers: list[Header], names: frozenset[bytes]) -> list[Header]:
    return [header for header in headers if header[0].lower() not in names]
