"""The rules for contracts (OpenAPI documents): stable id, severity, and why each exists.

The wording of a finding stands where it is checked. An estate's own files have theirs in
`contracts.estate.catalogue`.
"""

from collections.abc import Mapping
from typing import Final

from contracts.findings import Finding, Place, Rule

_ROWS: tuple[Rule, ...] = (
    # Reading a file.
    Rule("file-missing", "error", "A file that is referred to must exist."),
    Rule("file-unreadable", "error", "A file that cannot be read cannot be checked."),
    Rule("not-utf-8", "error", "YAML and JSON are exchanged in UTF-8 (RFC 8259 §8.1)."),
    Rule("empty-document", "error", "An empty file says nothing."),
    Rule("yaml-syntax", "error", "Files are YAML 1.2, core schema, one document, and only what JSON can hold."),
    Rule("json-syntax", "error", "A `.json` file is exactly one JSON text (RFC 8259)."),
    Rule("duplicate-key", "error", "Of two members with one key, readers disagree about which one holds."),
    Rule("key-not-string", "error", "JSON knows only string keys; `200` as a response code is read as one."),
    Rule("merge-key", "error", "Merge keys are not part of YAML 1.2, and other tools skip them."),
    Rule("document-too-large", "error", "Files are bounded, aliases expanded."),
    Rule("document-too-deep", "error", "Nesting is bounded, aliases expanded."),
    # References.
    Rule("dangling-reference", "error", "A reference must lead to something."),
    Rule("remote-reference", "error", "A contract is complete on disk: nothing is fetched from a network."),
    Rule("reference-outside-estate", "error", "A contract refers only to files that are reviewed with it."),
    Rule("reference-cycle", "error", "References that lead back to themselves describe nothing."),
    Rule("reference-mistyped", "error", "A reference must lead to the kind of object that belongs in its place."),
    Rule("reference-siblings", "error", "OpenAPI leaves undefined what stands beside a path item's `$ref`."),
    # The document.
    Rule("unsupported-openapi-version", "error", "Contracts are OpenAPI 3.0, 3.1 or 3.2."),
    Rule("openapi-invalid", "error", "A contract must be valid OpenAPI before its rules mean anything."),
    Rule("server-url-invalid", "error", "The path of `servers[0].url` is where the version is served."),
    Rule("no-operations", "warning", "A contract without operations serves nothing."),
    # Paths and operations.
    Rule("path-template-unsupported", "error", "Gateway and upstream must read every path in the same way."),
    Rule("path-claimed-twice", "error", "A request must have exactly one operation that governs it."),
    Rule("path-parameter-undeclared", "error", "Template and path parameters must name the same things."),
    Rule("operation-id-missing", "warning", "Usage, limits and changes are recorded by operation id."),
    Rule(
        "operation-id-unusable",
        "error",
        "Usage is stored by operation id: bounded text, without control characters.",
    ),
    Rule("operation-id-duplicate", "error", "An operation id names one operation of a version."),
    Rule("method-unsupported", "error", "The gateway does not carry this method."),
    # Security.
    Rule("operation-without-security", "error", "Nothing is public by omission; `security: []` says it aloud."),
    Rule("unknown-security-scheme", "error", "A requirement must name a declared scheme."),
    Rule(
        "unsupported-security-scheme",
        "error",
        "The gateway verifies OAuth access tokens and API keys, and no other scheme.",
    ),
    Rule("undeclared-scope", "error", "A scope that its scheme does not declare is a typo or a leftover."),
    # Parameters and bodies.
    Rule("parameter-duplicate", "error", "Name and location identify a parameter."),
    Rule("parameter-style-unsupported", "error", "OpenAPI defines each style for some locations and types only."),
    Rule("parameter-ambiguous", "error", "A parameter has either a `schema` or one entry in `content`."),
    Rule("parameter-ignored", "info", "OpenAPI reserves the Accept, Content-Type and Authorization headers."),
    Rule(
        "encoding-unsupported", "error", "A form is an object, and OpenAPI defines each style for some types only."
    ),
    Rule("body-not-checked", "info", "Only JSON bodies and forms are validated against their schema."),
    Rule("body-on-bodyless-method", "error", "RFC 9110 gives a body on GET, HEAD and DELETE no meaning."),
    # Schemas.
    Rule("schema-invalid", "error", "A schema must compile to be enforced."),
    Rule("schema-keyword-unsupported", "error", "The keyword would change how references or values are read."),
    Rule("pattern-unsupported", "error", "Patterns run in linear time: no look-around and no back-references."),
    Rule("keyword-without-effect", "warning", "The keyword does nothing here, which its author did not expect."),
    # Lifecycle and extensions.
    Rule("sunset-disagrees", "error", "Partners must not be told two dates."),
    Rule("unknown-extension", "error", "A misspelt extension would silently do nothing."),
    Rule("extension-invalid", "error", "The extension's value is not what it takes."),
    Rule(
        "classification-without-effect",
        "error",
        "What is marked as protected must be where it can be: in the JSON of an answer.",
    ),
    Rule("unknown-upstream", "error", "A call cannot be sent to an upstream that nobody declared."),
    # Odoo.
    Rule("upstream-kind-mismatch", "error", "`x-ostiary-odoo` needs an upstream of kind `odoo`."),
    Rule("odoo-mapping-missing", "error", "An operation on an Odoo upstream says which model serves it."),
    Rule("odoo-mapping-invalid", "error", "The mapping's value is not what it takes."),
    Rule("odoo-name-invalid", "error", "Models, fields and methods have Odoo's names; private ones stay private."),
    Rule("odoo-parameter-undeclared", "error", "A mapping can only use parameters that the contract declares."),
    Rule("odoo-parameter-unmapped", "warning", "A parameter that changes nothing misleads whoever sends it."),
    Rule("odoo-field-not-in-schema", "error", "A mapped property must be in the contract."),
    Rule("odoo-field-unmapped", "error", "A required property that nothing fills breaks every answer."),
    Rule("odoo-field-type", "error", "The property's schema decides how the value is converted."),
    Rule("odoo-field-contradicted", "error", "A field has one type and leads to one model: one use of it fails."),
    Rule("odoo-field-retired", "warning", "The Odoo of this upstream is of a version that has no such field."),
    Rule("odoo-paging-over-maximum", "error", "The contract promises a smaller maximum than the mapping admits."),
)

CONTRACT_RULES: Final[Mapping[str, Rule]] = {row.id: row for row in _ROWS}


class Report:
    """Collects findings while a contract is compiled. The same finding at the same place counts once."""

    def __init__(self) -> None:
        self._findings: dict[Finding, None] = {}

    def add(self, rule: str, place: Place, message: str) -> None:
        """A finding of a rule in the table, with the table's severity. Raises KeyError for any other id."""
        self._findings[Finding(place, rule, message, CONTRACT_RULES[rule].severity)] = None

    @property
    def findings(self) -> list[Finding]:
        return list(self._findings)
