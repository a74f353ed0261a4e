"""`ostiary schema`: JSON Schemas of the estate's files, for editors."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from catalog.cli.output import fail, note, print_json


def schema(
    kind: Annotated[
        Literal["estate", "teams", "consumers", "api"] | None,
        typer.Argument(metavar="KIND", help="estate, teams, consumers or api.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Write KIND.schema.json of every kind into DIR."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="A schema is JSON in any case; with --output, print which were written.")
    ] = False,
) -> None:
    """Print the JSON Schema (2020-12) of one kind of estate file, or write them all.

    Editors that speak the YAML language server take it from a first line like
    "# yaml-language-server: $schema=.ostiary/schemas/estate.schema.json", which `ostiary init` writes.

    Exit codes: 0 done, 2 neither KIND nor --output was given, or both.
    """
    if (kind is None) == (output is None):
        fail("give either KIND or --output DIR", hint="KIND is estate, teams, consumers or api.")
    from catalog.estate_schemas import schema_text
    from contracts.atomic import write_files
    from contracts.estate.schemas import KINDS, schema_file

    if kind is not None:
        typer.echo(schema_text(kind), nl=False)
    if output is not None:
        texts = {schema_file(each): schema_text(each) for each in KINDS}
        write_files(output, texts)
        if as_json:
            print_json([str(output / name) for name in texts])
        else:
            note(f"wrote {len(KINDS)} schemas into {output}")
