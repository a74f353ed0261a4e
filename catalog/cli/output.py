"""How commands speak: results on stdout, everything else on stderr, and the three exit codes.

0: fine. 1: findings. 2: bad input (no estate, an unknown name, a file that is not what it should be).
"""

import sys
from collections.abc import Iterable, Sequence
from typing import Final, NoReturn

import typer

from contracts.findings import Finding

FINDINGS: Final = 1
BAD_INPUT: Final = 2

_COLOURS: Final = {"error": "red", "warning": "yellow", "info": "blue"}


def fail(message: str, *, hint: str = "") -> NoReturn:
    """Ends the command with exit code 2: says what was wrong with the input and, in `hint`, what helps."""
    typer.secho(f"ostiary: {message}", err=True, fg="red")
    if hint:
        typer.echo(hint, err=True)
    raise typer.Exit(BAD_INPUT)


def note(message: str) -> None:
    """A remark that is no result: on stderr, so that stdout can be piped."""
    typer.echo(message, err=True)


def print_json(value: object) -> None:
    """One JSON text, indented by two."""
    import msgspec

    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_findings(findings: Iterable[Finding], *, err: bool = False) -> None:
    """One line each, `file:line:column: severity: message [rule]`, the severity coloured on a terminal."""
    for each in findings:
        severity = typer.style(each.severity, fg=_COLOURS[each.severity], bold=True)
        typer.echo(str(each).replace(f": {each.severity}: ", f": {severity}: ", 1), err=err)


def count(findings: Sequence[Finding]) -> str:
    """`2 errors, 1 warning`, or `no findings`."""
    parts = []
    for severity, noun in (("error", "error"), ("warning", "warning"), ("info", "remark")):
        number = sum(each.severity == severity for each in findings)
        if number:
            parts.append(f"{number} {noun}{'s' if number > 1 else ''}")
    return ", ".join(parts) or "no findings"


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, indent: int = 0) -> None:
    """Aligned columns. A terminal's width is kept by folding cells; a pipe gets every row on one line."""
    lines = [tuple(row) for row in rows]
    if sys.stdout.isatty():
        _print_folded(header, lines, indent)
        return
    widths = [max(map(len, column)) for column in zip(header, *lines, strict=True)]
    for line in (tuple(header), *lines):
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo(" " * indent + "  ".join(cells).rstrip())


def _print_folded(header: Sequence[str], rows: Sequence[Sequence[str]], indent: int) -> None:
    # Rich costs 60 ms to import: only a table on a terminal pays for it.
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in header:
        table.add_column(Text(title, style="bold"), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(Padding(table, (0, 0, 0, indent)))
