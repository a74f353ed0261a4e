"""`x-ostiary-rule`: rules in CEL, at the document or an operation: the short form of the `rules` of `object-rule`.

A rule is a text, or a mapping of it and of what a caller is told: `{rule: …, message: …}`. There may be a list of
them. What rules say is judged with the settings of policies; here it is only their form.
"""

from typing import Any, Final

from contracts.documents.document import Node
from contracts.openapi.rules import Report
from contracts.policy_settings import PolicyUse

RULE: Final = "x-ostiary-rule"
POLICY: Final = "object-rule"
RULES: Final = "rules"

_FORM: Final = f"`{RULE}` takes a rule in CEL, or a list of them, each a text or a mapping of `rule` and `message`"


def rules_of(holder: Node, settings: Any, report: Report) -> tuple[PolicyUse, ...]:
    """What the extension sets, beside the `x-ostiary-policies` of the same place."""
    node = holder.get(RULE)
    if node is None:
        return ()
    written = node.value if isinstance(node.value, list) else [node.value]
    entries = [{"rule": each} if isinstance(each, str) else each for each in written]
    if not entries or not all(map(_is_entry, entries)):
        report.add("extension-invalid", node.place, _FORM)
        return ()
    own = settings.get(POLICY) if isinstance(settings, dict) else None
    if isinstance(own, dict) and RULES in own:
        report.add(
            "extension-invalid",
            node.key_place,
            f"`{RULE}` and the `{RULES}` of `{POLICY}` in `x-ostiary-policies` are the same setting, given twice",
        )
    return (PolicyUse(POLICY, None, {RULES: entries}, {}, (f"{node.document.file}#{node.pointer}",)),)


def within(source: str, pointer: str, written: Any) -> str:
    """Where in what is `written` at a source stands what has the place `pointer` in the settings. In the extension
    `/rules/0/rule` is `/0/rule`, `/0` or all of it."""
    if not source.endswith(f"/{RULE}") or not pointer.startswith(f"/{RULES}/"):
        return pointer
    index, _, rest = pointer.removeprefix(f"/{RULES}/").partition("/")
    entry = written[int(index)] if isinstance(written, list) and int(index) < len(written) else written
    place = f"/{index}" if isinstance(written, list) else ""
    return place if isinstance(entry, str) else f"{place}/{rest}"


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and "rule" in entry
        and all(key in ("rule", "message") and isinstance(value, str) for key, value in entry.items())
    )
