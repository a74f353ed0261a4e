"""Security: what a consumer must show to be let in (OAS 3.1 §4.8.30).

The requirements of an operation are alternatives; inside one, all schemes hold at once, each with its scopes. A
consumer who satisfies an alternative of the base is still let in where some alternative of the revision asks for
no scheme and no scope more.
"""

import json
from dataclasses import dataclass
from typing import Final

from contracts.diff.changes import Where, said
from contracts.diff.context import Context
from contracts.diff.contract import Contract
from contracts.diff.model import Operation
from contracts.diff.rule import DiffRule, row
from contracts.documents.document import Node
from contracts.findings import Severity
from contracts.openapi.extensions import SIGNATURE


def _rule(name: str, severity: Severity, why: str) -> DiffRule:
    return row(name, severity, why, area="security", direction="request")


ROWS: Final = (
    _rule("security-added", "error", "Consumers call the operation without a credential."),
    _rule("security-removed", "warning", "Everybody can call what was protected; consumers need no change."),
    _rule("security-became-optional", "info", "A call without a credential is let in too."),
    _rule("security-became-required", "error", "Calls without a credential were let in, and are refused now."),
    _rule("security-scope-added", "error", "Tokens of consumers do not have the scope that is asked for now."),
    _rule("security-scope-removed", "info", "A token needs one scope less."),
    _rule("security-scheme-added", "error", "Consumers must show a second credential beside the one they have."),
    _rule("security-scheme-removed", "info", "Consumers need one credential less."),
    _rule("security-alternative-added", "info", "There is another way to be let in."),
    _rule("security-alternative-removed", "error", "Consumers who were let in this way are refused now."),
    _rule("security-scheme-type-changed", "error", "The credential that consumers have is of another kind."),
    _rule("security-scheme-http-changed", "error", "Consumers send their credential by another HTTP scheme."),
    _rule(
        "security-scheme-key-moved", "error", "Consumers send their key in another place or under another name."
    ),
    _rule("security-scheme-issuer-changed", "error", "Consumers have tokens of another issuer."),
    _rule("security-scheme-format-changed", "info", "`bearerFormat` is a hint; consumers do not read tokens."),
    _rule("security-flow-added", "info", "There is another way to get a token."),
    _rule("security-flow-removed", "error", "Consumers get their tokens by a flow that there is no more."),
    _rule("security-flow-url-changed", "warning", "Consumers ask for tokens at an address that may be gone."),
    _rule("security-flow-scope-added", "info", "Consumers can ask for another scope."),
    _rule("security-flow-scope-removed", "warning", "Consumers ask for a scope that is not granted any more."),
)

_NOTES: Final = ("description", "bearerFormat", "deprecated")
_FLOW_URLS: Final = ("authorizationUrl", "tokenUrl", "refreshUrl", "deviceAuthorizationUrl")


@dataclass(frozen=True, slots=True)
class _Alternative:
    """The schemes of one requirement, each with its scopes."""

    schemes: dict[str, frozenset[str]]
    node: Node

    def asks_no_more_than(self, other: "_Alternative") -> bool:
        return all(
            name in other.schemes and scopes <= other.schemes[name] for name, scopes in self.schemes.items()
        )

    def same_as(self, other: "_Alternative") -> bool:
        return self.schemes == other.schemes

    def __str__(self) -> str:
        parts = [
            f"{name} ({', '.join(sorted(scopes))})" if scopes else name for name, scopes in self.schemes.items()
        ]
        return " and ".join(parts) or "no credential"


def compare_security(context: Context, base: Operation, revision: Operation, where: Where) -> None:
    """The requirements of one operation. An outgoing one is let in by the consumer, by terms of the API's own, so
    that only its schemes are compared."""
    renamed = _renamed(context)
    before, after = _alternatives(base, renamed), _alternatives(revision, {})
    node = revision.security or revision.node
    at = where.down("security")
    if not base.outgoing:
        _compare_alternatives(context, before, after, node, at)
    used = {name for each in (*before, *after) for name in each.schemes}
    for name in sorted(used):
        _compare_scheme(context, name)


