"""What an OpenAPI document is to be called in an estate, who owns it and where it is served: given or derived."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from contracts.documents.document import Document
from contracts.estate.decode import declared, suggestion

NOBODY = "unassigned"
# Without user name and password: a secret does not stand in an estate.
_UPSTREAM_URL = re.compile(r"https?://[^\s/?#{}@]+(?:/[^\s?#{}]*)?")
_NOT_IN_TITLES = frozenset(("api", "apis", "service", "rest", "the", "openapi", "swagger", "specification"))


class CannotAdopt(Exception):
    """The document cannot be taken in; the message says why and what to give instead."""


@dataclass(frozen=True, slots=True)
class EstateTexts:
    """The files of the estate that adoption reads and may change: the text and its parsed document.

    `contracts` are the versions that each API has a contract of; `api_schema` is where the editor's schema of
    `api.yaml` lies in this estate, if anywhere.
    """

    estate: tuple[str, Document]
    teams: Document | None
    apis: Mapping[str, tuple[str, Document]]
    contracts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    api_schema: str | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller decided; None is derived. `upstream` is a declared name or a URL."""

    api: str | None = None
    version: str | None = None
    owner: str | None = None
    upstream: str | None = None
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """Every choice, and in `reasons` where the name, version, owner and upstream came from."""

    api: str
    version: str
    owner: str
    upstream: str
    upstream_url: str | None
    contact: str
    reasons: Mapping[str, str]


def choose(document: Document, estate: EstateTexts, wishes: Wishes) -> Choices:
    """Every choice, taken from `wishes` or derived from the document and the estate. Raises CannotAdopt."""
    root = openapi_of(document)
    info = root["info"] if isinstance(root.get("info"), dict) else {}
    reasons: dict[str, str] = {}
    api = wishes.api or api_name(str(info.get("title", "")))
    reasons["name"] = "as given" if wishes.api else f"from the title {info.get('title')!r}"
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", api) or len(api) > 63:
        raise CannotAdopt(f"{api!r} is no API name (lower-case letters, digits, single hyphens); give --api NAME")
    version = wishes.version or version_name(root)
    reasons["version"] = "as given" if wishes.version else "from the servers and `info.version`"
    if not re.fullmatch(r"v[1-9][0-9]{0,3}", version):
        raise CannotAdopt(f"{version!r} is no version name (v1, v2, …)")
    existing = estate.apis.get(api)
    if existing and version in declared(existing[1], "versions") | estate.contracts.get(api, frozenset()):
        raise CannotAdopt(f"{api!r} has a version {version!r} already; give --api or --api-version for a new one")
    owner = _owner(estate, wishes, existing, info, reasons)
    upstream, url = _upstream(root, estate, wishes, api, existing, reasons)
    contact = wishes.contact or _contact(info, existing, estate, owner)
    return Choices(api, version, owner, upstream, url, contact, reasons)


def openapi_of(document: Document) -> dict[str, Any]:
    """The document's root, if it is OpenAPI 3 with paths. Raises CannotAdopt."""
    root = document.value
    if isinstance(root, dict) and "swagger" in root:
        raise CannotAdopt(f"{document.file} is Swagger {root['swagger']}; convert it to OpenAPI 3 first")
    if not isinstance(root, dict) or not re.fullmatch(r"3\.[012]\.\d+\S*", str(root.get("openapi"))):
        raise CannotAdopt(f"{document.file} is no OpenAPI 3.0, 3.1 or 3.2 document")
    if not isinstance(root.get("paths"), dict) or not root["paths"]:
        raise CannotAdopt(f"{document.file} has no `paths`: there is nothing to serve")
    return root


def api_name(title: str) -> str:
    """An API's name after a title: `Swagger Petstore API v2 - OpenAPI 3.0` → `petstore`; "" if nothing is left."""
    words = re.findall(r"[a-z0-9]+", title.lower())
    kept = [word for word in words if word not in _NOT_IN_TITLES and not re.fullmatch(r"v?\d+", word)]
    return "-".join(kept or [word for word in words if word[0].isalpha()])[:63].strip("-")


