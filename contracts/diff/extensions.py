"""Extensions: our own, which change what is enforced, and other `x-…` members of operations, whatever they mean.

What a lowered limit, a tightened classification or a rule refuses was let in before, so they break as a narrowed
schema does. A rule (CEL) that became another one is undecided, unless it is the old one and a further condition,
or the old one or an alternative.
"""

from typing import Any, Final

from contracts.diff.changes import Where, said
from contracts.diff.context import Context
from contracts.diff.lifecycle import SUNSET
from contracts.diff.model import Operation
from contracts.diff.policies import compare_policies, joined_settings
from contracts.diff.rule import Bump, DiffRule, row
from contracts.documents.document import Node
from contracts.findings import Severity
from contracts.openapi.classification import CLASSIFICATION, LEVELS
from contracts.openapi.extensions import LIMIT, ODOO, POLICIES, RETRY, UPSTREAM

RULE: Final = "x-ostiary-rule"
_CLASSES: Final = (None, *LEVELS)


def _rule(
    name: str, severity: Severity, why: str, *, bump: Bump | None = None, undecided: bool = False
) -> DiffRule:
    return row(name, severity, why, area="extensions", direction="request", bump=bump, undecided=undecided)


ROWS: Final = (
    _rule("limit-cost-raised", "error", "A call takes more of a plan's limits, so that fewer are let in."),
    _rule("limit-cost-lowered", "info", "A call takes less of a plan's limits."),
    _rule("limit-body-lowered", "error", "Bodies of a size that was accepted are refused now."),
    _rule("limit-body-raised", "info", "Larger bodies are accepted."),
    _rule(
        "limit-undecided", "warning", "Nobody can tell what a limit of an unknown form lets in.", undecided=True
    ),
    _rule("classification-tightened", "error", "Consumers without the clearance lose what they could see."),
    _rule("classification-loosened", "info", "More consumers may be let in."),
    _rule(
        "classification-undecided",
        "warning",
        "Nobody can tell who is cleared for an unknown class.",
        undecided=True,
    ),
    _rule("access-rule-added", "error", "Calls that the rule does not admit were let in before."),
    _rule("access-rule-removed", "info", "No call is refused by a rule any more."),
    _rule("access-rule-tightened", "error", "The rule asks for a further condition."),
    _rule("access-rule-loosened", "info", "The rule admits an alternative."),
    _rule("access-rule-changed", "warning", "Nobody can tell which calls another rule admits.", undecided=True),
    _rule("upstream-changed", "info", "Another server answers; the contract stays the same.", bump="patch"),
    _rule(
        "odoo-mapping-changed", "info", "Odoo is asked in another way; the contract stays the same.", bump="patch"
    ),
    _rule("retry-changed", "info", "What is repeated behind the gateway changed.", bump="patch"),
    _rule("extension-added", "info", "Tools that know the extension may act upon it.", bump="patch"),
    _rule("extension-removed", "info", "Tools that know the extension may act upon it.", bump="patch"),
    _rule("extension-changed", "info", "Tools that know the extension may act upon it.", bump="patch"),
)

_LIMITS: Final = ("cost", "max-body")
_INNER: Final = {UPSTREAM: "upstream-changed", ODOO: "odoo-mapping-changed", RETRY: "retry-changed"}
_HANDLED: Final = frozenset((LIMIT, CLASSIFICATION, RULE, SUNSET, POLICIES))


def compare_extensions(context: Context, base: Operation, revision: Operation, where: Where) -> None:
    """The extensions of one operation; ours hold from the document where the operation has none."""
    _compare_limits(context, base, revision, where)
    _compare_classification(context, base, revision, where)
    _compare_rule(context, base, revision, where)
    _compare_policies(context, base, revision, where)
    for name, rule in _INNER.items():
        old, new = base.extension(name), revision.extension(name)
        if _value(old) != _value(new):
            message = f"`{name}` went from {said(_value(old))} to {said(_value(new))}"
            context.changes.add(
                rule, where.down(name), message, new or revision.node, before=_value(old), after=_value(new)
            )
    compare_others(context, base.node, revision.node, where)


def compare_others(context: Context, old: Node, new: Node, where: Where) -> None:
    """The extensions of an object that are not ours."""
    for name in sorted({key for node in (old, new) for key in node.value if key.startswith("x-")}):
        if name in _HANDLED or name in _INNER or old.value.get(name) == new.value.get(name):
            continue
        at = where.down(name)
        was, is_ = old.get(name), new.get(name)
        if is_ is None:
            context.changes.add(
                "extension-removed", at, f"{said(name)} was removed", was or old, before=_value(was)
            )
        elif was is None:
            context.changes.add("extension-added", at, f"{said(name)} was added", is_, after=is_.value)
        else:
            message = f"{said(name)} went from {said(was.value)} to {said(is_.value)}"
            context.changes.add("extension-changed", at, message, is_, before=was.value, after=is_.value)


def _value(node: Node | None) -> Any:
    return None if node is None else node.value


def _limit(operation: Operation, key: str) -> int | None:
    for holder in (operation.node, operation.contract.document.root):
        node = holder.get(LIMIT)
        found = node.value.get(key) if node is not None and isinstance(node.value, dict) else None
        if isinstance(found, int) and not isinstance(found, bool):
            return found
    return None


