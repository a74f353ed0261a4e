"""What an operation demands of a token: its `security`, or the document's (OAS 3.1 §4.8.30).

The alternatives of `security` stay alternatives; the schemes inside one hold all at once, so their scopes are
joined. Every scheme must be one that carries an OAuth access token: `oauth2`, `openIdConnect`, or HTTP `bearer`.
"""

from typing import Final

from contracts.documents.builder import quote
from contracts.documents.document import Node
from contracts.openapi.references import References
from contracts.openapi.rules import Report

Scopes = tuple[tuple[str, ...], ...]
_BEARER_TYPES: Final = ("oauth2", "openIdConnect")


class SecurityRules:
    """The security of one document."""

    def __init__(self, references: References, report: Report) -> None:
        self._references = references
        self._report = report
        self._root = references.entry.root
        section = references.entry.at("/components/securitySchemes")
        self._schemes = dict(section.members()) if section is not None else {}
        self._unsupported: dict[str, str] = {}
        self._declared = {name: self._scopes_of(name) for name in self._schemes}

    def of(self, operation: Node, label: str) -> tuple[Scopes, bool]:
        """The alternatives of scopes, and whether the operation is public. `label` names it in findings."""
        security = operation.get("security") or self._root.get("security")
        if security is None or not isinstance(security.value, list):
            self._report.add(
                "operation-without-security",
                operation.key_place,
                f"{label} has no `security`, and neither has the document; write `security: []` if it is public",
            )
            return (), False
        if not security.value:
            return (), True
        alternatives: dict[tuple[str, ...], None] = {}
        for requirement in security.items():
            if requirement.value == {}:
                self._report.add(
                    "operation-without-security",
                    requirement.place,
                    "`{}` admits callers without a credential; `security: []` says that aloud",
                )
            alternatives[self._alternative(requirement)] = None
        return tuple(alternatives), False

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

    def _scopes_of(self, name: str) -> frozenset[str] | None:
        """The scopes that a scheme declares; None where it declares none by its type."""
        written = self._schemes[name]
        scheme = self._references.follow(written)
        if scheme is None:
            return None
        kind = scheme.text("type")
        bearer = kind == "http" and (scheme.text("scheme") or "").lower() == "bearer"
        if kind not in _BEARER_TYPES and not bearer:
            self._unsupported[name] = (
                f"the security scheme {quote(name)} has the type {quote(str(kind))};"
                " supported are `oauth2`, `openIdConnect` and `http` with `bearer`"
            )
        flows = scheme.get("flows")
        if kind != "oauth2" or flows is None:
            return None
        declared: set[str] = set()
        for _, flow in flows.members():
            if (scopes := flow.get("scopes")) is not None:
                declared.update(scope for scope, _ in scopes.members())
        return frozenset(declared)
