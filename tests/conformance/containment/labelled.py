"""The labelled set: pairs of schemas and of documents, each with a verdict that is argued from a standard.

`tests/data/containment/README.md` describes the files. A pair of schemas becomes a pair of documents too: the
schema is the body of the one operation, of its request or of its response.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).resolve().parents[2] / "data" / "containment"
DOCUMENTS = DATA / "documents"
VERDICTS = ("compatible", "breaking")

Schema = dict[str, Any] | bool


@dataclass(frozen=True)
class SchemaPair:
    """`base` and `revision` are standalone: references lead to `#/components/schemas/…` of their own side."""

    id: str
    theme: str
    direction: str
    verdict: str
    why: str
    base: Schema
    revision: Schema
    base_openapi: str
    revision_openapi: str
    base_components: dict[str, Schema]
    revision_components: dict[str, Schema]
    witness: Any
    has_witness: bool
    open_objects: bool

    def documents(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The pair as two whole documents."""
        return (
            _around(self.base, self.base_components, self.base_openapi, self.direction),
            _around(self.revision, self.revision_components, self.revision_openapi, self.direction),
        )


@dataclass(frozen=True)
class DocumentPair:
    """`witness` is the exchange that breaks, in words."""

    id: str
    theme: str
    direction: str
    verdict: str
    why: str
    base: dict[str, Any]
    revision: dict[str, Any]
    today: str | None
    witness: str | None


def schema_pairs() -> list[SchemaPair]:
    return [_schema_pair(row, path.stem) for path in sorted(DATA.glob("*.yaml")) for row in _rows(path)]


def document_pairs() -> list[DocumentPair]:
    return [_document_pair(row, path.stem) for path in sorted(DOCUMENTS.glob("*.yaml")) for row in _rows(path)]


def _rows(path: Path) -> list[dict[str, Any]]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _schema_pair(row: dict[str, Any], theme: str) -> SchemaPair:
    unknown = set(row) - {
        *("id", "direction", "verdict", "why", "base", "revision", "openapi", "base_openapi", "revision_openapi"),
        *("components", "base_components", "revision_components", "witness", "open_objects"),
    }
    assert not unknown, f"{row['id']}: unknown {unknown}"
    return SchemaPair(
        id=row["id"],
        theme=theme,
        direction=row["direction"],
        verdict=row["verdict"],
        why=row["why"],
        base=row["base"],
        revision=row["revision"],
        base_openapi=row.get("base_openapi", row.get("openapi", "3.1.0")),
        revision_openapi=row.get("revision_openapi", row.get("openapi", "3.1.0")),
        base_components=row.get("base_components", row.get("components", {})),
        revision_components=row.get("revision_components", row.get("components", {})),
        witness=row.get("witness"),
        has_witness="witness" in row,
        open_objects=row.get("open_objects", False),
    )


def _document_pair(row: dict[str, Any], theme: str) -> DocumentPair:
    unknown = set(row) - {"id", "direction", "verdict", "why", "base", "revision", "today", "witness", "openapi"}
    assert not unknown, f"{row['id']}: unknown {unknown}"
    version = row.get("openapi", "3.1.0")
    return DocumentPair(
        id=row["id"],
        theme=theme,
        direction=row["direction"],
        verdict=row["verdict"],
        why=row["why"],
        base=expand(row["base"], version),
        revision=expand(row["revision"], version),
        today=row.get("today"),
        witness=row.get("witness"),
    )


def expand(snippet: dict[str, Any], version: str) -> dict[str, Any]:
    """A whole document from a snippet. What is not said is the same on both sides:

    - `operation`: `GET /things`, with an answer `200` unless it has its own;
    - `post`: `POST /things`, likewise;
    - `body` (a media type's content) of `POST /things`; `answer` (likewise) of `GET /things` with 200;
    - all else stands in the document as it is.
    """
    rest = dict(snippet)
    paths: dict[str, Any] = dict(rest.pop("paths", {}))
    answers = {"200": {"description": "Done"}}
    if "operation" in rest:
        paths["/things"] = {"get": {"responses": answers} | rest.pop("operation")}
    if "answer" in rest:
        content = {"description": "Done", "content": rest.pop("answer")}
        paths["/things"] = {"get": {"responses": {"200": content}}}
    if "body" in rest:
        body = {"required": True, "content": rest.pop("body")}
        paths["/things"] = {"post": {"requestBody": body, "responses": answers}}
    if "post" in rest:
        paths["/things"] = {"post": {"responses": answers} | rest.pop("post")}
    document = {"openapi": version, "info": {"title": "Things", "version": "1.0.0"}, "paths": paths}
    return document | rest


def _around(schema: Schema, components: dict[str, Schema], version: str, direction: str) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    snippet: dict[str, Any] = {"body": content} if direction == "request" else {"answer": content}
    return expand(snippet | ({"components": {"schemas": components}} if components else {}), version)
