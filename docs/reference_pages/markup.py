"""Markdown from values and from docstrings."""

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Final

_RULER: Final = re.compile(r"=+( +=+)+")
_CODE: Final = re.compile(r"(`[^`]*`)")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown and may hold line breaks and bars."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: object) -> str:
    """Text as code."""
    return f"`{text}`"


def anchored(name: str) -> str:
    """A name as code that can be linked to by itself, for the rows of a table."""
    return f'<a id="{name}"></a>[`{name}`](#{name})'


def escaped(text: str) -> str:
    """A sentence in which no angle bracket outside of code is taken for a tag."""
    parts = _CODE.split(text)
    return "".join(part if part.startswith("`") else part.replace("<", "&lt;") for part in parts)


def prose(docstring: str | None, *, language: str = "text") -> str:
    """A docstring as Markdown: literal blocks become fences of `language`, simple tables become tables."""
    lines = inspect.cleandoc(docstring or "").splitlines()
    written: list[str] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        if _RULER.fullmatch(line):
            index, rows = _rows(lines, index)
            written.append(table(["", ""], ([_single(cell) for cell in row] for row in rows)))
        elif line.endswith("::"):
            if line != "::":
                written.append(escaped(_single(line[:-1])))
            index, block = _block(lines, index + 1)
            written += ["", f"```{language}", *block, "```", ""]
        else:
            written.append(escaped(_single(line)))
            index += 1
    return "\n".join(written).strip() + "\n"


def _single(text: str) -> str:
    """Code in single backticks, where a docstring has two."""
    return text.replace("``", "`")


def _block(lines: list[str], index: int) -> tuple[int, list[str]]:
    """The indented block from `index` on, without its indentation, and the index after it."""
    end = index
    while end < len(lines) and (not lines[end] or lines[end].startswith(" ")):
        end += 1
    return end, inspect.cleandoc("\n".join(lines[index:end])).splitlines()


def _rows(lines: list[str], index: int) -> tuple[int, list[list[str]]]:
    """The rows of a simple table without a header, and the index after it."""
    starts = [match.start() for match in re.finditer(r"(?<!=)=", lines[index])]
    rows: list[list[str]] = []
    index += 1
    while not _RULER.fullmatch(lines[index]):
        ends = [*starts[1:], None]
        cells = [lines[index][start:end].strip() for start, end in zip(starts, ends, strict=True)]
        if cells[0]:
            rows.append(cells)
        else:
            rows[-1] = [f"{above} {below}".strip() for above, below in zip(rows[-1], cells, strict=True)]
        index += 1
    return index + 1, rows
