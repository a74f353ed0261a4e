"""Authorisation server metadata (RFC 8414): exactly what this catalog does, so that clients need not be told."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from catalog.oauth.clients.settings import granted_scopes
from catalog.publishing.published import Published
from contracts.oauth_client import MTLS_METHODS, SECRET_METHODS
from contracts.public_keys import ALGORITHMS

JWKS_PATH: Final = "/oauth/jwks"


@dataclass(frozen=True, slots=True)
class ServerMetadata:
    """`grants` are the grant types that are handled; `certificates` says whether client certificates reach the
    catalog. `further` are the endpoints' URLs, and what else is to be told of them, by their members' names."""

    issuer: str
    grants: tuple[str, ...]
    certificates: bool
    further: Mapping[str, Any]

    def document(self, published: Published | None) -> dict[str, Any]:
        """The JSON object."""
        applications = () if published is None else published.applications.values()
        scopes = sorted({scope for each in applications for scope in granted_scopes(each)})
        methods = [*SECRET_METHODS, "private_key_jwt", *(MTLS_METHODS if self.certificates else ())]
        signing = sorted(ALGORITHMS)
        document: dict[str, Any] = {
            "issuer": self.issuer,
            **self.further,
            "jwks_uri": self.issuer + JWKS_PATH,
            **({"scopes_supported": scopes} if scopes else {}),  # §3.2: empty ones are left out
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": list(self.grants),
            "code_challenge_methods_supported": ["S256"],  # RFC 7636, and no plain one
            "authorization_response_iss_parameter_supported": True,  # RFC 9207
            "token_endpoint_auth_methods_supported": [*methods, "none"],
            "token_endpoint_auth_signing_alg_values_supported": signing,
            "dpop_signing_alg_values_supported": signing,  # RFC 9449 §5.1
            "tls_client_certificate_bound_access_tokens": self.certificates,  # RFC 8705 §3.3
        }
        for name, public in (("revocation", True), ("introspection", False)):
            if f"{name}_endpoint" in self.further:
                document[f"{name}_endpoint_auth_methods_supported"] = [*methods, *(["none"] if public else [])]
                document[f"{name}_endpoint_auth_signing_alg_values_supported"] = signing
        return document
