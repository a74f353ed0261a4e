"""The parameters of an operation, read from path, query, header and cookie as the contract serialises them.

All that depends on the contract is worked out when the operation is bound. Names in a query that the contract
does not have are refused or ignored as the operation says; a parameter that is no array and comes twice is
refused, because the upstream might read the other one.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from contracts.operations import Operation
from policies.exchange import Exchange, Violation
from policies.validation import parameter_styles as styles
from policies.validation.parameter_slot import Slot, bind_slot
from policies.validation.parameter_text import NOT_UTF8, Rejected, plain_integer
from policies.validation.query_parameters import QueryReader
from policies.validation.validators import Validators

# OAS 3.1 §4.8.12.1: these are described elsewhere, and a parameter of that name "SHALL be ignored".
RESERVED_HEADERS: Final = frozenset({"accept", "content-type", "authorization"})

_NONE: Final[Mapping[str, Any]] = {}

_TEMPLATE_NAME: Final = re.compile(r"\{([^{}]+)\}")


class ParameterReader:
    """Reads and checks all parameters of one operation."""

    __slots__ = ("_cookies", "_headers", "_path", "_query")

    def __init__(
        self, operation: Operation, validators: Validators, *, refuse_unknown: bool | None = None
    ) -> None:
        """`refuse_unknown` is about names in the query that the contract does not have; None: as the operation
        says."""
        paths: dict[str, Slot] = {}
        query: list[tuple[Slot, str, bool, bool]] = []
        headers: list[tuple[bytes, bool, Slot]] = []
        cookies: list[Slot] = []
        for parameter in operation.parameters:
            slot = bind_slot(parameter, validators)
            match parameter.location:
                case "path":
                    paths[parameter.name] = slot
                case "query":
                    style = "content" if parameter.content_type else parameter.style
                    query.append((slot, style, parameter.explode, parameter.allow_empty))
                case "header" if parameter.name.lower() not in RESERVED_HEADERS:
                    listed = styles.is_array(slot.shape) or styles.is_object(slot.shape)
                    headers.append((parameter.name.lower().encode("ascii"), listed, slot))
                case "cookie":
                    cookies.append(slot)
                case _:
                    pass
        # The router gives the values in the template's order.
        names: list[str] = _TEMPLATE_NAME.findall(operation.path)
        self._path = tuple((index, name, paths[name]) for index, name in enumerate(names) if name in paths)
        self._query = QueryReader(
            query, operation.unknown_query == "refuse" if refuse_unknown is None else refuse_unknown
        )
        self._headers = tuple(headers)
        self._cookies = tuple(cookies)

    def __call__(self, exchange: Exchange) -> list[Violation]:
        """Sets `exchange.parameters`, and says what is wrong with it."""
        violations: list[Violation] = []
        path: dict[str, Any] = {}
        values = exchange.path_values
        for index, name, slot in self._path:
            raw = values[index]
            value = plain_integer(raw, slot.low, slot.high)
            if value is not None:
                path[name] = value
                continue
            path[name] = other = slot.read(raw)
            check = slot.check
            if type(other) is Rejected or (check is not None and not check.is_valid(other)):
                violations += slot.judge(other)
        query = self._query(exchange.query, violations)
        headers = self._read_headers(exchange, violations) if self._headers else _NONE
        parameters: dict[str, Mapping[str, Any]] = {"path": path, "query": query, "header": headers}
        if self._cookies:
            parameters["cookie"] = self._read_cookies(exchange, violations)
        if violations:
            # Where only a report comes of them, nobody is to meet what is no value.
            parameters = {location: _readable(each) for location, each in parameters.items()}
        exchange.parameters = parameters
        return violations

    def known_query(self, query: bytes) -> bytes:
        """The query without the pairs whose names the contract does not have."""
        return self._query.known(query)

    def _read_headers(self, exchange: Exchange, violations: list[Violation]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        fields = exchange.fields
        for key, listed, slot in self._headers:
            raw = fields.get(key)
            if raw is None:
                if slot.required:
                    violations.append(slot.missing())
                continue
            # Several lines of one name are one list (RFC 9110 §5.3), but only a list may be written so.
            if not listed and b"," in raw and sum(name.lower() == key for name, _ in exchange.headers) > 1:
                violations.append(slot.repeated())
                continue
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError:
                violations.append(slot.rejected(Rejected(NOT_UTF8.rule, "must be UTF-8")))
                continue
            values[slot.name] = value = slot.read(text)
            violations += slot.judge(value)
        return values

    def _read_cookies(self, exchange: Exchange, violations: list[Violation]) -> dict[str, Any]:
        found: dict[str, list[str]] = {}
        try:
            line = exchange.fields.get(b"cookie", b"").decode("utf-8")
        except UnicodeDecodeError:
            violations.append(Violation("cookie", "", NOT_UTF8.rule, "must be UTF-8"))
            return {}
        for pair in line.split(";"):
            name, equals, raw = pair.strip(" \t").partition("=")
            if equals:
                found.setdefault(name, []).append(raw)
        values: dict[str, Any] = {}
        for slot in self._cookies:
            raws = found.get(slot.name, [])
            if len(raws) > 1:
                violations.append(slot.repeated())
            elif raws:
                values[slot.name] = value = slot.read(raws[0])
                violations += slot.judge(value)
            elif slot.required:
                violations.append(slot.missing())
        return values


def _readable(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in values.items() if type(value) is not Rejected}
