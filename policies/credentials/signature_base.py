"""What an HTTP message signature is over (RFC 9421 §2): the components that it covers, each with its value, and
its own parameters.

What a client covers is read from `Signature-Input`, and written again in the one canonical form; values are the
request's as it reached the gateway, under the URL by which clients know it. Components that can mean two things
(`@request-target`, and the parameters `sf`, `key`, `bs`, `req`, `tr`) are not supported: a request that needs them
is refused, never half checked.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

import http_sf

_FIELD_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_LONGEST: Final = 4096
"""Bytes of one of the two fields."""
_MEMBERS: Final = 4
_COMPONENTS: Final = 32
_PORTS: Final = {"http": 80, "https": 443}


class SignatureFault(Exception):
    """The signature is not acceptable; the message says why and holds nothing of the request."""


@dataclass(frozen=True, slots=True)
class SignatureInput:
    """One signature's covered components, in order, and its parameters; `text` is both, serialised."""

    label: str
    components: tuple[tuple[str, Mapping[str, Any]], ...]
    parameters: Mapping[str, Any]
    text: str

    @property
    def covered(self) -> frozenset[str]:
        """The names of components that are covered as a whole."""
        return frozenset(name for name, parameters in self.components if not parameters)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What of a request can be covered. `url` is the URL that the client asked for; names of `fields` are in lower
    case, and of a field that came more than once the values are joined by `, `."""

    method: str
    url: str
    fields: Mapping[bytes, bytes]


def read_inputs(field: bytes) -> tuple[SignatureInput, ...]:
    """The members of a `Signature-Input` field (RFC 9421 §4.1). Raises SignatureFault."""
    return tuple(_input(label, member) for label, member in dictionary(field).items())


def read_signature(field: bytes, label: str) -> bytes:
    """The signature of that label in a `Signature` field (§4.2). Raises SignatureFault."""
    member = dictionary(field).get(label)
    if not isinstance(member, tuple) or not isinstance(member[0], bytes):
        raise SignatureFault("there is no signature of that label")
    return member[0]


def signature_base(request: SignedRequest, signature: SignatureInput) -> bytes:
    """The signature base (§2.5). Raises SignatureFault for a component that the request does not have."""
    lines = [
        f"{http_sf.ser((name, dict(parameters)))}: {_value(request, name, parameters)}"
        for name, parameters in signature.components
    ]
    return "\n".join([*lines, f'"@signature-params": {signature.text}']).encode("ascii")


def dictionary(field: bytes) -> dict[str, Any]:
    """A structured field that is a dictionary (RFC 9651 §3.2), each key once. Raises SignatureFault."""
    if len(field) > _LONGEST:
        raise SignatureFault("a field of it is too long")
    try:
        members = http_sf.parse(field, tltype="dictionary", on_duplicate_key=_twice)
    except (http_sf.StructuredFieldError, ValueError):
        raise SignatureFault("a field of it is no dictionary") from None
    if not isinstance(members, dict) or not 0 < len(members) <= _MEMBERS:
        raise SignatureFault("a field of it has no member, or too many")
    return members


def _twice(key: str, _context: str) -> None:
    raise SignatureFault("a field of it has a key or a parameter twice")


def _input(label: str, member: Any) -> SignatureInput:
    if not isinstance(member, tuple) or not isinstance(member[0], list):
        raise SignatureFault("it is no list of components")
    items, parameters = member
    if len(items) > _COMPONENTS:
        raise SignatureFault("it covers too many components")
    components = tuple(_component(item) for item in items)
    identifiers = [(name, tuple(parameters.items())) for name, parameters in components]
    if len(set(identifiers)) != len(identifiers):
        raise SignatureFault("it covers a component twice")
    return SignatureInput(label, components, parameters, http_sf.ser([member]))


def _component(item: Any) -> tuple[str, Mapping[str, Any]]:
    name, parameters = item
    if type(name) is not str:
        raise SignatureFault("it covers something that is no component")
    if name == "@query-param":
        if set(parameters) == {"name"} and type(parameters["name"]) is str:
            return name, parameters
    elif not parameters and (name in _DERIVED or _FIELD_NAME.fullmatch(name)):
        return name, parameters
    raise SignatureFault("it covers a component that is not supported")


def _value(request: SignedRequest, name: str, parameters: Mapping[str, Any]) -> str:
    if name == "@query-param":
        return _query_parameter(request, parameters["name"])
    derive = _DERIVED.get(name)
    value = _field(request, name) if derive is None else derive(request)
    if not value.isascii():
        raise SignatureFault("it covers a value that is not ASCII")
    return value


def _field(request: SignedRequest, name: str) -> str:
    """§2.1. That values are stripped and joined is the listener's doing."""
    value = request.fields.get(name.encode())
    if value is None:
        raise SignatureFault("it covers a field that the request does not have")
    return value.decode("latin-1").strip(" \t")


def _authority(request: SignedRequest) -> str:
    """§2.2.3: in lower case, without the scheme's default port."""
    parts = urlsplit(request.url)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return shown if parts.port in (None, _PORTS.get(parts.scheme)) else f"{shown}:{parts.port}"


def _query_parameter(request: SignedRequest, name: str) -> str:
    """§2.2.8: read as a form, and encoded anew; one that stands there twice is none."""
    pairs = parse_qsl(urlsplit(request.url).query, keep_blank_values=True, errors="strict")
    values = [value for key, value in pairs if _form_encoded(key) == name]
    if len(values) != 1:
        raise SignatureFault("it covers a parameter that the query does not have once")
    return _form_encoded(values[0])


def _form_encoded(text: str) -> str:
    return quote(text, safe="*-._").replace("~", "%7E")


_DERIVED: Final[Mapping[str, Callable[[SignedRequest], str]]] = {
    "@method": lambda request: request.method,
    "@target-uri": lambda request: request.url,
    "@authority": _authority,
    "@scheme": lambda request: urlsplit(request.url).scheme,
    "@path": lambda request: urlsplit(request.url).path or "/",
    "@query": lambda request: "?" + urlsplit(request.url).query,
}