def version_name(root: Mapping[str, Any]) -> str:
    """`v2` from a server's path (`…/v2`), else from the major number of `info.version`, else `v1`."""
    for url in _server_urls(root):
        if match := re.search(r"/v([1-9][0-9]{0,3})(?:/|$)", urlsplit(url).path):
            return f"v{match[1]}"
    info = root.get("info")
    written = str(info.get("version", "")) if isinstance(info, dict) else ""
    match = re.match(r"v?([1-9][0-9]{0,2})(?![0-9])", written)
    return f"v{match[1]}" if match else "v1"


def _server_urls(root: Mapping[str, Any]) -> list[str]:
    """The servers' URLs, their variables replaced by the defaults."""
    urls = []
    servers = root.get("servers")
    for server in servers if isinstance(servers, list) else []:
        if not isinstance(server, dict) or not isinstance(server.get("url"), str):
            continue
        url = server["url"]
        variables = server.get("variables")
        for name, variable in variables.items() if isinstance(variables, dict) else ():
            if isinstance(variable, dict):
                url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
        urls.append(url)
    return urls


def _owner(
    estate: EstateTexts,
    wishes: Wishes,
    existing: tuple[str, Document] | None,
    info: Mapping[str, Any],
    reasons: dict[str, str],
) -> str:
    if existing is not None:
        owner = existing[1].value.get("owner") if isinstance(existing[1].value, dict) else None
        if wishes.owner not in (None, owner):
            raise CannotAdopt(f"the API is owned by {owner!r} already, not by {wishes.owner!r}")
        reasons["owner"] = "the API's"
        return str(owner)
    teams = declared(estate.teams, "teams")
    if wishes.owner is not None:
        if wishes.owner not in teams:
            raise CannotAdopt(f"there is no team {wishes.owner!r} in teams.yaml{suggestion(wishes.owner, teams)}")
        reasons["owner"] = "as given"
        return wishes.owner
    email = _email(info)
    for name in sorted(teams):
        team = estate.teams.at(f"/teams/{name}") if estate.teams is not None else None
        if email and team is not None and team.text("contact") == email:
            reasons["owner"] = f"the team of {email}"
            return name
    if len(teams) == 1:
        reasons["owner"] = "the only team"
        return next(iter(teams))
    reasons["owner"] = "nobody yet"
    return NOBODY


def _upstream(
    root: Mapping[str, Any],
    estate: EstateTexts,
    wishes: Wishes,
    api: str,
    existing: tuple[str, Document] | None,
    reasons: dict[str, str],
) -> tuple[str, str | None]:
    """The upstream's name, and its URL if it has to be declared."""
    known = declared(estate.estate[1], "upstreams")
    wish = wishes.upstream
    if wish is not None and not re.match(r"https?://", wish):
        if wish not in known:
            raise CannotAdopt(f"no upstream is called {wish!r}{suggestion(wish, known)}; a URL declares a new one")
        reasons["upstream"] = "as given"
        return wish, None
    if wish is not None and not _UPSTREAM_URL.fullmatch(wish):
        raise CannotAdopt(
            "--upstream is no URL of an upstream: no variables, no query, and no user name or password in it"
        )
    url = wish or next((each for each in _server_urls(root) if _UPSTREAM_URL.fullmatch(each)), None)
    if url is None and existing is not None and isinstance(existing[1].value, dict):
        reasons["upstream"] = "the API's"
        return str(existing[1].value.get("upstream")), None
    reasons["upstream"] = "as given" if wish else "from `servers`" if url else "not known yet"
    if url is None:
        return api, None
    url = url.rstrip("/")
    for name in sorted(known):
        entry = estate.estate[1].value["upstreams"][name]
        if isinstance(entry, dict) and str(entry.get("url")).rstrip("/") == url:
            reasons["upstream"] += ", declared already"
            return name, None
    number, name = 1, api
    while name in known:
        number += 1
        name = f"{api}-{number}"
    return name, url


def _email(info: Mapping[str, Any]) -> str | None:
    contact = info.get("contact")
    email = contact.get("email") if isinstance(contact, dict) else None
    return email if isinstance(email, str) and re.fullmatch(r"[^@\s]+@[^@\s]+", email) else None


def _contact(
    info: Mapping[str, Any], existing: tuple[str, Document] | None, estate: EstateTexts, owner: str
) -> str:
    if existing is not None and isinstance(existing[1].value, dict):
        return str(existing[1].value.get("contact"))
    team = estate.teams.at(f"/teams/{owner}") if estate.teams is not None else None
    return _email(info) or (team.text("contact") if team is not None else None) or "nobody@example.invalid"
