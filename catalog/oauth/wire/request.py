"""A form that a client posts to an OAuth endpoint (RFC 6749 §3.2), read strictly: what leaves a choice is
refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from catalog.oauth.wire.errors import InvalidRequest
from catalog.oauth.wire.parameters import ParameterFault, Parameters, read_parameters

FORM: Final = "application/x-www-form-urlencoded"
_NEVER_IN_THE_URI: Final = frozenset(
    {
        "grant_type",
        "scope",
        "client_id",
        "client_secret",
        "client_assertion",
        "code",
        "refresh_token",
        "subject_token",
        "actor_token",
        "token",
    }
)


@dataclass(frozen=True, slots=True, repr=False)
class FormRequest:
    """One POST. `authorization` is the field's value or empty, `proofs` are the DPoP fields (RFC 9449 §4), and
    `certificate` is the client's of the TLS connection, in DER."""

    parameters: Parameters
    authorization: str = ""
    proofs: tuple[str, ...] = ()
    certificate: bytes | None = None

    def one(self, name: str) -> str | None:
        """A parameter's value."""
        return self.parameters.one(name)

    def needed(self, name: str) -> str:
        """A parameter's value. Raises InvalidRequest where it is missing."""
        value = self.parameters.one(name)
        if value is None:
            raise InvalidRequest(f"The parameter {name} is missing.")
        return value


def read_form(
    headers: Sequence[tuple[bytes, bytes]], query: bytes, body: bytes, certificate: bytes | None = None
) -> FormRequest:
    """`headers` have lower-case names. Raises InvalidRequest."""
    if _field(headers, b"content-type").partition(";")[0].strip().lower() != FORM:
        raise InvalidRequest(f"The Content-Type must be {FORM}.")
    try:
        parameters = read_parameters(body)
        in_the_uri = read_parameters(query).values.keys()
    except ParameterFault as fault:
        raise InvalidRequest(str(fault)) from None
    if in_the_uri & _NEVER_IN_THE_URI:
        # RFC 6749 §2.3.1: they MUST NOT be included in the request URI.
        raise InvalidRequest("Parameters belong in the body, never in the URI.")
    proofs = tuple(value.decode("latin-1") for name, value in headers if name == b"dpop")
    return FormRequest(parameters, _field(headers, b"authorization"), proofs, certificate)


def _field(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> str:
    values = [value for key, value in headers if key == name]
    if len(values) > 1:
        raise InvalidRequest(f"The header field {name.decode()} is repeated.")
    return values[0].decode("latin-1").strip() if values else ""
