"""Takes an existing OpenAPI document into an estate: what is changed in it, and what is still missing.

Pure: `adopt` gives the texts of the files as they are to be. Names, owner and upstream come from `adopt_choices`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.adopt.choices import Choices, EstateTexts, openapi_of
from contracts.adopt.gaps import gaps
from contracts.adopt.security import secure
from contracts.adopt.yaml_edit import YamlEdit
from contracts.adopt.yaml_text import dump
from contracts.documents.document import Document
from contracts.estate.decode import declared


@dataclass(frozen=True, slots=True)
class Adoption:
    """The files to write (relative path → text), what was changed, and what people still have to supply."""

    choices: Choices
    files: Mapping[str, str]
    changes: tuple[str, ...]
    missing: tuple[str, ...]


def adopt(text: str, document: Document, estate: EstateTexts, chosen: Choices) -> Adoption:
    """The files for what was chosen. The contract keeps its text and comments wherever that can be done safely."""
    root = openapi_of(document)
    edit = YamlEdit(document, text)
    changes = []
    base_path = _base_path(estate, chosen)
    servers = [{"url": base_path, "description": "Behind the gateway"}]
    if root.get("servers") != servers:
        edit.put("", "servers", servers, before="" if "servers" in root else "paths")
        changes.append(f"`servers` is now {base_path}, where partners call it through the gateway")
    changes += secure(edit, document, chosen.api)
    contract, kept = edit.result()
    if not kept and not document.file.endswith(".json"):
        changes.append("the contract was written anew; comments and layout of the original are lost")
    folder = f"apis/{chosen.api}"
    # In this order, what is written first is never wrong without what follows.
    files: dict[str, str] = {}
    if chosen.upstream_url is not None:
        upstreams = YamlEdit(estate.estate[1], estate.estate[0])
        entry = {"url": chosen.upstream_url}
        if "upstreams" in upstreams.value and isinstance(upstreams.value["upstreams"], dict):
            upstreams.put("/upstreams", chosen.upstream, entry)
        else:
            upstreams.put("", "upstreams", {chosen.upstream: entry})
        files["ostiary.yaml"] = upstreams.result()[0]
        changes.append(f"upstream {chosen.upstream!r} ({chosen.upstream_url}) was added to ostiary.yaml")
    files[f"{folder}/{chosen.version}.openapi.yaml"] = contract
    files[f"{folder}/api.yaml"] = _api_file(root, estate, chosen)
    return Adoption(chosen, files, tuple(changes), (*_unsettled(estate, chosen), *gaps(edit.value)))


def _base_path(estate: EstateTexts, chosen: Choices) -> str:
    """Of its own for each version, unless the API has its versions chosen by something else than the path."""
    existing = estate.apis.get(chosen.api)
    versioning = existing[1].value.get("versioning") if existing is not None else None
    by = versioning.get("by", "path") if isinstance(versioning, Mapping) else "path"
    return f"/{chosen.api}/{chosen.version}" if by == "path" else f"/{chosen.api}"


def _api_file(root: Mapping[str, Any], estate: EstateTexts, chosen: Choices) -> str:
    existing = estate.apis.get(chosen.api)
    info = root["info"] if isinstance(root.get("info"), dict) else {}
    entry: dict[str, Any] = {"state": "published"}
    if existing is not None:
        edit = YamlEdit(existing[1], existing[0])
        if edit.value.get("upstream") != chosen.upstream:
            entry["upstream"] = chosen.upstream
        if isinstance(edit.value.get("versions"), dict):
            edit.put("/versions", chosen.version, entry)
        else:
            edit.put("", "versions", {chosen.version: entry})
        return edit.result()[0]
    title = re.sub(r"\s+", " ", str(info.get("title") or chosen.api)).strip()
    about = info.get("summary") or info.get("description")
    value = {
        "title": title,
        **({"description": " ".join(about.split())} if isinstance(about, str) and about.strip() else {}),
        "owner": chosen.owner,
        "contact": chosen.contact,
        "upstream": chosen.upstream,
        "classification": "internal",
        "versions": {chosen.version: entry},
    }
    modeline = f"# yaml-language-server: $schema=../../{estate.api_schema}\n" if estate.api_schema else ""
    return modeline + dump(value)


def _unsettled(estate: EstateTexts, chosen: Choices) -> list[str]:
    missing = []
    if chosen.owner not in declared(estate.teams, "teams"):
        teams = ", ".join(sorted(declared(estate.teams, "teams"))) or "none is declared"
        missing.append(f"an owner: {chosen.owner!r} in api.yaml is no team (teams: {teams})")
    if chosen.upstream_url is None and chosen.upstream not in declared(estate.estate[1], "upstreams"):
        missing.append(f"the upstream: declare {chosen.upstream!r} with its URL under `upstreams` in ostiary.yaml")
    if chosen.contact.endswith(".invalid"):
        missing.append("a contact: an e-mail address in api.yaml")
    if chosen.api not in estate.apis:
        missing.append("the classification: `internal` was assumed in api.yaml")
    missing.append("subscriptions: no application may call it until consumers.yaml says so")
    return missing
