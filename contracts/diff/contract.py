"""One document as the diff takes it: read, resolved, and known to be OpenAPI; or everything that is wrong with it.

What a contract of an estate must be beyond OpenAPI does not matter here: any document of anyone's can be compared.
Only what would make a comparison meaningless refuses it: text that cannot be read, another format or version, a
structure that is not OpenAPI's, schemas that are none, and references that lead nowhere or out of its directory.
"""

import marshal
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

from contracts.containment.source import Schemas
from contracts.diff.tree import FolderTree, Tree
from contracts.documents.builder import quote
from contracts.documents.document import Document, Node, escape
from contracts.documents.quick_reader import parse_quickly
from contracts.findings import Finding, Place, has_errors
from contracts.openapi.errors import StructureCheck
from contracts.openapi.references import References
from contracts.openapi.rules import Report
from contracts.openapi.schema_cycles import check_cycles
from contracts.openapi.schemas import DIALECT
from contracts.openapi.structure import structure

_VERSION: Final = re.compile(r"(3\.[012])\.\d+(?:-.+)?")
# What the gateway cannot enforce can be compared all the same.
_NO_MATTER: Final = frozenset(("reference-siblings",))


@dataclass(frozen=True)
class Contract:
    """A document that can be compared. `documents` are all files of it that were read, by their path below its
    root; `folder` is what turns such a path into one that the caller can open."""

    document: Document
    minor: str
    references: References
    documents: Mapping[str, Document | None]
    folder: str = ""
    _mentioned: dict[str, bool] = field(default_factory=dict, repr=False)

    def node(self, place: tuple[str, str]) -> Node:
        """The node at a file and JSON pointer, or its nearest parent."""
        file, pointer = place
        document = self.documents.get(file) or self.document
        while (found := document.at(pointer)) is None:
            pointer = pointer.rpartition("/")[0]
        return found

    def owns(self, document: Document) -> bool:
        """Whether a file is one of this contract's."""
        return self.documents.get(document.file) is document

    def shown(self, place: Place) -> Place:
        """A place as the caller names files."""
        return _shown(place, self.folder)

    def mentions(self, word: str) -> bool:
        """Whether the word stands anywhere in its files."""
        if word not in self._mentioned:
            data = word.encode()
            files = (each.value for each in self.documents.values() if each is not None)
            self._mentioned[word] = any(data in marshal.dumps(value, 2) for value in files)
        return self._mentioned[word]

    @cached_property
    def requests(self) -> Schemas:
        """Its schemas as a consumer's messages see them."""
        return Schemas.of_references(self.references, "request")

    @cached_property
    def responses(self) -> Schemas:
        """Its schemas as the messages that a consumer receives see them."""
        return Schemas.of_references(self.references, "response")


def load_contract(path: Path) -> tuple[Contract | None, list[Finding]]:
    """The document at `path` and every finding; it is None with an error among them."""
    tree = FolderTree.of(path)
    return contract_in(tree, tree.start)


def contract_in(tree: Tree, name: str) -> tuple[Contract | None, list[Finding]]:
    """The document of that name in a tree and every finding; it is None with an error among them."""
    findings: list[Finding] = []
    documents: dict[str, Document | None] = {}

    def load(name: str) -> Document | None:
        if name not in documents:
            documents[name], faults = tree.read(name) or (None, [])
            findings.extend(faults)
        return documents[name]

    document = load(name)
    contract = None
    if document is not None:
        contract = _read(document, load, documents, tree.folder, findings)
    elif not findings:
        findings.append(Finding(Place(name), "file-missing", f"the file {name!r} does not exist"))
    shown = [replace(each, place=_shown(each.place, tree.folder)) for each in sorted(set(findings))]
    return (None if has_errors(shown) else contract), shown


def contract_of(text: str, file: str = "openapi.yaml") -> tuple[Contract | None, list[Finding]]:
    """The document that a text holds, in which every reference is local; JSON if `file` ends in `.json`."""
    document, findings = parse_quickly(text, file)
    if document is None:
        return None, findings
    documents: dict[str, Document | None] = {file: document}
    contract = _read(document, documents.get, documents, "", findings)
    return (None if has_errors(findings) else contract), sorted(set(findings))


def _read(
    document: Document,
    load: Callable[[str], Document | None],
    documents: Mapping[str, Document | None],
    folder: str,
    findings: list[Finding],
) -> Contract | None:
    report = Report()
    minor = _minor(document, report)
    contract = None
    if minor is not None:
        references = References(document, load, report)
        _check_structure(document, minor, report)
        check_cycles(references, report)
        _check_schemas(references, report)
        contract = Contract(document, minor, references, documents, folder)
    findings.extend(each for each in report.findings if each.rule not in _NO_MATTER)
    return contract


def _shown(place: Place, folder: str) -> Place:
    if folder.endswith(":"):
        return replace(place, file=folder + place.file)
    path = posixpath.normpath(posixpath.join(folder, place.file))
    # Up and down again leads back to where the caller is.
    return replace(place, file=posixpath.relpath(path) if path.startswith("../") else path)


def _minor(document: Document, report: Report) -> str | None:
    root = document.root
    if not isinstance(root.value, dict):
        report.add("openapi-invalid", root.place, "this is no OpenAPI document: it is not a mapping")
        return None
    node, swagger = root.get("openapi"), root.get("swagger")
    match = _VERSION.fullmatch(node.value) if node is not None and isinstance(node.value, str) else None
    if match is not None:
        return match[1]
    if node is not None:
        whole = re.fullmatch(r"3\.[012]", str(node.value))
        hint = f"; write the whole version, such as `{node.value}.0`" if whole else ""
        found = f"the document says `openapi: {node.value}`{hint}"
    elif swagger is not None:
        found = f"the document says `swagger: {swagger.value}`; convert it to OpenAPI 3 first"
    else:
        found = "this is no OpenAPI document: it has no `openapi`"
    place = (node or swagger or root).place
    report.add("unsupported-openapi-version", place, f"{found}; supported are OpenAPI 3.0, 3.1 and 3.2")
    return None


def _check_structure(document: Document, minor: str, report: Report) -> None:
    for error in structure(minor).errors(document.value):
        pointer = "".join("/" + escape(part) for part in error.path)
        place = document.place_of_key(pointer) if error.at_key else document.place(pointer)
        report.add("openapi-invalid", place, error.message)


@cache
def _metaschema() -> tuple[jsonschema_rs.Draft202012Validator, StructureCheck]:
    many: dict[str, Any] = {"$schema": DIALECT, "type": "array", "items": {"$ref": DIALECT}}
    return jsonschema_rs.Draft202012Validator(many), StructureCheck({"$schema": DIALECT, "$ref": DIALECT})


def _check_schemas(references: References, report: Report) -> None:
    """Reports what is no JSON Schema. Those of 3.0 are part of its structure, unless they lie in other files."""
    if references.legacy:
        return
    at_once, one_by_one = _metaschema()
    if at_once.is_valid([node.value for node in references.schemas]):
        return
    for node in references.schemas:
        for error in one_by_one.errors(node.value):
            pointer = node.pointer + "".join("/" + escape(part) for part in error.path)
            place = node.document.place(pointer)
            report.add("schema-invalid", place, f"this is no valid schema: {quote(node.key)}: {error.message}")
