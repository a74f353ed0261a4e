"""What a form says of a new client, as metadata of RFC 7591, and what of it is wrong. No I/O."""

import json
from collections.abc import Mapping
from typing import Any, Final

from catalog.portal.speech import translated
from catalog.portal.visit import Refused

METHODS: Final = ("client_secret_basic", "private_key_jwt", "none")
"""How a client may prove who it is. Others are for those who write metadata themselves."""


def metadata_of(typed: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The metadata, and the faults by field. People log in to a client that has redirect URIs; without
    any it acts for itself."""
    faults: dict[str, str] = {}
    redirects, method = typed["redirects"].split(), typed["method"]
    if not typed["consumer"]:
        faults["consumer"] = translated("Say whose it is.")
    if not typed["name"]:
        faults["name"] = translated("Say what it is called.")
    if method not in METHODS:
        faults["method"] = translated("Choose one.")
    if method == "none" and not redirects:
        faults["redirects"] = translated("A client without a secret has people who log in, and redirect URIs.")
    metadata: dict[str, Any] = {"client_name": typed["name"], "token_endpoint_auth_method": method}
    if redirects:
        metadata |= {"redirect_uris": redirects, "grant_types": ["authorization_code", "refresh_token"]}
    else:
        metadata["grant_types"] = ["client_credentials"]
    if method == "private_key_jwt":
        try:
            metadata["jwks"] = json.loads(typed["jwks"])
        except ValueError:
            faults["jwks"] = translated("A JWK set is a JSON object.")
    return metadata, faults


def fault_fields(refused: Refused) -> dict[str, str]:
    """The faults of a refusal by the form's fields: those of metadata belong to the field that its text names."""
    faults = dict(refused.faults)
    text = faults.pop("metadata", "")
    if text:
        field = next((field for word, field in _FIELDS if word in text), "name")
        faults[field] = text
    return faults


_FIELDS: Final = (("redirect", "redirects"), ("jwks", "jwks"), ("key", "jwks"), ("client_name", "name"))
