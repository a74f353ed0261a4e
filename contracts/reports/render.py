"""The formats of a report, by the name that `--format` takes."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from contracts.reports.entry import Report
from contracts.reports.github import render_github
from contracts.reports.html_page import render_html
from contracts.reports.json_object import render_json
from contracts.reports.junit import render_junit
from contracts.reports.markdown import render_markdown
from contracts.reports.sarif import render_sarif
from contracts.reports.text import render_text

Format = Literal["text", "json", "markdown", "html", "sarif", "junit", "github"]

RENDERERS: Final[Mapping[Format, Callable[[Report], str]]] = {
    "text": render_text,
    "json": render_json,
    "markdown": render_markdown,
    "html": render_html,
    "sarif": render_sarif,
    "junit": render_junit,
    "github": render_github,
}


def render(report: Report, form: Format) -> str:
    """The report in a format, ending in a line break. Text comes without colour: `render_text` has it."""
    return RENDERERS[form](report)
