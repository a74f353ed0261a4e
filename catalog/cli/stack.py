"""A catalog and a gateway as two processes on this machine: what `ostiary up` and `ostiary demo` start."""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from catalog.cli.processes import Child, Family, StartError

if TYPE_CHECKING:
    from catalog.credentials.issuing import Answering

LOOPBACK: Final = "127.0.0.1"
CREDENTIALS: Final = "credentials.json"


@dataclass(frozen=True, slots=True)
class Ports:
    """Of the two processes; 0 takes a free one."""

    gateway: int
    admin: int
    catalog: int


@dataclass(frozen=True, slots=True)
class Stack:
    """Where it runs. `secrets` are the client secrets that this start issued, by client id."""

    gateway_url: str
    admin_url: str
    catalog_url: str
    data: Path
    secrets: Mapping[str, str] = field(repr=False)

    @property
    def credentials(self) -> Path:
        """The file with the client secrets of all starts, for `ostiary token --credentials`."""
        return self.data / CREDENTIALS


def start(
    members: Family,
    estate: Path,
    data: Path,
    ports: Ports,
    *,
    upstream_urls: Mapping[str, str] | None = None,
    upstream_secrets: Path | None = None,
    governed: bool = False,
    answering: "Mapping[str, Answering] | None" = None,
) -> Stack:
    """Starts the catalog, gives each application a client secret that has none yet, and starts the gateway.

    With `governed` the directory is only what the catalog begins with: after that its store decides, and the
    estate moves by change requests. `answering` says who answers for an application's secret, where the estate has
    such a member; else whoever uses this machine does.

    Raises StartError with the end of the log of what did not start.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    gateway_url = f"http://{LOOPBACK}:{ports.gateway}"
    environment = {
        "OSTIARY_CATALOG_ESTATE": str(estate),
        "OSTIARY_CATALOG_DATA": str(data / "catalog"),
        "OSTIARY_CATALOG_HOST": LOOPBACK,
        "OSTIARY_CATALOG_PORT": str(ports.catalog),
        "OSTIARY_CATALOG_PUBLIC_URL": gateway_url,
        "OSTIARY_CATALOG_UPSTREAM_URLS": json.dumps(dict(upstream_urls or {})),
        "OSTIARY_CATALOG_PORT_FILE": str(_fresh(data / "catalog.json")),
        "OSTIARY_CATALOG_LOG_FORMAT": "json",
        # Empty is unset: what this shell has for another catalog (and `ostiary token`) is not for this one.
        "OSTIARY_CATALOG_URL": "",
        "OSTIARY_GATEWAY_TOKEN": "",
    }
    catalog = members.start("catalog", ["-m", "catalog"], environment)
    catalog_url = _url(members.wait_for_file(catalog, data / "catalog.json"))
    secrets = asyncio.run(_issue(estate, data, answering or {}))
    if governed:
        members.end(catalog)
        port = str(urlsplit(catalog_url).port)
        environment |= {"OSTIARY_CATALOG_ESTATE": "", "OSTIARY_CATALOG_PORT": port}
        _fresh(data / "catalog.json")
        catalog = members.start("catalog", ["-m", "catalog"], environment)
        members.wait_for_file(catalog, data / "catalog.json")
    keys = data / "catalog" / "keys"
    environment = {
        "OSTIARY_GATEWAY_HOST": LOOPBACK,
        "OSTIARY_GATEWAY_PORT": str(ports.gateway),
        "OSTIARY_GATEWAY_ADMIN_HOST": LOOPBACK,
        "OSTIARY_GATEWAY_ADMIN_PORT": str(ports.admin),
        "OSTIARY_GATEWAY_DATA": str(data / "gateway"),
        "OSTIARY_GATEWAY_CATALOG_URL": catalog_url,
        "OSTIARY_GATEWAY_TOKEN": (keys / "gateway.token").read_text(encoding="utf-8").strip(),
        "OSTIARY_GATEWAY_SNAPSHOT_KEY": str(keys / "snapshot.pub"),
        "OSTIARY_GATEWAY_KEY_PEPPER": str(keys / "api-keys.pepper"),
        "OSTIARY_GATEWAY_ACCESS_LOG": str(members.logs / "access.log"),
        "OSTIARY_GATEWAY_PORT_FILE": str(_fresh(data / "gateway.json")),
    }
    if upstream_secrets is not None:
        environment["OSTIARY_GATEWAY_SECRETS"] = str(upstream_secrets)
    gateway = members.start("gateway", ["-m", "gateway"], environment)
    bound = members.wait_for_file(gateway, data / "gateway.json")
    admin_url = f"http://{LOOPBACK}:{bound['admin_port']}"
    _wait_ready(members, gateway, admin_url)
    return Stack(f"http://{LOOPBACK}:{bound['port']}", admin_url, catalog_url, data, secrets)


def _fresh(path: Path) -> Path:
    """A file that a process announces itself with must not be there from the last time."""
    path.unlink(missing_ok=True)
    return path


def _url(announced: Mapping[str, object]) -> str:
    return str(announced["url"])


def _wait_ready(members: Family, gateway: Child, admin_url: str) -> None:
    import urllib.error
    import urllib.request

    def ready() -> bool:
        try:
            with urllib.request.urlopen(admin_url + "/readyz", timeout=2):  # noqa: S310 (our own URL)
                return True
        except (urllib.error.URLError, OSError):
            return False

    members.wait_until(gateway, ready, "the gateway has no snapshot: is the estate without errors?")


async def _issue(estate: Path, data: Path, answering: "Mapping[str, Answering]") -> dict[str, str]:
    """Client secrets for the applications that may call something and have none in the credentials file; the file
    is written anew."""
    from catalog.credentials.issuing import issue_secrets
    from catalog.estates import load_estate
    from catalog.settings import CatalogSettings
    from contracts.estate.estate import access_applications

    loaded, findings = load_estate(estate)
    if loaded is None:
        raise StartError("the estate has errors:\n" + "\n".join(str(finding) for finding in findings))
    path = data / CREDENTIALS
    entries = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    applications = {application.client_id: application for application in access_applications(loaded)}
    # Who may call nothing needs no secret, and nobody would answer for it.
    calling = [client_id for client_id, each in applications.items() if each.subscriptions]
    missing = [client_id for client_id in calling if client_id not in entries]
    settings = CatalogSettings(estate=estate, data=data / "catalog")
    days = min(90, loaded.file.credentials.max_days)
    members = {name: team.members for name, team in loaded.teams.teams.items()}
    known = {name: each for name, each in answering.items() if each.member in members.get(each.team, {})}
    issued = await issue_secrets(settings, missing, days, answering=known) if missing else []
    for secret in issued:
        application = applications[secret.credential.application]
        entries[secret.credential.application] = {
            "secret": secret.secret,
            "consumer": application.consumer,
            "scopes": sorted(
                {scope for subscription in application.subscriptions for scope in subscription.scopes}
            ),
        }
    _write_private(path, json.dumps(entries, indent=2))
    return {client_id: entry["secret"] for client_id, entry in entries.items() if client_id in applications}


def _write_private(path: Path, text: str) -> None:
    """Whole or not at all, and for this user alone."""
    temporary = path.with_suffix(".part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    temporary.replace(path)
