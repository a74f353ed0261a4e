"""Parameters of an authorisation request (RFC 6749 §3.1), read strictly from a query or a form."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes, urlencode

LONGEST: Final = 3_000
"""Bytes of a request in a URL: it has to come back whole from the log-in. What is longer is pushed (RFC 9126)."""

_MOST: Final = 100
_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_REPEATABLE: Final = frozenset({"audience", "resource"})  # RFC 8693 §2.1, RFC 8707 §2


class ParameterFault(ValueError):
    """What is given is no list of parameters; the message says why and repeats nothing of it."""


@dataclass(frozen=True, slots=True, repr=False)  # there are secrets among them
class Parameters:
    """Parameters by name, in their order; none but `resource` has more than one value."""

    values: Mapping[str, tuple[str, ...]]

    def one(self, name: str) -> str | None:
        """The value of a parameter that is there."""
        found = self.values.get(name)
        return None if found is None else found[0]

    def all(self, name: str) -> tuple[str, ...]:
        """The values of one that may be repeated."""
        return self.values.get(name, ())

    def without(self, *names: str) -> "Parameters":
        """The others."""
        return Parameters({name: each for name, each in self.values.items() if name not in names})

    def pairs(self) -> list[tuple[str, str]]:
        """Name and value, again and again."""
        return [(name, value) for name, values in self.values.items() for value in values]

    def query(self) -> str:
        """As a query that says the same."""
        return urlencode(self.pairs())


def parameters_of(pairs: Iterable[tuple[str, str]]) -> Parameters:
    """Raises ParameterFault for one that is repeated. Those without a value are as if they were not there
    (RFC 6749 §3.1)."""
    values: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        if not value:
            continue
        if name in values and name not in _REPEATABLE:
            raise ParameterFault("A parameter is repeated.")
        values[name] = (*values.get(name, ()), value)
    return Parameters(values)


def read_parameters(data: bytes) -> Parameters:
    """The parameters of a query or a form (RFC 6749 appendix B). Raises ParameterFault."""
    pairs = data.split(b"&") if data else []
    if len(pairs) > _MOST:
        raise ParameterFault("There are too many parameters.")
    read = []
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        read.append((_decoded(name), _decoded(value)))
    return parameters_of(read)


def _decoded(text: bytes) -> str:
    if _BAD_ESCAPE.search(text):
        raise ParameterFault("A percent-escape is malformed.")
    try:
        decoded = unquote_to_bytes(text.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise ParameterFault("A parameter is not UTF-8.") from None
    if "\0" in decoded:
        raise ParameterFault("A parameter has a character that no value has.")
    return decoded
