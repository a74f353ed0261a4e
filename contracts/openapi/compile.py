"""Compiles one OpenAPI document to the operations that the gateway enforces, with every finding at once.

Pure but for the files that the document refers to, which `VersionContext.load` reads. Every rule runs on every
document, however broken; a document with an error compiles to None.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from contracts.documents.builder import quote
from contracts.documents.document import Document, Node
from contracts.estate_files import DefaultsEntry, UpstreamEntry
from contracts.findings import Finding, Place, has_errors
from contracts.openapi.bodies import compile_body, compile_responses
from contracts.openapi.classification import check_classes, classes_of
from contracts.openapi.extensions import (
    ODOO,
    check_known,
    check_sunset,
    limit_of,
    policies_of,
    retry_of,
    upstream_of,
    websocket_of,
)
from contracts.openapi.grammar import METHODS
from contracts.openapi.odoo.guard import compile_rpc
from contracts.openapi.odoo.mapping import compile_odoo
from contracts.openapi.parameters import compile_parameters
from contracts.openapi.paths import base_path_of, parameters_of, shape_of, template_fault
from contracts.openapi.references import Load, References
from contracts.openapi.rules import Report
from contracts.openapi.schema_check import check_schemas
from contracts.openapi.schema_cycles import check_cycles
from contracts.openapi.schemas import DIALECTS, SchemaBundle
from contracts.openapi.security import SecurityRules
from contracts.openapi.validity import check_openapi
from contracts.operations import ApiVersion, Backend, HttpBackend, Lifecycle, Operation, VersionChoice
from contracts.policy_settings import PolicyUse, joined

_VERSION: Final = re.compile(r"(3\.[012])\.\d+(-.+)?")
_TELLING: Final = (
    *("parameter-ambiguous", "parameter-style-unsupported", "path-template-unsupported", "pattern-unsupported"),
    *("schema-keyword-unsupported", "reference-siblings"),
)
_REFUSED_METHODS: Final = ("trace", "query")
_MAX_ID: Final = 255
"""Characters of an operation id: what a gateway's counts (`contracts.usage.batch`) have room for."""
_NOT_WORD: Final = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class VersionContext:
    """What the estate says about a version. `upstream` is the name of the one that serves it by default;
    `upstreams` are all that the estate declares. `load` reads a file by its path in the estate, and reports by
    itself what is wrong inside of it; None for a file that is missing or unreadable. `known_valid` says that the
    document was found to be valid OpenAPI before, which is most of the work, and is not looked at again.
    `policies` are the settings that the estate and the API make; `choice` says how clients choose the version, and
    `default` whether those who could name it in the path, and do not, mean this one."""

    api: str
    version: str
    title: str
    owner: str
    upstream: str
    upstreams: Mapping[str, UpstreamEntry]
    load: Load
    classification: str = "internal"
    criticality: int = 3
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    defaults: DefaultsEntry = field(default_factory=DefaultsEntry)
    known_valid: bool = False
    policies: tuple[tuple[PolicyUse, ...], ...] = ()
    choice: VersionChoice | None = None
    default: bool = False

    @property
    def base_path(self) -> str:
        """Where the version is served if its contract does not say: at one place with all others of the API if
        clients do not choose it by the path."""
        return f"/{self.api}/{self.version}" if self.choice is None else f"/{self.api}"


def compile_version(document: Document, context: VersionContext) -> tuple[ApiVersion | None, list[Finding]]:
    """The compiled version (None if anything forbids publication), and all findings in file order."""
    report = Report()
    minor = _minor(document, report)
    version = _Compiler(document, context, minor, report).run() if minor else None
    findings = sorted(_without_echoes(report.findings, minor))
    return (None if has_errors(findings) else version), findings


def _without_echoes(findings: list[Finding], minor: str | None) -> list[Finding]:
    """Each fault once, by the rule that says it best: of schemas, OpenAPI's own rules know those of 3.0 best."""
    found: dict[str, set[Place]] = {}
    for finding in findings:
        found.setdefault(finding.rule, set()).add(finding.place)
    better = _TELLING if minor == "3.0" else (*_TELLING, "schema-invalid")
    told = set[Place]().union(*(found.get(rule, ()) for rule in better))
    schemas_told = found.get("openapi-invalid", set()) - told
    return [
        finding
        for finding in findings
        if not (finding.rule == "openapi-invalid" and finding.place in told)
        and not (finding.rule == "schema-invalid" and finding.place in schemas_told)
    ]


