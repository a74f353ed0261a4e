"""The gateway's settings: environment variables `OSTIARY_…`, or the command's options."""

import base64
import ipaddress
from pathlib import Path
from typing import Annotated, Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.wire.proxies import TrustedProxies

Port = Annotated[int, Field(ge=0, le=65535)]


class GatewaySettings(BaseSettings):
    """All of them have a default but those that say what to trust: the snapshot's key and the catalog's token."""

    model_config = SettingsConfigDict(env_prefix="OSTIARY_GATEWAY_", extra="forbid")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: Port = Field(8080, description="Port to listen on; 0 takes a free one.")
    admin_host: str = Field("127.0.0.1", description="Address of the admin listener (health, readiness).")
    admin_port: Port = Field(8082, description="Port of the admin listener; 0 takes a free one.")
    port_file: Path | None = Field(
        None, description="Where to write the bound ports as JSON once the gateway listens."
    )
    data: Path = Field(Path(".ostiary/gateway"), description="Directory of the last good snapshot.")
    catalog_url: str | None = Field(
        None, description="The catalog to poll; without it the snapshot on disk is all there is."
    )
    token: SecretStr | None = Field(None, description="Bearer token that the catalog asks of gateways.")
    snapshot_key: str = Field(
        description="The catalog's public snapshot key (`ostiary catalog public-key`), or the path of its file."
    )
    approvals: Literal["required", "ignored"] = Field(
        "required",
        description="Whether each API version of a snapshot needs the catalog's approval. `ignored` is for the "
        "time in which a catalog from before there were approvals still publishes.",
    )
    preview: str = Field(
        "",
        pattern=r"^([1-9][0-9]{0,8})?$",
        description="Number of an open change request: the gateway then serves what is in force with that change "
        "on top, approved or not. For a gateway of its own, where a change is tried before it is published.",
    )
    key_pepper: Path | None = Field(
        None,
        description="File with what API keys are checked with: `api-keys.pepper` of the catalog's key files. "
        "Without it no API key is good here.",
    )
    secrets: Path | None = Field(
        None, description="Directory with one file per upstream credential, named as the estate names it."
    )
    sealing_key: Path | None = Field(
        None,
        description="File of the key to which the catalog seals upstream credentials for this gateway; made where "
        "there is none. By default `sealing.key` in `DATA`.",
    )
    tls_cert: Path | None = Field(
        None,
        description="PEM file with the listener's certificate and its chain; the listener then speaks TLS. "
        "Looked at anew when clients connect.",
    )
    tls_key: Path | None = Field(None, description="PEM file with the private key of that certificate.")
    tls_client_ca: Path | None = Field(
        None, description="PEM file with the authorities of client certificates; clients are then asked for one."
    )
    tls_client_verify: Literal["optional", "required"] = Field(
        "optional",
        description="Whether a client without a certificate may connect, where `TLS_CLIENT_CA` is set.",
    )
    name: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="What the catalog calls this gateway where it tells of usage; the host's name without.",
    )
    usage_interval: float = Field(
        10.0, ge=0.1, le=3600, description="Seconds between two reports of usage to the catalog."
    )
    usage_buffer: int = Field(
        8_388_608,
        ge=0,
        description="Bytes of usage that may wait for the catalog; beyond them the oldest is given up.",
    )
    access_log: Path | None = Field(None, description="Where to append the access log; standard output without.")
    workers: int = Field(
        1,
        ge=1,
        le=256,
        description="Worker processes that share the port; more than one needs `STATE_URL`. `MAX_OPEN` is divided "
        "among those that are active; an upstream's `connections` hold for each, but those of an Odoo for all.",
    )
    active_workers: int | None = Field(
        None,
        ge=1,
        le=256,
        description="How many of the workers take connections at a time; the others stand by to take the place of "
        "one that ends. Without it, as many as there are processor cores, by the CPU set and the quota that the "
        "gateway has.",
    )
    state_url: SecretStr | None = Field(
        None,
        description="The Redis or Valkey server by which workers and gateways count limits together "
        "(`redis://`, `rediss://` or `unix://`; `redis+cluster://` or `rediss+cluster://` for a node of a "
        "Cluster). Without it each process counts alone.",
    )
    limits: Literal["leased", "exact"] = Field(
        "leased",
        description="How limits are counted with `STATE_URL`. `leased`: a worker takes a hundredth of a limit "
        "ahead, so that most requests need no round trip. `exact`: each request asks the server.",
    )
    max_open: int = Field(
        4_096,
        ge=1,
        description="Most open requests; beyond them the answer is 503, for less critical APIs from 70 % on.",
    )
    cache_size: int = Field(
        67_108_864,
        ge=0,
        description="Bytes of answers that a worker keeps for operations with the policy `cache`, all together.",
    )
    max_connections: int | None = Field(
        None,
        ge=1,
        description="Most client connections of a worker; further ones are closed at once. Without it, three "
        "quarters of the files that the process may open, a limit that it raises as far as it may.",
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses and networks of proxies before the gateway, separated by commas (`10.0.0.0/8`). "
        "They are believed as to a client's address and scheme (`X-Forwarded-For`, `X-Forwarded-Proto`).",
    )
    trusted_client_cert: bool = Field(
        False,
        description="Whether these proxies are believed as to a client's certificate too (`Client-Cert`, RFC "
        "9440). Only for proxies that end TLS, verify the certificate, and take that field away from clients.",
    )
    sandbox: bool = Field(
        False,
        description="Whether this gateway is one in which partners try things out: the policy `fault-injection` "
        "then simulates failures. At any other gateway it does nothing.",
    )
    dpop_nonce: bool = Field(
        False,
        description="Whether DPoP proofs need a nonce of the gateway's. The client that sends none is told one, "
        "and tries again; a proof then cannot have been made long before.",
    )
    slow: float = Field(
        1.0,
        ge=0,
        description="Seconds from which on the access log says of a request where they went; with 0 of each.",
    )
    traces_url: str | None = Field(
        None,
        pattern=r"^https?://\S+$",
        description="Where to send traces (OTLP over HTTP), such as `http://collector:4318/v1/traces`; "
        "there are none without.",
    )
    traces_ratio: float = Field(0.05, ge=0, le=1, description="Share of the traces begun here that is recorded.")
    traces_trust_parent: bool = Field(
        False,
        description="Whether a client's `traceparent` is gone on with, and its sampling followed. "
        "Else a trace begins at the gateway, with a link to the client's. For traces alone.",
    )
    drain_delay: float = Field(
        0.0,
        ge=0,
        le=300,
        description="Seconds in which a stopping gateway still accepts: readiness fails and answers say "
        "`Connection: close`, until load balancers send nobody any more.",
    )
    drain: float = Field(20.0, ge=0, description="Seconds that open requests get to end when stopping.")
    max_head: int = Field(32_768, ge=1024, description="Largest request head, in bytes.")
    max_target: int = Field(8_192, ge=128, description="Longest request target, in bytes.")
    head_timeout: float = Field(10.0, gt=0, description="Seconds in which a request head must arrive.")
    body_timeout: float = Field(
        30.0,
        gt=0,
        description="Seconds for which a request body may be silent, or fall behind 500 bytes a second.",
    )
    idle_timeout: float = Field(75.0, gt=0, description="Seconds that a connection may rest between requests.")
    websocket_idle_timeout: float = Field(
        300.0, gt=0, description="Seconds of silence in both directions after which a WebSocket is closed."
    )


