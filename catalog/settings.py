"""The catalog's settings: environment variables `OSTIARY_CATALOG_…`, or the command's options.

The token that gateways present is the one setting both processes share, and so it has the gateway's name:
`OSTIARY_GATEWAY_TOKEN`.
"""

from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from catalog.key_files import MIN_TOKEN
from catalog.login.settings import LoginSettings
from catalog.notices.settings import NoticeSettings
from catalog.oauth.settings import AuthorizationServerSettings
from catalog.upstream_credentials.settings import UpstreamCredentialSettings

Port = Annotated[int, Field(ge=0, le=65535)]
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


_STORES: Final = ("postgresql://", "postgresql+asyncpg://", "sqlite+aiosqlite:///")


class CatalogSettings(NoticeSettings, LoginSettings, AuthorizationServerSettings, UpstreamCredentialSettings):
    """Each has a default; without `estate` the catalog publishes the revisions that its store has in force."""

    model_config = SettingsConfigDict(
        env_prefix="OSTIARY_CATALOG_",
        env_ignore_empty=True,  # templates write empty values for what nobody set
        extra="forbid",
        populate_by_name=True,
    )

    estate: Path | None = Field(
        default=None,
        description="Directory of the estate to publish. Without it the store decides: what was published from a "
        "directory before goes on, and moves by change requests and rollbacks.",
    )
    data: Path = Field(
        default=Path(".ostiary/catalog"),
        description="Directory of the database and, in `keys/`, of the private keys.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Port = Field(default=8081, description="Port to listen on; 0 takes a free one.")
    port_file: Path | None = Field(
        default=None, description="Where to write the bound address and URL as JSON once the catalog listens."
    )
    url: str | None = Field(
        default=None,
        description="Where clients and gateways reach the catalog: the issuer of its tokens. "
        "By default http:// with the bound host and port.",
    )
    allow_insecure_url: bool = Field(
        default=False, description="Accept an http:// `url` whose host is not this machine (RFC 6749 demands TLS)."
    )
    public_url: str | None = Field(
        default=None,
        description="Overrides the estate's `gateway.public-url`, the audience of access tokens. "
        "For a deployment that serves one estate under another name.",
    )
    try_url: str | None = Field(
        default=None,
        description="Where calls that people try in the portal go: an address inside, or a sandbox's; without it, "
        "where those of partners do.",
    )
    upstream_urls: dict[str, str] = Field(
        default_factory=dict,
        description="Overrides upstreams' URLs by name, as a JSON object. For a deployment that points elsewhere.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="URL of the store: postgresql://USER:PASSWORD@HOST/DATABASE, or sqlite+aiosqlite:///PATH; "
        "by default a file in `data`.",
    )
    gateway_token: SecretStr | None = Field(
        default=None,
        min_length=MIN_TOKEN,
        validation_alias=AliasChoices("OSTIARY_GATEWAY_TOKEN", "OSTIARY_CATALOG_GATEWAY_TOKEN", "gateway_token"),
        description="Bearer token that gateways present; by default the one in `data`/keys/gateway.token.",
    )
    environment: str = Field(
        default="local",
        pattern=r"^[a-z][a-z0-9]{1,15}$",
        description="Name of this environment in the client secrets it issues; secrets of another are refused. "
        "Of the estate's other issuers, those of this environment are trusted.",
    )
    leak_keys: str | None = Field(
        default=None,
        pattern=r"^(https://.+|[^:]+)$",
        description="Where the keys are by which a scanner signs what it reports to `/leaks`: a file, or an https "
        "address such as GitHub's, https://api.github.com/meta/public_keys/secret_scanning. Without it there is "
        "no `/leaks`.",
    )
    token_lifetime: int = Field(default=600, ge=30, le=3600, description="Seconds that an access token lives.")
    usage_hourly: int = Field(default=30, ge=1, le=400, description="Days for which usage is kept by the hour.")
    usage_daily: int = Field(
        default=400,
        ge=90,
        description="Days for which usage is kept by the day; impact is asked over the last 90.",
    )
    errors_days: int = Field(
        default=30,
        ge=1,
        le=400,
        description="Days for which calls that failed are kept, as gateways told of them.",
    )
    drift_interval: int = Field(
        default=86_400,
        ge=0,
        description="Seconds between looks at the Odoos behind upstreams, whether contracts fit them. 0 for none.",
    )
    watch: bool = Field(default=True, description="Publish again whenever the estate's files change.")
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="Form of the log on standard error; `auto` is `console` on a terminal."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level to log."
    )
    drain: float = Field(default=10.0, ge=0, description="Seconds that open requests get to end when stopping.")

    @field_validator("database_url")
    @classmethod
    def _is_supported(cls, value: SecretStr | None) -> SecretStr | None:
        # What has not been tested is refused: a store that half works loses secrets.
        if value is not None and not value.get_secret_value().startswith(_STORES):
            raise ValueError("only postgresql:// and sqlite+aiosqlite:/// URLs are supported")
        return value

    @field_validator("url", "public_url", "try_url")
    @classmethod
    def _is_base_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must be an absolute http(s) URL without a query or fragment")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _is_secure(self) -> Self:
        if self.url is not None and not self.allow_insecure_url:
            parts = urlsplit(self.url)
            if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
                raise ValueError(
                    f"url {self.url!r} is neither https nor this machine: client secrets would travel in clear. "
                    "Set OSTIARY_CATALOG_ALLOW_INSECURE_URL=1 only where the network itself is private."
                )
        return self

    @property
    def keys_directory(self) -> Path:
        return self.data / "keys"

    @property
    def store_url(self) -> str:
        """The SQLAlchemy URL in force."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{(self.data / 'catalog.db').absolute()}"


def explain(error: ValidationError) -> list[str]:
    """One line for each wrong setting, by the name of its variable; values are left out, for some are secret."""
    lines = []
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        name = "_".join(str(part) for part in fault["loc"]).upper()
        if name and not name.startswith("OSTIARY_"):
            name = f"OSTIARY_CATALOG_{name}"
        lines.append(f"{name}: {fault['msg']}" if name else fault["msg"])
    return lines