def _renamed(context: Context) -> dict[str, str]:
    """Schemes that are only called otherwise: a scheme's name is not sent."""
    before, after = _schemes(context.base), _schemes(context.revision)
    fresh = {name: _essence(node) for name, node in after.items() if name not in before}
    found: dict[str, str] = {}
    for name, node in before.items():
        if name in after:
            continue
        same = [
            other for other, essence in fresh.items() if essence == _essence(node) and other not in found.values()
        ]
        if same:
            found[name] = same[0]
    return found


def _schemes(contract: Contract) -> dict[str, Node]:
    section = contract.document.at("/components/securitySchemes")
    found = {}
    for name, written in section.members() if section is not None else ():
        node = contract.references.follow(written)
        if node is not None and isinstance(node.value, dict):
            found[name] = node
    return found


def _essence(scheme: Node) -> str:
    """What a consumer has to do by a scheme."""
    kept = {key: value for key, value in scheme.value.items() if key not in _NOTES and not key.startswith("x-")}
    return json.dumps(kept, sort_keys=True, default=str)


def _alternatives(operation: Operation, renamed: dict[str, str]) -> list[_Alternative]:
    """Empty for an operation that lets everybody in."""
    security = operation.security
    found: list[_Alternative] = []
    for requirement in security.items() if security is not None else ():
        schemes = {
            renamed.get(name, name): frozenset(str(scope) for scope in listed.value)
            if isinstance(listed.value, list)
            else frozenset()
            for name, listed in requirement.members()
        }
        found.append(_Alternative(schemes, requirement))
    return found


def _compare_alternatives(
    context: Context, before: list[_Alternative], after: list[_Alternative], node: Node, at: Where
) -> None:
    changes = context.changes
    if not before and not after:
        return
    if not before:
        if any(not each.schemes for each in after):
            changes.add("security-alternative-added", at, f"a credential is accepted now: {_said(after)}", node)
        else:
            message = f"the operation was open to everybody and asks for {_said(after)} now"
            changes.add("security-added", at, message, node, after=_plain(after))
        return
    if not after:
        if all(each.schemes for each in before):
            message = f"the operation asked for {_said(before)} and is open to everybody now"
            changes.add("security-removed", at, message, node, before=_plain(before))
        return
    was_open, is_open = (any(not each.schemes for each in side) for side in (before, after))
    if is_open and not was_open:
        changes.add("security-became-optional", at, "a call without a credential is let in too", node)
    if was_open and not is_open:
        changes.add("security-became-required", at, "a call without a credential was let in, and is not now", node)
    taken = [each for each in after if any(each.same_as(other) for other in before)]
    for old in before:
        if not old.schemes or any(old.same_as(new) for new in after):
            continue
        if any(new.asks_no_more_than(old) for new in after):
            _report_relief(context, old, after, at)
            continue
        _report_loss(context, old, after, taken, at)
    for new in after:
        related = any(new.asks_no_more_than(old) or _alike(old, new) for old in before)
        if new.schemes and not related:
            changes.add(
                "security-alternative-added",
                at,
                f"one is let in by {said(str(new))} too",
                new.node,
                subject=str(new),
            )


def _alike(old: _Alternative, new: _Alternative) -> bool:
    return bool(old.schemes) and set(old.schemes) <= set(new.schemes)


def _report_relief(context: Context, old: _Alternative, after: list[_Alternative], at: Where) -> None:
    """Which schemes and scopes are not asked for any more."""
    new = next((each for each in after if each.schemes and each.asks_no_more_than(old)), None)
    if new is None:
        return  # everybody is let in, which is reported by itself
    for name, scopes in old.schemes.items():
        if name not in new.schemes:
            message = f"{said(name)} is not asked for any more"
            context.changes.add("security-scheme-removed", at, message, new.node, before=name, subject=name)
        for scope in sorted(scopes - new.schemes.get(name, scopes)):
            message = f"the scope {said(scope)} of {said(name)} is not asked for any more"
            context.changes.add(
                "security-scope-removed", at, message, new.node, before=scope, subject=f"{name}:{scope}"
            )


