"""A token request (RFC 6749 §3.2) read strictly, in the form that Authlib takes.

Authlib's own reading is lenient where the RFC is not: it takes the last of a repeated parameter and the first
of two ways to authenticate. Here both are `invalid_request`.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload

from catalog.oauth.errors import InvalidClient, InvalidRequest

FORM = "application/x-www-form-urlencoded"
_VSCHAR = re.compile(r"[\x20-\x7e]*")  # RFC 6749 appendix A: client_id and client_secret
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_MAX_PARAMETERS = 100


@dataclass(frozen=True, slots=True)
class Presented:
    """Credentials as the client presented them, and by which method."""

    method: str
    client_id: str
    secret: str = field(repr=False)


class TokenRequest(OAuth2Request):  # type: ignore[misc]
    """One POST to the token endpoint. Its constructor raises OAuth2Error for what is no token request."""

    def __init__(self, uri: str, headers: Sequence[tuple[str, str]], query: bytes, body: bytes) -> None:
        """`uri` is the endpoint's address as clients know it, `headers` have lower-case names."""
        super().__init__("POST", uri)
        if _header(headers, "content-type").partition(";")[0].strip().lower() != FORM:
            raise InvalidRequest(f"The Content-Type must be {FORM}.")
        parameters = _form(body)
        if _form(query).keys() & {"grant_type", "scope", "client_id", "client_secret"}:
            # RFC 6749 §2.3.1: they MUST NOT be included in the request URI.
            raise InvalidRequest("Parameters belong in the body, never in the URI.")
        self.payload = BasicOAuth2Payload(parameters)
        self.authorization = _header(headers, "authorization")
        if self.payload.grant_type is None:
            raise InvalidRequest("The parameter grant_type is missing.")

    def presented(self) -> Presented:
        """The client's credentials, by exactly one method (RFC 6749 §2.3). Raises OAuth2Error."""
        client_id, secret = self.payload.client_id, self.payload.data.get("client_secret")
        if not self.authorization:
            if client_id is None or secret is None:
                raise InvalidClient()
            return Presented("client_secret_post", client_id, secret)
        basic = _basic(self.authorization)
        if secret is not None:
            raise InvalidRequest("The client authenticates in more than one way.")
        if client_id is not None and client_id != basic.client_id:
            raise InvalidRequest("The parameter client_id differs from the authenticated client.")
        return basic


def _header(headers: Sequence[tuple[str, str]], name: str) -> str:
    values = [value for key, value in headers if key == name]
    if len(values) > 1:
        raise InvalidRequest(f"The header field {name} is repeated.")
    return values[0].strip() if values else ""


def _form(data: bytes) -> dict[str, str]:
    """The parameters of a form (RFC 6749 appendix B): UTF-8, none repeated, those without a value left out."""
    parameters: dict[str, str] = {}
    pairs = data.split(b"&") if data else []
    if len(pairs) > _MAX_PARAMETERS:
        raise InvalidRequest("There are too many parameters.")
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        if not value:
            continue  # RFC 6749 §3.2: sent without a value MUST be treated as if omitted
        key = _decode(name)
        if key in parameters:
            raise InvalidRequest("A parameter is repeated.")
        parameters[key] = _decode(value)
    return parameters


def _decode(text: bytes) -> str:
    if _BAD_ESCAPE.search(text):
        raise InvalidRequest("A percent-escape is malformed.")
    try:
        return unquote_to_bytes(text.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise InvalidRequest("A parameter is not UTF-8.") from None


def _basic(authorization: str) -> Presented:
    """Credentials of the Basic scheme: id and secret are form-encoded first (RFC 6749 §2.3.1)."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient()
    try:
        pair = base64.b64decode(token.strip(), validate=True)
        client_id, colon, secret = (_decode(part) for part in pair.partition(b":"))
    except (binascii.Error, ValueError, InvalidRequest):
        raise InvalidClient() from None
    if not colon or not _VSCHAR.fullmatch(client_id) or not _VSCHAR.fullmatch(secret):
        raise InvalidClient()
    return Presented("client_secret_basic", client_id, secret)
