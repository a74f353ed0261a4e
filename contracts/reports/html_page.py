"""One HTML page that needs nothing beside it: no script, no font, no picture; every text is escaped."""

from html import escape
from itertools import groupby
from typing import Final

from contracts.reports.entry import BACKQUOTED, Entry, Report

_STYLE: Final = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid #8884}
table.changes{table-layout:fixed}
table.changes th:first-child{width:60%}
td.line{text-align:right;white-space:nowrap}
code{font-size:.875em;overflow-wrap:anywhere}
small{display:block;opacity:.75}
.error,.warning,.info{display:inline-block;border-radius:.25rem;padding:0 .45rem;color:#fff;font-size:.875em}
.error{background:#b3261e}.warning{background:#8a5300}.info{background:#2458a6}
"""
# What a page may load is said in the page too, since it is opened from disk and from artefact stores.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def render_html(report: Report) -> str:
    """The page: counts, a table for each file, and what is suppressed and why."""
    body = [f"<h1>{escape(report.title)}</h1>", f"<p>{escape(report.summary)}</p>"]
    for file, entries in groupby(report.entries, lambda each: each.place.file):
        body.append(f"<h2>{escape(file)}</h2>")
        body.append('<table><thead><tr><th scope="col">Line</th><th scope="col">Severity</th>')
        body.append('<th scope="col">Finding</th><th scope="col">Rule</th></tr></thead><tbody>')
        body += [_row(entry) for entry in entries]
        body.append("</tbody></table>")
    if report.suppressed:
        body.append("<h2>Suppressed</h2><ul>")
        body += [
            f"<li><code>{escape(each.entry.rule)}</code> at {escape(str(each.entry.place))}: "
            f"{prose(each.entry.message)}<small>{escape(each.reason)}</small></li>"
            for each in report.suppressed
        ]
        body.append("</ul>")
    return page(report.title, "\n".join(body))


def prose(text: str) -> str:
    """A message, escaped, its backquoted parts as code."""
    return "".join(
        f"<code>{escape(part[1:-1])}</code>" if len(part) > 2 and part[0] == part[-1] == "`" else escape(part)
        for part in BACKQUOTED.split(text)
    )


def page(title: str, body: str) -> str:
    """A whole page around a body that is HTML already; `title` is text."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def _row(entry: Entry) -> str:
    rule = f"<code>{escape(entry.rule)}</code>"
    if entry.help.startswith(("https://", "http://")):
        rule = f'<a href="{escape(entry.help)}">{rule}</a>'
    operation = f"{escape(str(entry.operation))}: " if entry.operation else ""
    where = f"<small><code>{escape(entry.place.pointer)}</code></small>" if entry.place.pointer else ""
    why = f"<small>{escape(entry.why)}</small>" if entry.why else ""
    return (
        f'<tr><td class="line">{entry.place.line or ""}</td>'
        f'<td><span class="{entry.severity}">{entry.severity}</span></td>'
        f"<td>{operation}{prose(entry.message)}{where}</td>"
        f"<td>{rule}{why}<small><code>{escape(entry.fingerprint)}</code></small></td></tr>"
    )
