"""`ostiary deprecate`: puts a version's end into an estate, to be proposed like any other change."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from catalog.cli.check import require_estate
from catalog.cli.moments import moment
from catalog.cli.output import FINDINGS, fail, note, print_findings, print_json

if TYPE_CHECKING:
    from contracts.documents.document import Document


def deprecate(
    api: Annotated[str, typer.Argument(metavar="API", help="The API's name.")],
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Its version, such as v1.")],
    estate: Annotated[
        Path, typer.Option("--estate", metavar="DIR", help="The estate to write it into.", show_default="here")
    ] = Path(),
    on: Annotated[
        str | None,
        typer.Option("--on", metavar="DATE", help="Since when it is deprecated (UTC).", show_default="today"),
    ] = None,
    sunset: Annotated[str | None, typer.Option("--sunset", metavar="DATE", help="When it ends (UTC).")] = None,
    successor: Annotated[
        str | None, typer.Option("--successor", metavar="vN", help="The version to move to.")
    ] = None,
    guide: Annotated[
        str | None, typer.Option("--guide", metavar="URL", help="Where the move is described.")
    ] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take the deprecation back: published, and without an end.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
) -> None:
    """Announce the end of an API version, in its api.yaml.

    Writes the state, the dates, the successor and the migration guide, and leaves all else in the file as it is.
    What the gateway does changes once that is in force: "ostiary push" proposes it.

    Exit codes: 0 written, 1 written and "ostiary check" has errors to mend, 2 refused (nothing is written).
    """
    require_estate(estate)
    if undo and any(each is not None for each in (on, sunset, successor, guide)):
        fail("--undo takes all of the calendar back: no date, successor or guide goes with it")
    members = None if undo else _members(on, sunset, successor, guide)
    from contracts.adopt.calendar_edit import with_calendar, without_calendar
    from contracts.atomic import write_files

    name = f"apis/{api}/api.yaml"
    document = _document(estate, name, api, version)
    text = (estate / name).read_text(encoding="utf-8-sig")
    if members is None:
        new, kept = without_calendar(document, text, version)
    else:
        new, kept = with_calendar(document, text, version, members)
    if new != text:
        write_files(estate, {name: new})
    _tell(estate, name, changed=new != text, kept=kept, as_json=as_json)


def _members(on: str | None, sunset: str | None, successor: str | None, guide: str | None) -> dict[str, Any]:
    """What goes into the entry. Ends the command for a date that is none, and for an end before its beginning."""
    from datetime import UTC, datetime

    if sunset is None:
        fail("when does the version end?", hint="Give --sunset DATE, or --undo to take an end back.")
    deprecation = on or datetime.now(UTC).strftime("%Y-%m-%d")
    if moment("--sunset", sunset) <= moment("--on", deprecation):
        fail(f"the sunset ({sunset}) is not after the deprecation ({deprecation})")
    given = {"successor": successor, "migration-guide": guide}
    return {
        "state": "deprecated",
        "deprecation": deprecation,
        "sunset": sunset,
        **{key: value for key, value in given.items() if value is not None},
    }


def _document(estate: Path, name: str, api: str, version: str) -> "Document":
    from contracts.documents.document import load
    from contracts.estate.decode import declared, suggestion
    from contracts.findings import has_errors

    if not (estate / name).is_file():
        known = [path.parent.name for path in estate.glob("apis/*/api.yaml")]
        fail(f"the estate has no API {api!r}{suggestion(api, known)}")
    document, findings = load(estate / name, name)
    if document is None or has_errors(findings):
        print_findings(findings, err=True)
        fail(f"{name} is broken; mend it first")
    versions = declared(document, "versions")
    if version not in versions:
        fail(f"{api!r} has no version {version!r}{suggestion(version, versions)}")
    return document


def _tell(estate: Path, name: str, *, changed: bool, kept: bool, as_json: bool) -> None:
    """Says what was written, and what `ostiary check` has against it."""
    from catalog.estates import load_estate

    loaded, findings = load_estate(estate)
    wrong = [each for each in findings if each.severity == "error" or each.place.file == name]
    if as_json:
        found = [str(each) for each in wrong]
        print_json({"file": name, "changed": changed, "comments_kept": kept, "findings": found})
    else:
        typer.echo(f"wrote {estate / name}" if changed else f"{estate / name} says so already")
        if not kept:
            note("The file was written anew: its comments are lost.")
        print_findings(wrong, err=True)
        if loaded is not None and changed:
            typer.echo('Next: "ostiary plan" shows what it changes, "ostiary push" proposes it.')
    if loaded is None:
        raise typer.Exit(FINDINGS)
