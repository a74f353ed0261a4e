"""Markdown for a pull request's comment or a job's summary: a table for each file."""

import re
from itertools import groupby
from typing import Final

from contracts.reports.entry import BACKQUOTED, Report

_SPECIAL: Final = re.compile(r"([\\*_{}\[\]<>#~|!&@])")


def render_markdown(report: Report) -> str:
    """A heading, the counts, and one table a file. Nothing in a document is taken for markup."""
    lines = [f"# {escaped(report.title)}", "", escaped(report.summary[0].upper() + report.summary[1:] + "."), ""]
    for file, entries in groupby(report.entries, lambda each: each.place.file):
        lines += [f"## {escaped(file)}", "", "| Line | Severity | Rule | Finding | Fingerprint |"]
        lines.append("| ---: | --- | --- | --- | --- |")
        for entry in entries:
            where = f"{escaped(str(entry.operation))}: " if entry.operation else ""
            rule = f"[{code(entry.rule)}]({entry.help})" if entry.help else code(entry.rule)
            lines.append(
                f"| {entry.place.line or ''} | {entry.severity} | {rule} "
                f"| {where}{prose(entry.message)} | {code(entry.fingerprint)} |"
            )
        lines.append("")
    if report.suppressed:
        lines += ["## Suppressed", ""]
        lines += [
            f"- {code(each.entry.rule)} at {escaped(str(each.entry.place))}: {escaped(each.reason)}"
            for each in report.suppressed
        ]
        lines.append("")
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Text on one line, in which nothing is markup."""
    flat = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return _SPECIAL.sub(r"\\\1", flat).replace("`", "\\`")


def prose(text: str) -> str:
    """A message: its backquoted parts as code, the rest escaped."""
    return "".join(
        code(part[1:-1]) if len(part) > 2 and part[0] == part[-1] == "`" else escaped_part(part)
        for part in BACKQUOTED.split(text)
    )


def escaped_part(text: str) -> str:
    """As `escaped`, and the spaces at the ends stay."""
    if not text.strip():
        return " " if text else ""
    left = " " if text[0].isspace() else ""
    right = " " if text[-1].isspace() else ""
    return f"{left}{escaped(text)}{right}"


def code(text: str) -> str:
    """Text as code within a table's cell."""
    flat = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    if not flat:
        return ""
    flat = flat.replace("|", "\\|")
    return f"`` {flat} ``" if "`" in flat else f"`{flat}`"