_PEPPER_BYTES: Final = 32


class SettingsError(Exception):
    """A setting that cannot work; the message says which and why."""


def read_proxies(text: str, *, certificates: bool = False) -> TrustedProxies | None:
    """The proxies of that setting; None where it lists none. Raises SettingsError."""
    try:
        networks = [ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise SettingsError(f"OSTIARY_GATEWAY_TRUSTED_PROXIES: {error}") from None
    if certificates and not networks:
        raise SettingsError("OSTIARY_GATEWAY_TRUSTED_CLIENT_CERT goes with OSTIARY_GATEWAY_TRUSTED_PROXIES")
    return TrustedProxies(networks, certificates=certificates) if networks else None


def read_key_pepper(path: Path | None) -> bytes | None:
    """The 32 bytes in that file, which has them in hex; None without a file. Raises SettingsError."""
    if path is None:
        return None
    try:
        pepper = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        pepper = b""
    if len(pepper) != _PEPPER_BYTES:
        raise SettingsError(f"OSTIARY_GATEWAY_KEY_PEPPER: {path} is no file with 32 bytes in hex")
    return pepper


def read_snapshot_key(text: str) -> Ed25519PublicKey:
    """The key in `text`: 32 bytes in base64, or the path of a file that holds them. Raises SettingsError."""
    path = Path(text)
    if len(text) < 200 and path.is_file():
        text = path.read_text(encoding="utf-8")
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text.strip(), validate=True))
    except ValueError:
        raise SettingsError(
            "OSTIARY_GATEWAY_SNAPSHOT_KEY is neither a file nor the 32 bytes of an Ed25519 public key in base64"
        ) from None
