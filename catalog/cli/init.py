"""`ostiary init`: a new estate, small and commented, which passes `ostiary check` as it is."""

import re
import shlex
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from catalog.cli.output import fail, print_json

_PLACEHOLDER = "my-estate"


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where the estate is to be; made if missing.")],
    force: Annotated[
        bool,
        typer.Option("--force", help="Also into a directory that is not empty; replaces files of these names."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as one JSON array.")] = False,
) -> None:
    """Start a new estate: commented files with one example API, ready to be checked, run and changed.

    Exit codes: 0 written, 2 DIR is a file or not empty (nothing is written).
    """
    if directory.exists() and not directory.is_dir():
        fail(f"{str(directory)!r} is a file")
    if directory.is_dir() and any(directory.iterdir()) and not force:
        fail(
            f"{str(directory)!r} is not empty", hint="--force writes into it and replaces files of the same names."
        )
    from contracts.atomic import write_files

    written = scaffold(estate_name(directory))
    write_files(directory, written)
    if as_json:
        print_json([str(directory / name) for name in sorted(written)])
        return
    for name in sorted(written):
        typer.echo(f"wrote {directory / name}")
    where = shlex.quote(str(directory))
    typer.echo(f"\nNext:\n  ostiary check {where}\n  ostiary routes {where}")
    typer.echo(f"  ostiary add YOUR-API.yaml --estate {where}\n  ostiary up --estate {where}")


def scaffold(name: str) -> dict[str, str]:
    """The files of a new estate called `name`, by relative path, with the schemas that their modelines name."""
    from catalog.estate_schemas import schema_text
    from contracts.estate.schemas import KINDS, schema_file

    texts = dict(_texts(files("catalog.cli") / "scaffold", ""))
    texts["ostiary.yaml"] = texts["ostiary.yaml"].replace(f"name: {_PLACEHOLDER}", f"name: {name}")
    texts |= {f".ostiary/schemas/{schema_file(kind)}": schema_text(kind) for kind in KINDS}
    return texts


def _texts(folder: Traversable, prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            found += _texts(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".yaml"):
            found.append((prefix + entry.name, entry.read_text(encoding="utf-8")))
    return found


def estate_name(directory: Path) -> str:
    """A valid estate name after the directory's, or the placeholder where nothing of it can be kept."""
    words = re.findall(r"[a-z0-9]+", directory.resolve().name.lower())
    name = "-".join(words).lstrip("0123456789-")[:63].rstrip("-")
    return name or _PLACEHOLDER
