"""The changelog for people, in Markdown and HTML: what breaks first, grouped by operation, before and after."""

from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Final

from contracts.diff.changes import Change
from contracts.diff.outcome import Outcome
from contracts.reports import html_page
from contracts.reports.markdown import code, escaped, prose

_SECTIONS: Final = (
    ("Breaking changes", "What consumers do today stops working."),
    ("Undecided", "Whether these break anything could not be decided; somebody has to look."),
    ("Worth a look", "These break nothing by the contract, but some consumers may notice."),
    ("Other changes", "What consumers do today goes on working."),
)
_WHOLE: Final = "The document"
_VERDICTS: Final = {
    "compatible": "Consumers need no change.",
    "breaking": "Some consumers have to change.",
    "undecided": "Whether consumers have to change could not be decided.",
}


def markdown(outcome: Outcome) -> str:
    """The changelog in Markdown; nothing in a document is taken for markup."""
    lines = [
        f"# {escaped(outcome.title)}",
        "",
        f"**{outcome.verdict.capitalize()}.** {_VERDICTS[outcome.verdict]}",
    ]
    lines += [f"Suggested version bump: **{outcome.suggested_bump}**.", ""]
    if not outcome.changes:
        lines += ["No changes.", ""]
    for number, changes in _sections(outcome):
        title, meaning = _SECTIONS[number]
        lines += [f"## {title}", "", meaning, ""]
        for heading, group in groupby(changes, _heading):
            lines += [f"### {code(heading)}" if heading != _WHOLE else f"### {heading}", ""]
            for change in group:
                lines.append(f"- {prose(change.message)} ({code(change.rule.id)})")
                if change.before and change.after:
                    lines.append(f"  - before: {code(change.before)}")
                    lines.append(f"  - after: {code(change.after)}")
            lines.append("")
    if outcome.waived:
        lines += ["## Waived", ""]
        lines += [f"- {prose(change.message)}: {escaped(reason)}" for change, reason in outcome.waived]
        lines.append("")
    if outcome.notes:
        lines += ["## Waivers", ""]
        lines += [f"- {prose(note.message)} ({code(note.rule)})" for note in outcome.notes]
        lines.append("")
    return "\n".join(lines)


def html(outcome: Outcome) -> str:
    """The changelog as one page that needs nothing beside it; every text is escaped."""
    body = [
        f"<h1>{escape(outcome.title)}</h1>",
        (
            f"<p><strong>{outcome.verdict.capitalize()}.</strong> {escape(_VERDICTS[outcome.verdict])} "
            f"Suggested version bump: <strong>{outcome.suggested_bump}</strong>.</p>"
        ),
    ]
    if not outcome.changes:
        body.append("<p>No changes.</p>")
    for number, changes in _sections(outcome):
        title, meaning = _SECTIONS[number]
        body.append(f"<h2>{title}</h2><p>{escape(meaning)}</p>")
        for heading, group in groupby(changes, _heading):
            body.append(f"<h3>{escape(heading)}</h3>")
            body.append('<table class="changes"><thead><tr><th scope="col">Change</th><th scope="col">Before</th>')
            body.append('<th scope="col">After</th></tr></thead><tbody>')
            body += [_row(change) for change in group]
            body.append("</tbody></table>")
    if outcome.waived:
        body.append("<h2>Waived</h2><ul>")
        body += [
            f"<li>{html_page.prose(change.message)}<small>{escape(reason)}</small></li>"
            for change, reason in outcome.waived
        ]
        body.append("</ul>")
    if outcome.notes:
        body.append("<h2>Waivers</h2><ul>")
        body += [
            f"<li>{html_page.prose(note.message)} <code>{escape(note.rule)}</code></li>" for note in outcome.notes
        ]
        body.append("</ul>")
    return html_page.page(outcome.title, "\n".join(body))


def _row(change: Change) -> str:
    rule = change.rule
    cells = (
        (
            f'<span class="{rule.severity}">{escape(rule.id)}</span> {html_page.prose(change.message)}'
            f"<small>{escape(rule.why)}</small>"
            f"<small><code>{escape(change.location)}</code> <code>{change.fingerprint}</code></small>"
        ),
        f"<code>{escape(change.before)}</code>" if change.before else "",
        f"<code>{escape(change.after)}</code>" if change.after else "",
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _sections(outcome: Outcome) -> Iterator[tuple[int, list[Change]]]:
    """The changes of each section that has any, those of one operation together."""
    ordered = sorted(outcome.changes, key=lambda change: (_section(change), _heading(change)))
    for number, group in groupby(ordered, _section):
        yield number, list(group)


def _section(change: Change) -> int:
    if change.rule.undecided:
        return 1
    return {"error": 0, "warning": 2, "info": 3}[change.rule.severity]


def _heading(change: Change) -> str:
    operation = change.where.operation
    return " ".join(filter(None, (change.file, str(operation or "")))) or _WHOLE