def _compare_limits(context: Context, base: Operation, revision: Operation, where: Where) -> None:
    node = revision.extension(LIMIT) or revision.node
    old_cost, new_cost = _limit(base, "cost") or 1, _limit(revision, "cost") or 1
    if old_cost != new_cost:
        action = "raised" if new_cost > old_cost else "lowered"
        message = f"a call costs {said(new_cost)} units of a plan's limits, and cost {said(old_cost)}"
        context.changes.add(
            f"limit-cost-{action}", where.down(LIMIT, "cost"), message, node, before=old_cost, after=new_cost
        )
    old_body, new_body = _limit(base, "max-body"), _limit(revision, "max-body")
    if old_body != new_body:
        # Without a limit of its own an operation has the estate's, which is not in the document.
        lowered = new_body is not None and (old_body is None or new_body < old_body)
        message = f"the limit of a body's bytes went from {said(old_body)} to {said(new_body)}"
        rule = "limit-body-lowered" if lowered else "limit-body-raised"
        context.changes.add(rule, where.down(LIMIT, "max-body"), message, node, before=old_body, after=new_body)
    unknown, now_unknown = _other_limits(base), _other_limits(revision)
    if unknown != now_unknown:
        message = f"`{LIMIT}` went from {said(unknown)} to {said(now_unknown)}, which is no limit that is known"
        context.changes.add("limit-undecided", where.down(LIMIT), message, node, before=unknown, after=now_unknown)


def _other_limits(operation: Operation) -> Any:
    """What stands under the extension and is none of the two limits, beside the operation or the document."""
    for holder in (operation.node, operation.contract.document.root):
        value = _value(holder.get(LIMIT))
        if isinstance(value, dict):
            value = {key: each for key, each in value.items() if key not in _LIMITS or type(each) is not int}
        if value:
            return value
    return None


def _compare_classification(context: Context, base: Operation, revision: Operation, where: Where) -> None:
    old, new = base.extension(CLASSIFICATION), revision.extension(CLASSIFICATION)
    compare_classification(context, old, new, where, revision.node)


def compare_classification(
    context: Context, old: Node | None, new: Node | None, where: Where, holder: Node
) -> None:
    """The classification of an operation or of a property; without one it is as open as the API is."""
    was, is_ = _value(old), _value(new)
    if was == is_:
        return
    message = f"the classification went from {said(was)} to {said(is_)}"
    rule = f"classification-{protection(was, is_)}"
    context.changes.add(rule, where.down(CLASSIFICATION), message, new or holder, before=was, after=is_)


def protection(before: Any, after: Any) -> str:
    """What happened from one class to another, as the end of a rule's id."""
    if before not in _CLASSES or after not in _CLASSES:
        return "undecided"
    return "tightened" if _CLASSES.index(after) > _CLASSES.index(before) else "loosened"


def _compare_rule(context: Context, base: Operation, revision: Operation, where: Where) -> None:
    old, new = base.extension(RULE), revision.extension(RULE)
    was, is_ = _value(old), _value(new)
    if was == is_:
        return
    at = where.down(RULE)
    if was is None:
        context.changes.add(
            "access-rule-added", at, f"the rule {said(is_)} was added", new or revision.node, after=is_
        )
        return
    if is_ is None:
        message = f"the rule {said(was)} was removed"
        context.changes.add("access-rule-removed", at, message, revision.node, before=was)
        return
    message = f"the rule went from {said(was)} to {said(is_)}"
    rule = "access-rule-changed"
    before, after = _rules(was), _rules(is_)
    if before == after:
        return  # what a refused caller is told is no part of the contract
    if len(before) == len(after) == 1:
        (one,), (other,) = before, after
        if _joined(one, other, "&&") or _joined(other, one, "||"):
            rule = "access-rule-tightened"
        elif _joined(one, other, "||") or _joined(other, one, "&&"):
            rule = "access-rule-loosened"
    elif before < after:  # all of them have to hold
        rule = "access-rule-tightened"
    elif after < before:
        rule = "access-rule-loosened"
    context.changes.add(rule, at, message, new or revision.node, before=was, after=is_)


def _rules(value: Any) -> frozenset[str]:
    """The texts of the rules that an extension has, in whatever form."""
    entries = value if isinstance(value, list) else [value]
    return frozenset(str(each.get("rule") if isinstance(each, dict) else each) for each in entries)


def _compare_policies(context: Context, base: Operation, revision: Operation, where: Where) -> None:
    """What holds of policies by the contract; what an estate says beside it is compared with its files."""
    old, _ = joined_settings((base.contract.document.root.get(POLICIES), base.node.get(POLICIES)))
    new, nodes = joined_settings((revision.contract.document.root.get(POLICIES), revision.node.get(POLICIES)))
    compare_policies(context.changes, old, new, where.down(POLICIES), {**nodes, "": revision.node})


def _joined(part: str, whole: str, operator: str) -> bool:
    """Whether `whole` is `part` and something more, joined by an operator at its outermost level."""
    terms = _terms(whole, operator)
    inner = _terms(part, operator)
    return len(terms) > len(inner) and all(term in terms for term in inner)


def _terms(text: str, operator: str) -> list[str]:
    """The operands of an operator outside of brackets and strings; one if another operator binds more loosely."""
    found, depth, start, index, quote = [], 0, 0, 0, ""
    other = "||" if operator == "&&" else "&&"
    mixed = False
    while index < len(text):
        character = text[index]
        if quote:
            if character == "\\":
                index += 1
            elif character == quote:
                quote = ""
        elif character in "\"'":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif depth == 0 and text.startswith(operator, index):
            found.append(text[start:index])
            index += 1
            start = index + 1
        elif depth == 0 and (text.startswith(other, index) or character == "?"):
            mixed = True
        index += 1
    terms = [text] if mixed else [*found, text[start:]]
    return [_bare(term) for term in terms]


def _bare(term: str) -> str:
    """Without spaces around it, and without brackets around all of it."""
    text = term.strip()
    while text.startswith("(") and text.endswith(")"):
        depth = 0
        for index, character in enumerate(text):
            depth += (character == "(") - (character == ")")
            if depth == 0 and index < len(text) - 1:
                return text
        text = text[1:-1].strip()
    return text
