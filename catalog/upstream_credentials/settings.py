"""By which master key upstream credentials are stored, and which gateways may have them: settings."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from catalog.key_files import Keys
from catalog.upstream_credentials.envelope import Keyring, MasterKey
from catalog.upstream_credentials.local_key import LocalMasterKey, local_key_of_file, local_key_of_text


class UpstreamCredentialSettings(BaseSettings):
    """Without any, the master key follows from the catalog's own key files."""

    master_key: SecretStr | None = Field(
        default=None,
        description="The master key under which upstream credentials are stored: 32 bytes in base64.",
    )
    master_key_file: Path | None = Field(default=None, description="File that holds the master key instead.")
    earlier_master_key_files: list[Path] = Field(
        default_factory=list,
        description="Files of master keys from before, as a JSON array: until "
        "`ostiary upstream-credentials rewrap` was run with the new one.",
    )
    vault_url: str | None = Field(
        default=None,
        description="A Vault whose transit engine wraps in place of a master key of the catalog's own.",
    )
    vault_key: str = Field(default="ostiary", min_length=1, description="Name of the key in the transit engine.")
    vault_mount: str = Field(default="transit", min_length=1, description="Where the transit engine is mounted.")
    vault_token_file: Path | None = Field(
        default=None, description="File with the token for Vault; read at each use."
    )
    vault_ca: Path | None = Field(
        default=None, description="File with the authorities (PEM) that are trusted for Vault."
    )
    gateway_keys: list[str] = Field(
        default_factory=list,
        description="The gateway keys (digests, as a gateway logs its own) that may have upstream secrets, as a "
        "JSON array; without it every gateway with the gateways' token may.",
    )

    @model_validator(mode="after")
    def _is_one_key(self) -> Self:
        given = [self.master_key is not None, self.master_key_file is not None, self.vault_url is not None]
        if sum(given) > 1:
            raise ValueError("only one of master_key, master_key_file and vault_url can be the master key")
        if self.vault_url is not None:
            parts = urlsplit(self.vault_url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("vault_url must be an absolute http(s) URL")
            if self.vault_token_file is None:
                raise ValueError("vault_token_file is needed for vault_url")
        return self


@dataclass(frozen=True, slots=True)
class Sealing:
    """How upstream credentials are stored, and to which gateway keys they are given: all, where none is named."""

    keyring: Keyring
    gateway_keys: frozenset[str] = field(default=frozenset())

    @classmethod
    def own(cls, keys: Keys) -> "Sealing":
        """By the catalog's own key files alone."""
        return cls(Keyring(LocalMasterKey(keys.master)))


def sealing_of(settings: UpstreamCredentialSettings, keys: Keys) -> Sealing:
    """As the settings say. What an earlier key of the catalog's own wrapped still opens. Raises MasterKeyError."""
    own = LocalMasterKey(keys.master)
    earlier: list[MasterKey] = [local_key_of_file(path) for path in settings.earlier_master_key_files]
    current = _chosen(settings) or own
    return Sealing(Keyring(current, [*earlier, own]), frozenset(settings.gateway_keys))


def _chosen(settings: UpstreamCredentialSettings) -> MasterKey | None:
    if settings.vault_url is not None and settings.vault_token_file is not None:
        # Here, not above: few have one.
        from catalog.upstream_credentials.vault import VaultMasterKey

        return VaultMasterKey(
            settings.vault_url,
            settings.vault_key,
            settings.vault_token_file,
            settings.vault_mount,
            settings.vault_ca,
        )
    if settings.master_key is not None:
        return local_key_of_text(settings.master_key.get_secret_value(), "OSTIARY_CATALOG_MASTER_KEY")
    return None if settings.master_key_file is None else local_key_of_file(settings.master_key_file)
