"""Lines for people, `FILE:LINE:COLUMN: SEVERITY: MESSAGE at /JSON/POINTER [RULE]`, as compilers print them."""

from typing import Final

from contracts.reports.entry import Entry, Report

_CODES: Final = {"error": "31;1", "warning": "33;1", "info": "34;1"}


def render_text(report: Report, *, colour: bool = False, fingerprints: bool = False) -> str:
    """One line an entry and a summary. `colour` is for terminals, `fingerprints` for whoever writes waivers."""
    lines = [_line(entry, colour=colour, fingerprints=fingerprints) for entry in report.entries]
    lines.append(f"{report.title}: {report.summary}")
    return "\n".join(lines) + "\n"


def _line(entry: Entry, *, colour: bool, fingerprints: bool) -> str:
    # What a document says must not steer the terminal.
    text = "".join(character if character.isprintable() else "�" for character in str(entry))
    if colour:
        painted = f": \x1b[{_CODES[entry.severity]}m{entry.severity}\x1b[0m: "
        text = text.replace(f": {entry.severity}: ", painted, 1)
    return f"{text} {entry.fingerprint}" if fingerprints else text
