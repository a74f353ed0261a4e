"""Compiles contracts of the tests, in an estate of two upstreams."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts.documents.document import Document, load, parse
from contracts.estate_files import UpstreamEntry
from contracts.findings import Finding
from contracts.openapi.compile import VersionContext, compile_version
from contracts.operations import ApiVersion

UPSTREAMS = {
    "shop": UpstreamEntry(url="http://127.0.0.1:8001"),
    "erp": UpstreamEntry(url="http://127.0.0.1:8069", kind="odoo"),
}
HEAD = """\
openapi: 3.1.0
info: {title: Orders, version: "1"}
security: [{oauth: [orders:read]}]
components:
  securitySchemes:
    oauth:
      type: oauth2
      flows:
        clientCredentials:
          tokenUrl: https://id.example/token
          scopes: {orders:read: Read, orders:write: Write}
"""


def document_of(text: str, file: str = "apis/orders/v1.openapi.yaml") -> Document:
    document, findings = parse(text, file)
    assert document is not None
    assert findings == []
    return document


def compile_text(
    text: str,
    *,
    files: Mapping[str, str] | None = None,
    file: str = "apis/orders/v1.openapi.yaml",
    **context: Any,
) -> tuple[ApiVersion | None, list[Finding]]:
    """Compiles a contract given as text; `files` are the others of the estate."""
    documents: dict[str, Document] = {}

    def read(name: str) -> Document | None:
        if name not in (files or {}):
            return None
        if name not in documents:
            documents[name] = document_of((files or {})[name], name)
        return documents[name]

    return compile_version(document_of(text, file), context_of(read, **context))


def compile_file(root: Path, file: str, **context: Any) -> tuple[ApiVersion | None, list[Finding]]:
    """Compiles a contract below `root`."""
    documents: dict[str, Document | None] = {}

    def read(name: str) -> Document | None:
        if name not in documents:
            documents[name] = load(root / name, name)[0]
        return documents[name]

    document, findings = load(root / file, file)
    assert document is not None
    assert findings == []
    return compile_version(document, context_of(read, **context))


def context_of(load: Any, **changes: Any) -> VersionContext:
    values = {
        "api": "orders",
        "version": "v1",
        "title": "Orders",
        "owner": "sales",
        "upstream": "shop",
        "upstreams": UPSTREAMS,
        "load": load,
    }
    return VersionContext(**{**values, **changes})


def rules_of(findings: list[Finding]) -> list[str]:
    return [finding.rule for finding in findings]


def compiled(text: str, **options: Any) -> ApiVersion:
    """The version, of a contract without errors."""
    version, findings = compile_text(text, **options)
    assert version is not None, "\n".join(map(str, findings))
    return version
