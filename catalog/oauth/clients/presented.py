"""What a client presents to prove who it is: exactly one method (RFC 6749 §2.3), read and not yet believed."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from catalog.oauth.wire.errors import InvalidClient, InvalidRequest
from catalog.oauth.wire.request import FormRequest
from contracts.oauth_client import AuthMethod

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_VSCHAR: Final = re.compile(r"[\x20-\x7e]*")  # RFC 6749 appendix A: client_id and client_secret
_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Presented:
    """`method` is None where only a client id came: whether that is enough is the client's registration's to say.
    `proof` is the secret or the assertion; `client_id` is empty where only the assertion names it."""

    method: AuthMethod | None
    client_id: str
    proof: str = field(default="", repr=False)


def presented(request: FormRequest) -> Presented:
    """The one way in which the client authenticates. Raises InvalidRequest for several, InvalidClient for none."""
    client_id, secret = request.one("client_id"), request.one("client_secret")
    assertion, kind = request.one("client_assertion"), request.one("client_assertion_type")
    if sum((bool(request.authorization), secret is not None, assertion is not None)) > 1:
        raise InvalidRequest("The client authenticates in more than one way.")
    if (assertion is None) != (kind is None):
        raise InvalidRequest("client_assertion and client_assertion_type go together.")
    if request.authorization:
        basic = _basic(request.authorization)
        if client_id is not None and client_id != basic.client_id:
            raise InvalidRequest("The parameter client_id differs from the authenticated client.")
        return basic
    if assertion is not None:
        if kind != ASSERTION_TYPE:
            raise InvalidClient()
        return Presented("private_key_jwt", client_id or "", assertion)
    if client_id is None:
        raise InvalidClient()
    if secret is not None:
        return Presented("client_secret_post", client_id, secret)
    return Presented(None, client_id)


def _basic(authorization: str) -> Presented:
    """Credentials of the Basic scheme: id and secret are form-encoded first (RFC 6749 §2.3.1)."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient()
    try:
        pair = base64.b64decode(token.strip(), validate=True)
        client_id, colon, secret = (_decoded(part) for part in pair.partition(b":"))
    except (binascii.Error, ValueError):
        raise InvalidClient() from None
    if not colon or not _VSCHAR.fullmatch(client_id) or not _VSCHAR.fullmatch(secret):
        raise InvalidClient()
    return Presented("client_secret_basic", client_id, secret)


def _decoded(text: bytes) -> str:
    """Raises ValueError."""
    if _BAD_ESCAPE.search(text):
        raise ValueError("a malformed percent-escape")
    return unquote_to_bytes(text.replace(b"+", b" ")).decode()
