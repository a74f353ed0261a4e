"""What an operation demands of a caller: its `security`, or the document's (OAS 3.1 §4.8.30).

The alternatives of `security` stay alternatives; the schemes inside one hold all at once, so their scopes are
joined. A scheme carries an OAuth access token (`oauth2`, `openIdConnect`, or HTTP `bearer`), or it is an API key
in a header, which stands alone: what it lists are the scopes that the key has to be good for.
"""

import re
from typing import Final, NamedTuple

from contracts.documents.builder import quote
from contracts.documents.document import Node
from contracts.openapi.extensions import signature_of
from contracts.openapi.references import References
from contracts.openapi.rules import Report
from contracts.operations import ApiKeyUse

Scopes = tuple[tuple[str, ...], ...]
_BEARER_TYPES: Final = ("oauth2", "openIdConnect")
# These mean something else, to us or to HTTP.
_TAKEN: Final = frozenset(
    (
        "authorization",
        "proxy-authorization",
        "cookie",
        "host",
        "connection",
        "content-length",
        "content-type",
        "te",
    )
)
_FIELD_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2


class Demand(NamedTuple):
    """The alternatives of scopes for tokens, whether the operation is public, and the use of API keys."""

    scopes: Scopes
    public: bool
    api_key: ApiKeyUse | None = None


class SecurityRules:
    """The security of one document."""

    def __init__(self, references: References, report: Report) -> None:
        self._references = references
        self._report = report
        self._root = references.entry.root
        section = references.entry.at("/components/securitySchemes")
        self._schemes = dict(section.members()) if section is not None else {}
        self._unsupported: dict[str, str] = {}
        self._fields: dict[str, str] = {}
        """Of API keys, the header field by the scheme's name."""
        self._signed: set[str] = set()
        """The fields of those that sign the request."""
        self._declared = {name: self._scopes_of(name) for name in self._schemes}

    def of(self, operation: Node, label: str) -> Demand:
        """What the operation demands. `label` names it in findings."""
        security = operation.get("security") or self._root.get("security")
        if security is None or not isinstance(security.value, list):
            self._report.add(
                "operation-without-security",
                operation.key_place,
                f"{label} has no `security`, and neither has the document; write `security: []` if it is public",
            )
            return Demand((), False)
        if not security.value:
            return Demand((), True)
        alternatives: dict[tuple[str, ...], None] = {}
        keys: dict[str, dict[tuple[str, ...], None]] = {}
        for requirement in security.items():
            if requirement.value == {}:
                self._report.add(
                    "operation-without-security",
                    requirement.place,
                    "`{}` admits callers without a credential; `security: []` says that aloud",
                )
            scopes = self._alternative(requirement)
            field = self._field(requirement)
            (alternatives if field is None else keys.setdefault(field, {}))[scopes] = None
        if len(keys) > 1:
            written = security.place
            self._report.add(
                "unsupported-security-scheme",
                written,
                f"{label} takes API keys in {len(keys)} fields; supported is one field for an operation",
            )
        used = [ApiKeyUse(field, tuple(found), field in self._signed) for field, found in keys.items()]
        return Demand(tuple(alternatives), False, used[0] if used else None)

    def _field(self, requirement: Node) -> str | None:
        """The field of the API key that an alternative asks for; None for one that asks for tokens."""
        names = [(name, listed) for name, listed in requirement.members()]
        fields = [(name, listed) for name, listed in names if name in self._fields]
        if not fields:
            return None
        if len(names) > 1:
            name, listed = fields[0]
            self._report.add(
                "unsupported-security-scheme",
                listed.key_place,
                f"the API key {quote(name)} stands beside another scheme; supported is an alternative of its own",
            )
        return self._fields[fields[0][0]]

    def _alternative(self, requirement: Node) -> tuple[str, ...]:
        scopes: dict[str, None] = {}
        for name, listed in requirement.members():
            declared = self._declared.get(name)
            if name not in self._schemes:
                known = ", ".join(quote(scheme) for scheme in self._schemes) or "none"
                self._report.add(
                    "unknown-security-scheme",
                    listed.key_place,
                    f"the security scheme {quote(name)} is not declared; `securitySchemes` has {known}",
                )
            elif name in self._unsupported:
                self._report.add("unsupported-security-scheme", listed.key_place, self._unsupported[name])
            for scope in listed.items():
                if not isinstance(scope.value, str):
                    continue
                scopes[scope.value] = None
                if declared is not None and scope.value not in declared:
                    self._report.add(
                        "undeclared-scope",
                        scope.place,
                        f"the scope {quote(scope.value)} is in no flow of the scheme {quote(name)}",
                    )
        return tuple(scopes)

    def _read_key(self, name: str, scheme: Node, signed: bool) -> None:
        field = (scheme.text("name") or "").lower()
        if scheme.text("in") != "header":
            # A key in a query is in every log on the way; one in a cookie is sent by pages that nobody asked.
            self._unsupported[name] = (
                f"the API key {quote(name)} is not sent in a header; nothing else is supported"
            )
        elif field in _TAKEN or not _FIELD_NAME.fullmatch(field):
            self._unsupported[name] = f"the API key {quote(name)} is sent in a field that it cannot be sent in"
        else:
            self._fields[name] = field
            if signed:
                self._signed.add(field)

    def _scopes_of(self, name: str) -> frozenset[str] | None:
        """The scopes that a scheme declares; None where it declares none by its type."""
        written = self._schemes[name]
        scheme = self._references.follow(written)
        if scheme is None:
            return None
        kind = scheme.text("type")
        signed = signature_of(scheme, self._report)
        if kind == "apiKey":
            self._read_key(name, scheme, signed)
            return None
        bearer = kind == "http" and (scheme.text("scheme") or "").lower() == "bearer"
        if kind not in _BEARER_TYPES and not bearer:
            self._unsupported[name] = (
                f"the security scheme {quote(name)} has the type {quote(str(kind))};"
                " supported are `oauth2`, `openIdConnect`, `apiKey` and `http` with `bearer`"
            )
        flows = scheme.get("flows")
        if kind != "oauth2" or flows is None:
            return None
        declared: set[str] = set()
        for _, flow in flows.members():
            if (scopes := flow.get("scopes")) is not None:
                declared.update(scope for scope, _ in scopes.members())
        return frozenset(declared)
