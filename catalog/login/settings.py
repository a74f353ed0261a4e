"""The log-in's settings: sessions, local accounts, and an external OpenID provider."""

from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings

from catalog.clock import DAY
from catalog.login.networks import read_networks
from catalog.login.provider.settings import is_safe


class LoginSettings(BaseSettings):
    """Without a provider members log in by accounts of the catalog's own; with one, by those only if told so."""

    session_idle: int = Field(
        default=1800, ge=60, le=DAY, description="Seconds after which a session ends from which nothing came."
    )
    session_lifetime: int = Field(
        default=28_800,
        ge=300,
        le=7 * DAY,
        description="Seconds after its log-in at which a session ends in any case.",
    )
    local_accounts: bool | None = Field(
        default=None,
        description="Whether members may log in by accounts of the catalog's own, with a password. By default "
        "where there is no provider.",
    )
    trusted_proxies: str = Field(
        default="",
        description="Addresses and networks of proxies before the catalog, separated by commas. They are believed "
        "as to a client's address (`X-Forwarded-For`), by which failed log-ins are slowed.",
    )
    provider_issuer: str | None = Field(
        default=None,
        description="Issuer of an OpenID provider through which members log in, exactly as its metadata has it.",
    )
    provider_client_id: str | None = Field(default=None, description="The catalog's client id there.")
    provider_client_secret_file: Path | None = Field(
        default=None, description="File that holds its client secret."
    )
    provider_scopes: str = Field(
        default="openid email profile", description="Scopes that are asked for; `openid` is among them."
    )
    provider_member_claim: str = Field(
        default="email",
        description="Claim that names the member: `email`, which the provider must have verified, or one whose "
        "value is the member's key in `teams.yaml`.",
    )
    provider_acr: str = Field(
        default="",
        description="Values of `acr`, separated by commas, that mean two factors; they are asked for. Who needs "
        "two factors and comes with none of these, nor of `…_AMR`, is asked for a second one by the catalog.",
    )
    provider_amr: str = Field(
        default="", description="Values of `amr`, separated by commas, of which each means two factors (`mfa`)."
    )
    provider_title: str = Field(default="", description="How the log-in page calls it; by default its host.")

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        read_networks(value)
        return value

    @field_validator("provider_issuer")
    @classmethod
    def _is_safe_issuer(cls, value: str | None) -> str | None:
        if value is not None and not is_safe(value):
            raise ValueError("must be an https URL, or one of this machine")
        return value

    @model_validator(mode="after")
    def _provider_is_whole(self) -> Self:
        needed = (self.provider_issuer, self.provider_client_id, self.provider_client_secret_file)
        if any(each is not None for each in needed) and None in needed:
            raise ValueError("provider_issuer, provider_client_id and provider_client_secret_file go together")
        if "openid" not in self.provider_scopes.split():
            raise ValueError("provider_scopes must have openid among them")
        if self.local_accounts is False and self.provider_issuer is None:
            raise ValueError("local_accounts is off and there is no provider: nobody could log in")
        return self
