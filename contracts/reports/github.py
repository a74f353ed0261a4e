"""Workflow commands of GitHub Actions: each finding becomes an annotation at its line."""

from typing import Final

from contracts.reports.entry import Entry, Report

_COMMANDS: Final = {"error": "error", "warning": "warning", "info": "notice"}


def render_github(report: Report) -> str:
    """One command a line, and the summary as plain text."""
    return "".join(f"{_command(entry)}\n" for entry in report.entries) + f"{_data(report.summary)}\n"


def _command(entry: Entry) -> str:
    properties = [("file", entry.place.file)]
    if entry.place.line:
        properties += [("line", str(entry.place.line)), ("col", str(max(entry.place.column, 1)))]
    properties.append(("title", entry.rule))
    written = ",".join(f"{name}={_property(value)}" for name, value in properties)
    where = f"{entry.operation}: " if entry.operation else ""
    return f"::{_COMMANDS[entry.severity]} {written}::{_data(f'{where}{entry.message} [{entry.fingerprint}]')}"


def _data(text: str) -> str:
    """As the runner's toolkit escapes a command's text: a line break would begin another command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """As `_data`, and what separates properties."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
