"""The rules of `ostiary diff`: a table of all, and for each area a page with every rule's before and after."""

from collections.abc import Callable, Mapping
from functools import partial

from contracts.diff.catalogue import DIFF_RULES
from contracts.diff.context import NOTICE_DAYS
from contracts.diff.examples import EXAMPLE_OPTIONS, DiffExample, examples
from contracts.diff.rule import DiffRule
from reference_pages.markup import escaped, table

_AREAS = {
    "document": "The document and its servers",
    "operations": "Operations, callbacks and webhooks",
    "parameters": "Parameters",
    "messages": "Bodies, media types and encodings",
    "responses": "Responses, headers and links",
    "security": "Security",
    "extensions": "Lifecycle and extensions",
    "request-schemas": "Schemas of what consumers send",
    "response-schemas": "Schemas of what consumers receive",
}
_PAGE_OF = {
    "servers": "document",
    "callbacks": "operations",
    "webhooks": "operations",
    "bodies": "messages",
    "content": "messages",
    "headers": "responses",
    "links": "responses",
    "lifecycle": "extensions",
}
_AT = {
    "document": "Members of the document.",
    "operation": "Members of an operation.",
    "webhook": "Members of an operation of a webhook.",
    "request-schema": "",
    "response-schema": "",
}
_ELSEWHERE = "It is found where two estates are compared, or two very large documents."


def pages() -> Mapping[str, Callable[[], str]]:
    """By path in the documentation."""
    return {
        "reference/diff-rules.md": overview,
        **{f"reference/diff/{area}.md": partial(page, area) for area in _AREAS},
    }


def overview() -> str:
    """All rules, each with a link to its example."""
    return "\n".join(
        (
            "# Rules of the diff\n",
            (
                "`ostiary diff` reports each change by one of these rules; an id never changes. The direction is "
                "that of consumers: `request` is what they send, `response` what they receive. Callbacks and "
                "webhooks are received, and what breaks in them is the other way round. [How to use "
                "it](../guides/diff.md).\n"
            ),
            table(
                ["Severity", "What follows"],
                [
                    ["error", "The verdict is `breaking`: what consumers do today stops working."],
                    ["undecided", "The verdict is `undecided`, unless something else is breaking."],
                    ["warning", "Nothing breaks by the contract, but some consumers may notice."],
                    ["info", "Harmless."],
                ],
            ),
            *(_listed(area, title) for area, title in _AREAS.items()),
        )
    )


def page(area: str) -> str:
    """Every rule of an area, with a minimal before and after."""
    today, notice = EXAMPLE_OPTIONS.today, EXAMPLE_OPTIONS.notice_days
    dated = (
        f"The examples are compared on {today}; notice of a sunset is {notice} days"
        f"{' as it is by default' if notice == NOTICE_DAYS else ''}.\n"
        if area in ("extensions", "operations")
        else ""
    )
    return "\n".join(
        (
            f"# {_AREAS[area]}\n",
            "What each rule is about, by a minimal before and after. [All rules](../diff-rules.md).\n",
            dated,
            *(_section(rule) for rule in _rules(area)),
        )
    )


def _rules(area: str) -> list[DiffRule]:
    return [rule for rule in DIFF_RULES.values() if _area(rule) == area]


def _area(rule: DiffRule) -> str:
    if rule.area == "schemas":
        return f"{rule.direction}-schemas"
    return _PAGE_OF.get(rule.area, rule.area)


def _severity(rule: DiffRule) -> str:
    return "undecided" if rule.undecided else rule.severity


def _listed(area: str, title: str) -> str:
    rows = (
        [f"[`{rule.id}`](diff/{area}.md#{rule.id})", _severity(rule), rule.direction, escaped(rule.why)]
        for rule in _rules(area)
    )
    return f"## {title}\n\n{table(['Rule', 'Severity', 'Direction', 'Why'], rows)}"


def _section(rule: DiffRule) -> str:
    facts = f"{_severity(rule).capitalize()} · direction {rule.direction} · version bump {rule.bump}"
    example = examples().get(rule.id)
    return "\n".join(
        (
            f"## `{rule.id}` {{#{rule.id}}}\n",
            f"{escaped(rule.why)}\n",
            f"{facts}\n",
            f"{_ELSEWHERE}\n" if example is None else _shown(example),
        )
    )


def _shown(example: DiffExample) -> str:
    note = f"{_AT[example.at]}\n\n" if _AT[example.at] else ""
    before, after = example.base_text, example.revision_text
    return f'{note}```yaml title="before"\n{before}```\n\n```yaml title="after"\n{after}```\n'
