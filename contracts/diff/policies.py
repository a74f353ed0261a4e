"""Settings of policies, in a contract and in an estate's files.

Which policies there are is not known here, nor what a key of theirs does. What is known is their modes: what was
only counted and is refused now breaks, and what is refused no more does not. Whether other settings of a policy
that is enforced let in less than before, nobody can tell; of one that is not enforced they refuse nobody.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from contracts.diff.changes import Changes, Where, said
from contracts.diff.rule import DiffRule, row
from contracts.documents.document import Node
from contracts.findings import Severity
from contracts.policy_settings import CONSUMERS, MODE


def _rule(name: str, severity: Severity, why: str, *, undecided: bool = False) -> DiffRule:
    return row(name, severity, why, area="extensions", direction="request", undecided=undecided)


ROWS: Final = (
    _rule(
        "policy-added",
        "warning",
        "Nobody can tell whom a policy refuses; in the mode `report` it would be counted first.",
        undecided=True,
    ),
    _rule("policy-removed", "info", "The policy holds as it does elsewhere, or not at all."),
    _rule("policy-mode-tightened", "error", "What was counted or let pass is refused."),
    _rule("policy-mode-loosened", "info", "What was refused is counted, or let pass."),
    _rule(
        "policy-settings-changed",
        "warning",
        "Nobody can tell whom other settings of a policy refuse.",
        undecided=True,
    ),
    _rule("policy-report-added", "info", "The policy refuses nobody here: it counts, or is off."),
    _rule(
        "policy-report-removed",
        "warning",
        "Nobody can tell whom the policy refuses as it is set elsewhere.",
        undecided=True,
    ),
    _rule("policy-report-changed", "info", "The policy refuses nobody here: it counts, or is off."),
)

_REFUSES_NOBODY: Final = ("off", "report")
_EVERYBODY: Final = ""

Settings = Mapping[str, Any]


def compare_policies(
    changes: Changes, old: Settings, new: Settings, where: Where, nodes: Mapping[str, Node]
) -> None:
    """Two mappings from policies to their settings. `nodes` are where they stand, by policy; under "" what holds
    them."""
    for policy in {**old, **new}:
        was, is_ = _settings(old, policy), _settings(new, policy)
        if was == is_:
            continue
        node = nodes.get(policy, nodes[_EVERYBODY])
        for rule, message, subject in _found(policy, was, is_):
            changes.add(rule, where.down(policy), message, node, before=was, after=is_, subject=subject)


def joined_settings(layers: tuple[Node | None, ...]) -> tuple[dict[str, Any], dict[str, Node]]:
    """Layers of a contract one over the other, the nearest last; and where each policy is set nearest."""
    settings: dict[str, Any] = {}
    nodes: dict[str, Node] = {}
    for layer in layers:
        for policy, node in layer.members() if layer is not None else ():
            below, value = settings.get(policy), node.value
            both = isinstance(below, dict) and isinstance(value, dict)
            settings[policy] = _over(settings[policy], value) if both else value
            nodes[policy] = node
    return settings, nodes


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """As `contracts.policy_settings.over`."""
    consumers = (below.get(CONSUMERS), above.get(CONSUMERS))
    both = {**below, **above}
    if all(isinstance(each, dict) for each in consumers):
        both[CONSUMERS] = {**below[CONSUMERS], **above[CONSUMERS]}
    return both


def _settings(layer: Settings, policy: str) -> dict[str, Any] | None:
    """None where the policy is not set; what is no mapping sets nothing."""
    if policy not in layer:
        return None
    value = layer[policy]
    return value if isinstance(value, dict) else {}


def _found(policy: str, was: dict[str, Any] | None, is_: dict[str, Any] | None) -> Iterator[tuple[str, str, str]]:
    """Rules, messages, and what tells several apart."""
    called = f"the policy {said(policy)}"
    if was is None:
        assert is_ is not None
        rule = "policy-added" if _enforced(is_) else "policy-report-added"
        yield rule, f"{called} was set{_held(is_)}", ""
        return
    if is_ is None:
        rule = "policy-removed" if _mode(was, _EVERYBODY) not in _REFUSES_NOBODY else "policy-report-removed"
        yield rule, f"{called} is not set any more{_held(was)}", ""
        return
    for name in sorted({_EVERYBODY, *_consumers(was), *_consumers(is_)}):
        before, after = _mode(was, name), _mode(is_, name)
        whom = f" for the consumer {said(name)}" if name else ""
        message = f"{called} went from {said(before)} to {said(after)}{whom}"
        if before in _REFUSES_NOBODY and after == "enforce":
            yield "policy-mode-tightened", message, name
        elif before not in _REFUSES_NOBODY and after in _REFUSES_NOBODY:
            yield "policy-mode-loosened", message, name
        elif before != after:
            yield _unless_enforced(was, is_), message, name
    if _rest(was) != _rest(is_):
        keys = sorted(
            key for key in {**was, **is_} if key not in (MODE, CONSUMERS) and was.get(key) != is_.get(key)
        )
        message = f"{called} has another {', '.join(map(said, keys))}"
        yield _unless_enforced(was, is_), message, "settings"


def _unless_enforced(was: dict[str, Any], is_: dict[str, Any]) -> str:
    return "policy-settings-changed" if _enforced(was) or _enforced(is_) else "policy-report-changed"


def _mode(settings: dict[str, Any], consumer: str) -> Any:
    """What is said for a consumer, or for everybody; None where the policy's own mode holds."""
    return _consumers(settings).get(consumer, settings.get(MODE))


def _consumers(settings: dict[str, Any]) -> dict[str, Any]:
    consumers = settings.get(CONSUMERS)
    return consumers if isinstance(consumers, dict) else {}


def _enforced(settings: dict[str, Any]) -> bool:
    """Whether it may refuse anybody."""
    return any(_mode(settings, name) not in _REFUSES_NOBODY for name in (_EVERYBODY, *_consumers(settings)))


def _rest(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key not in (MODE, CONSUMERS)}


def _held(settings: dict[str, Any]) -> str:
    mode = settings.get(MODE)
    return f", in the mode {said(mode)}" if mode is not None else ""