def _minor(document: Document, report: Report) -> str | None:
    node = document.root.get("openapi")
    text = node.value if node is not None else None
    match = _VERSION.fullmatch(text) if isinstance(text, str) else None
    if match is not None:
        return match[1]
    swagger = document.root.get("swagger")
    found = (
        f"`openapi: {text}`" if node is not None else f"`swagger: {swagger.value}`" if swagger else "no `openapi`"
    )
    report.add(
        "unsupported-openapi-version",
        (node or swagger or document.root).place,
        f"the document says {found}; supported are OpenAPI 3.0, 3.1 and 3.2",
    )
    return None


class _Compiler:
    """One run over one document."""

    def __init__(self, document: Document, context: VersionContext, minor: str, report: Report) -> None:
        self.document, self.context, self.minor, self.report = document, context, minor, report
        self.references = References(document, context.load, report)
        self.security = SecurityRules(self.references, report)
        urn = f"urn:ostiary:{context.api}:{context.version}"
        self.requests = SchemaBundle(self.references, f"{urn}:request", "request", report)
        self.responses = SchemaBundle(self.references, f"{urn}:response", "response", report)
        self.classes = classes_of(self.references)
        self.ids: dict[str, Node] = {}

    def run(self) -> ApiVersion:
        root, context, report = self.document.root, self.context, self.report
        check_cycles(self.references, report)
        if not context.known_valid:
            check_openapi(self.references, self.minor, report)
        check_known(self.references, report)
        check_classes(self.references, report)
        check_sunset(root, context.lifecycle, report)
        dialect = root.get("jsonSchemaDialect")
        if dialect is not None and str(dialect.value) not in DIALECTS:
            report.add(
                "schema-keyword-unsupported",
                dialect.place,
                f"the dialect {quote(str(dialect.value))} is not supported; contracts use 2020-12",
            )
        operations = tuple(self._operations())
        if not operations:
            report.add("no-operations", (root.get("paths") or root).key_place, "the contract has no operations")
        resources = [bundle.resource() for bundle in (self.requests, self.responses)]
        check_schemas(self.references, report)
        return ApiVersion(
            api=context.api,
            version=context.version,
            title=context.title,
            owner=context.owner,
            base_path=self._base_path(),
            revision=revision_of(self.references),
            operations=operations,
            lifecycle=context.lifecycle,
            classification=context.classification,
            criticality=context.criticality,
            choice=context.choice,
            default=context.default,
            documents={found["$id"]: found for found in resources if found["components"]["schemas"]},
        )

    def _base_path(self) -> str:
        default = self.context.base_path
        servers = self.document.root.get("servers")
        first = next(servers.items(), None) if servers is not None else None
        url = first.text("url") if first is not None else None
        if first is None or url is None:
            return default
        served, variables = url, first.get("variables")
        for name, variable in variables.members() if variables is not None else ():
            served = served.replace(f"{{{name}}}", variable.text("default") or "")
        path = base_path_of(served)
        if path is None:
            self.report.add(
                "server-url-invalid",
                (first.get("url") or first).place,
                f"{quote(url)} has no plain path",
            )
        return path or default

    def _operations(self) -> "list[Operation]":
        paths = self.document.root.get("paths")
        shapes: dict[str, Node] = {}
        operations: list[Operation] = []
        for path, written in paths.members() if paths is not None else ():
            if path.startswith("x-"):
                continue
            if fault := template_fault(path):
                self.report.add("path-template-unsupported", written.key_place, f"the path {quote(path)} {fault}")
            first = shapes.setdefault(shape_of(path), written)
            if first is not written:
                place = first.key_place
                self.report.add(
                    "path-claimed-twice",
                    written.key_place,
                    f"the path {quote(path)} matches the same requests as {quote(first.key)} at {place}",
                )
            item = self.references.follow(written)
            if item is None:
                continue
            self._check_servers(item)
            for key, node in item.members():
                if key in _REFUSED_METHODS or key == "additionalOperations":
                    self.report.add(
                        "method-unsupported", node.key_place, f"the gateway does not carry {quote(key)} operations"
                    )
                elif key in METHODS and isinstance(node.value, dict):
                    operations.append(self._operation(path, written, item, node))
        return operations

    def _operation(self, path: str, written: Node, item: Node, node: Node) -> Operation:
        context, report, root = self.context, self.report, self.document.root
        method = node.key.upper()
        label = f"{method} {path}"
        self._check_servers(node)
        demand = self.security.of(node, label)
        parameters = compile_parameters(item, node, self.references, self.requests, report)
        if not template_fault(path):
            self._check_path_parameters(path, node, [p.name for p in parameters if p.location == "path"])
        check_sunset(node, context.lifecycle, report)
        cost, max_body = limit_of(root, node, context.defaults.max_body, report)
        return Operation(
            id=self._id(method, path, node),
            method=method,
            path=path,
            pointer=f"{written.pointer}/{node.key}",
            backend=self._backend(item, node, label),
            scopes=demand.scopes,
            public=demand.public,
            parameters=parameters,
            body=compile_body(node, self.references, self.requests, report),
            responses=compile_responses(node, self.references, self.responses, report),
            max_body=max_body,
            cost=cost,
            unknown_query=context.defaults.unknown_query,
            deprecated=node.flag("deprecated"),
            retry=retry_of(node, report),
            websocket=websocket_of(node, report),
            api_key=demand.api_key,
            policies=joined((self.classes, *context.policies, *policies_of(root, node, report))),
        )

    def _check_servers(self, holder: Node) -> None:
        servers = holder.get("servers")
        if servers is not None:
            self.report.add(
                "keyword-without-effect",
                servers.key_place,
                "`servers` have no effect here: a version is served at the path of the document's first server",
            )

    def _id(self, method: str, path: str, node: Node) -> str:
        given = node.text("operationId")
        if not given:
            given = "_".join(part for part in _NOT_WORD.split(f"{method.lower()} {path}") if part)
            self.report.add(
                "operation-id-missing",
                node.key_place,
                f"{method} {path} has no `operationId`; it is recorded as {quote(given)}",
            )
        if len(given) > _MAX_ID or not given.isprintable():
            self.report.add(
                "operation-id-unusable",
                (node.get("operationId") or node).place,
                f"the operation id {quote(given[:60])} is longer than {_MAX_ID} characters, "
                "or has one that cannot be shown",
            )
        first = self.ids.setdefault(given, node)
        if first is not node:
            self.report.add(
                "operation-id-duplicate",
                (node.get("operationId") or node).place,
                f"the operation id {quote(given)} is taken by the operation at {first.key_place}",
            )
        return given

    def _check_path_parameters(self, path: str, node: Node, declared: list[str]) -> None:
        named = parameters_of(path)
        for name in named:
            if name not in declared:
                self.report.add(
                    "path-parameter-undeclared",
                    node.key_place,
                    f"{node.key.upper()} {path} declares no path parameter {quote(name)}",
                )
        for name in declared:
            if name not in named:
                self.report.add(
                    "path-parameter-undeclared",
                    node.key_place,
                    f"{node.key.upper()} declares the path parameter {quote(name)}, which is not in {quote(path)}",
                )

    def _backend(self, item: Node, node: Node, label: str) -> Backend:
        name, named_by = upstream_of(self.document.root, node, self.context.upstream, self.report)
        upstream = self.context.upstreams.get(name)
        if upstream is None and named_by is not None:
            known = ", ".join(quote(known) for known in self.context.upstreams) or "none"
            self.report.add(
                "unknown-upstream", named_by.place, f"there is no upstream {quote(name)}; declared: {known}"
            )
        mapping = node.get(ODOO)
        kind = upstream.kind if upstream is not None else None
        if mapping is None:
            if kind == "odoo":
                self.report.add(
                    "odoo-mapping-missing",
                    node.key_place,
                    f"{label} is served by the Odoo upstream {quote(name)} and has no `{ODOO}`",
                )
            return HttpBackend(name)
        if kind == "http":
            self.report.add(
                "upstream-kind-mismatch",
                mapping.key_place,
                f"{label} has `{ODOO}`, but its upstream {quote(name)} is of kind `http`",
            )
        if mapping.text("action") == "rpc":
            return compile_rpc(mapping, item, node, name, self.references, self.report)
        return compile_odoo(mapping, item, node, name, self.references, self.report)


def revision_of(references: References) -> str:
    """The SHA-256 (hex) of a contract: its document and all that it refers to, as deterministic JSON."""
    reached = {f"{r.target.document.file}#{r.target.pointer}": r.target.value for r in references.foreign()}
    content = {"document": references.entry.value, "references": reached}
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
