"""`ostiary owners export` and `import`: owners given to a Backstage catalog, and taken from it."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from catalog.cli.check import require_estate
from catalog.cli.output import FINDINGS, fail, note, print_findings, print_json

Form = Annotated[Literal["backstage"], typer.Option("--format", help="The form of the file.")]
Directory = Annotated[Path, typer.Option("--estate", metavar="DIR", help="The estate.", show_default="here")]


def export(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to write it; standard output without it.")
    ] = None,
    form: Form = "backstage",
    estate: Directory = Path(),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the entities as one JSON array; FILE is YAML in any case.")
    ] = False,
) -> None:
    """Write teams, members, APIs and their versions as Backstage entities (catalog-info.yaml).

    Contracts are referred to from the estate's directory, so that is where the file belongs.
    """
    require_estate(estate)
    from catalog.estates import load_estate
    from contracts.adopt.backstage.export import catalog_info, entities

    loaded, findings = load_estate(estate)
    if loaded is None:
        print_findings([each for each in findings if each.severity == "error"], err=True)
        fail("the estate has errors; mend them first")
    text = catalog_info(loaded)
    if file is not None:
        file.write_text(text, encoding="utf-8")
        note(f"wrote {file}")
    if as_json:
        print_json(list(entities(loaded)))
    elif file is None:
        typer.echo(text, nl=False)


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A catalog-info.yaml, with one or many entities.")],
    form: Form = "backstage",
    estate: Directory = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would change.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Take owners, teams and members from Backstage entities into the estate's files.

    Comments in the files stay. Whatever is not taken over is told with its reason. Nobody is taken away.

    Exit codes: 0 taken, 1 taken and "ostiary check" has errors to mend, 2 a file or estate that cannot be used.
    """
    require_estate(estate)
    from catalog.cli.add import read_estate
    from catalog.estates import check
    from contracts.adopt.backstage.reading import read_entities
    from contracts.adopt.backstage.taking import take
    from contracts.atomic import write_files
    from contracts.documents.document import load
    from contracts.estate.loading import API, APIS, TEAMS
    from contracts.findings import has_errors

    if not file.is_file():
        fail(f"{str(file)!r} is no file")
    entities, findings = read_entities(file.read_text(encoding="utf-8-sig"), file.name)
    if has_errors(findings):
        print_findings(findings, err=True)
        fail(f"{file} cannot be read as YAML")
    read = read_estate(estate)
    teams, _ = load(estate / TEAMS, TEAMS)
    if teams is None or not isinstance(teams.value.get("teams"), dict):
        fail(f"the estate has no {TEAMS} with teams in it")
    texts = {f"{APIS}/{name}/{API}": each for name, each in read.apis.items()}
    texts[TEAMS] = ((estate / TEAMS).read_text(encoding="utf-8-sig"), teams)
    taken = take(entities, texts)
    if taken.files and not dry_run:
        write_files(estate, taken.files)
    errors = [each for each in check(estate) if each.severity == "error"] if not dry_run else []
    if as_json:
        print_json(
            {
                "files": sorted(taken.files),
                "changes": taken.changes,
                "remarks": taken.remarks,
                "findings": [str(each) for each in errors],
            }
        )
    else:
        for line in taken.changes:
            typer.echo(line)
        for line in taken.remarks:
            note(line)
        if not taken.changes:
            note("Nothing changes.")
        print_findings(errors)
    if errors:
        raise typer.Exit(FINDINGS)
