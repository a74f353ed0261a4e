"""How commands speak: results on stdout, everything else on stderr, and the three exit codes.

0: fine. 1: findings. 2: bad input (no estate, an unknown name, a file that is not what it should be).
"""

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import Any, Final, NoReturn

import typer

from contracts.findings import Finding

FINDINGS: Final = 1
BAD_INPUT: Final = 2

_GAP: Final = "  "
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


def print_list(
    items: Iterable[Any],
    as_json: bool,
    header: Sequence[str],
    row: Callable[[Any], Sequence[str]],
    nothing: str,
) -> None:
    """Items as a JSON array, or as a table with a `row` of each; where there is none, the remark `nothing`."""
    found = list(items)
    if as_json:
        print_json(found)
    elif found:
        print_table(header, [row(each) for each in found])
    else:
        note(nothing)


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
    width = shutil.get_terminal_size().columns - indent if sys.stdout.isatty() else None
    for number, line in enumerate(table(header, list(rows), width)):
        typer.echo(" " * indent + (typer.style(line, bold=True) if number == 0 else line))


def table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """The lines of a table, at most `width` wide. Cells fold between words, inside of one only at need."""
    lines = [tuple(header), *map(tuple, rows)]
    columns = list(zip(*lines, strict=True))
    widths = [max(map(len, column)) for column in columns]
    if width is not None:
        words = [max(len(word) for cell in column for word in (cell.split() or [""])) for column in columns]
        _narrow(widths, words, width - len(_GAP) * (len(widths) - 1))
        _narrow(widths, [1] * len(widths), width - len(_GAP) * (len(widths) - 1))
    printed = []
    for line in lines:
        cells = [
            textwrap.wrap(cell, column, break_on_hyphens=False) or [""]
            for cell, column in zip(line, widths, strict=True)
        ]
        for parts in zip_longest(*cells, fillvalue=""):
            padded = (part.ljust(column) for part, column in zip(parts, widths, strict=True))
            printed.append(_GAP.join(padded).rstrip())
    return printed


def _narrow(widths: list[int], least: Sequence[int], total: int) -> None:
    """Takes from the widest columns, never below `least`, until all fit into `total` or nothing is left."""
    while sum(widths) > total:
        column = max(range(len(widths)), key=lambda index: widths[index] if widths[index] > least[index] else 0)
        if widths[column] <= least[column]:
            return
        widths[column] -= 1
