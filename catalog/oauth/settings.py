"""Settings of the authorisation server: TLS and whose certificates it sees, and the keys that sign."""

import ipaddress
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings

from catalog.oauth.policy import OAuthPolicy


class AuthorizationServerSettings(BaseSettings):
    """A part of the catalog's settings."""

    tls_cert: Path | None = Field(
        default=None,
        description="PEM file with the catalog's certificate and its chain; the catalog then speaks TLS itself. "
        "Looked at anew every half minute.",
    )
    tls_key: Path | None = Field(default=None, description="PEM file with the private key of that certificate.")
    tls_client_ca: Path | None = Field(
        default=None,
        description="PEM file with the authorities that vouch for clients (`tls_client_auth`). Clients are then "
        "asked for a certificate.",
    )
    tls_client_certificates: bool = Field(
        default=False,
        description="Ask clients for a certificate without an authority too, for those that the estate names "
        "(`self_signed_tls_client_auth`).",
    )
    tls_terminators: tuple[str, ...] = Field(
        default=(),
        description="Networks (CIDR), as a JSON array, of TLS terminators in front of the catalog that pass a "
        "client's certificate on in `Client-Cert` (RFC 9440), and take it off what clients send.",
    )
    signing_algorithm: Literal["ES256", "EdDSA"] = Field(
        default="ES256", description="Of the keys that are made to sign access tokens."
    )
    signing_key_days: int = Field(
        default=90, ge=1, le=3650, description="Days after which another key signs access tokens."
    )
    allow_local_client_keys: bool = Field(
        default=False,
        description="Fetch clients' keys (`jwks-uri`) from this machine and over plain http too, for development.",
    )

    @field_validator("tls_terminators")
    @classmethod
    def _terminators_are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            try:
                ipaddress.ip_network(each)
            except ValueError:
                raise ValueError(f"{each!r} is no network, such as 10.0.0.0/24") from None
        return value

    @model_validator(mode="after")
    def _tls_goes_together(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("OSTIARY_CATALOG_TLS_CERT and OSTIARY_CATALOG_TLS_KEY go together")
        if self.tls_cert is None and (self.tls_client_ca is not None or self.tls_client_certificates):
            raise ValueError("clients are asked for certificates only where OSTIARY_CATALOG_TLS_CERT is set")
        if self.tls_cert is not None and self.tls_terminators:
            # Nobody can terminate TLS in front of what speaks TLS itself and see the client's certificate.
            raise ValueError("OSTIARY_CATALOG_TLS_TERMINATORS means nothing where the catalog speaks TLS itself")
        return self

    def oauth_policy(self) -> OAuthPolicy:
        """What of it the endpoints go by."""
        return OAuthPolicy(
            terminators=self.tls_terminators,
            asks_certificates=self.tls_client_ca is not None or self.tls_client_certificates,
            loopback=self.allow_local_client_keys,
            algorithm=self.signing_algorithm,
            signing_key_days=self.signing_key_days,
        )
