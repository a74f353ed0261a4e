"""Follows the catalog's log for the person who edits an estate: what was published, and what was not and why."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import typer

from catalog.cli.processes import Family, StartError


def watch(members: Family, may_end: tuple[str, ...] = ()) -> NoReturn:
    """Tells what becomes of edits until one of the processes ends that must not. Raises StartError."""
    catalog = next(child for child in members.children if child.name == "catalog")
    follower = Follower(catalog.log)
    while True:
        for sentence in follower.news():
            typer.echo(sentence)
        for child in members.children:
            if child.process.poll() is not None and child.name not in may_end:
                code = child.process.returncode
                raise StartError(f"{child.name} ended with exit code {code}; its log ends with:\n{child.tail()}")
        time.sleep(0.2)


class Follower:
    """Reads what a log has gained since the last look. A line that is not whole yet waits for the next one."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._at = log.stat().st_size if log.exists() else 0

    def news(self) -> Iterator[str]:
        """A sentence for each new line that concerns the estate."""
        with self._log.open("rb") as file:
            file.seek(self._at)
            lines = file.read().split(b"\n")
        for line in lines[:-1]:
            self._at += len(line) + 1
            sentence = _sentence(line)
            if sentence:
                yield sentence


def _sentence(line: bytes) -> str:
    try:
        entry = json.loads(line)
    except ValueError:
        return ""
    match entry.get("event"):
        case "published":
            return typer.style(f"In force: snapshot {entry['serial']}", fg="green")
        case "unchanged":
            return f"Nothing to change: snapshot {entry['serial']} stays in force"
        case "finding":
            return str(entry["text"])
        case "estate not published":
            reason = f"Not in force: {entry['reason']}; what was in force stays."
            return typer.style(reason, fg="red")
    return ""