def _report_loss(
    context: Context, old: _Alternative, after: list[_Alternative], taken: list[_Alternative], at: Where
) -> None:
    """Why those who were let in by an alternative are not any more."""
    changes = context.changes
    new = next((each for each in after if each not in taken and _alike(old, each)), None)
    if new is None:
        message = f"one is not let in by {said(str(old))} any more"
        changes.add("security-alternative-removed", at, message, old.node, before=str(old), subject=str(old))
        return
    for name, scopes in new.schemes.items():
        if name not in old.schemes:
            message = f"{said(name)} is asked for too, beside {said(str(old))}"
            changes.add("security-scheme-added", at, message, new.node, after=name, subject=name)
            continue
        for scope in sorted(scopes - old.schemes[name]):
            message = f"the scope {said(scope)} of {said(name)} is asked for"
            changes.add("security-scope-added", at, message, new.node, after=scope, subject=f"{name}:{scope}")
        for scope in sorted(old.schemes[name] - scopes):
            message = f"the scope {said(scope)} of {said(name)} is not asked for any more"
            changes.add("security-scope-removed", at, message, new.node, before=scope, subject=f"{name}:{scope}")


def _said(alternatives: list[_Alternative]) -> str:
    return " or ".join(said(str(each)) for each in alternatives)


def _plain(alternatives: list[_Alternative]) -> str:
    return " or ".join(map(str, alternatives))


def _compare_scheme(context: Context, name: str) -> None:
    """The definition of a scheme that an operation uses; a change counts once, whatever uses it."""
    old, new = _schemes(context.base).get(name), _schemes(context.revision).get(name)
    if old is None or new is None or old.value == new.value:
        return
    at = Where("", "").down("components", "securitySchemes", name)
    changes = context.changes
    # Names of header fields know no case (RFC 9110 §5.1), nor do those of HTTP's schemes (§11.1).
    is_field = new.text("in") == old.text("in") == "header"

    def changed(rule: str, *keys: str) -> bool:
        found = False
        for key in keys:
            was, is_ = old.value.get(key), new.value.get(key)
            if isinstance(was, str) and isinstance(is_, str) and (key == "scheme" or is_field):
                was, is_ = was.lower(), is_.lower()
            if was != is_:
                message = f"`{key}` of the security scheme {said(name)} went from {said(was)} to {said(is_)}"
                changes.add(rule, at.down(key), message, new, before=was, after=is_)
                found = True
        return found

    if changed("security-scheme-type-changed", "type"):
        return
    signed = [bool(each.value.get(SIGNATURE)) for each in (old, new)]
    if signed[0] is not signed[1]:
        now = "signs the request" if signed[1] else "is sent"
        message = f"the key of the security scheme {said(name)} {now}"
        where = at.down(SIGNATURE)
        changes.add("security-scheme-type-changed", where, message, new, before=signed[0], after=signed[1])
    changed("security-scheme-http-changed", "scheme")
    changed("security-scheme-key-moved", "in", *(("name",) if new.text("type") == "apiKey" else ()))
    changed("security-scheme-issuer-changed", "openIdConnectUrl", "oauth2MetadataUrl")
    changed("security-scheme-format-changed", "bearerFormat")
    _compare_flows(context, name, old.get("flows"), new.get("flows"), at.down("flows"))


def _compare_flows(context: Context, name: str, old: Node | None, new: Node | None, at: Where) -> None:
    before = dict(old.members()) if old is not None else {}
    after = dict(new.members()) if new is not None else {}
    changes = context.changes
    for key in {**before, **after}:
        if key.startswith("x-"):
            continue
        called = f"the flow {said(key)} of {said(name)}"
        if key not in after:
            changes.add("security-flow-removed", at.down(key), f"{called} was removed", before[key])
            continue
        if key not in before:
            changes.add("security-flow-added", at.down(key), f"{called} was added", after[key])
            continue
        for url in _FLOW_URLS:
            was, is_ = before[key].text(url), after[key].text(url)
            if was != is_:
                message = f"`{url}` of {called} went from {said(was)} to {said(is_)}"
                changes.add(
                    "security-flow-url-changed", at.down(key, url), message, after[key], before=was, after=is_
                )
        scopes_before, scopes_after = (
            [scope for scope, _ in section.members()] if (section := flow.get("scopes")) is not None else []
            for flow in (before[key], after[key])
        )
        for scope in [*scopes_before, *scopes_after]:
            where = at.down(key, "scopes", scope)
            if scope not in scopes_after:
                message = f"the scope {said(scope)} of {called} was removed"
                changes.add("security-flow-scope-removed", where, message, before[key])
            elif scope not in scopes_before:
                message = f"the scope {said(scope)} of {called} was added"
                changes.add("security-flow-scope-added", where, message, after[key])
