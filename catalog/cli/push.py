"""`ostiary plan` and `ostiary push`: what an estate would change in a catalog, and proposing it."""

import base64
from pathlib import Path
from typing import Annotated, Any

import typer

from catalog.cli.check import Directory, require_estate
from catalog.cli.output import FINDINGS, note, print_findings, print_json
from catalog.cli.remote import JsonOption, ProfileOption, Remote, connect

Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="UNIT", help="An API, or `estate` for its own files. Again for several."),
]
Prune = Annotated[bool, typer.Option("--prune", help="Take away APIs in force that DIR does not have.")]


def plan(
    directory: Directory = Path(),
    only: Only = None,
    prune: Prune = False,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a push would change: files, contracts, findings, whom it touches, and what it would need.

    The estate is checked here first, without a network. Nothing is stored.

    Exit codes: 0 nothing would change, or all of it would be published at once; 1 the estate has errors, or
    something would wait for a decision; 2 no estate, or no catalog.
    """
    remote, files = _opened(directory, profile, as_json)
    result = remote.call("POST", "/pushes", {**_body(files, only, prune), "dry_run": True}).value
    _print(result, as_json)
    if any(each["outcome"] in ("proposed", "replaced") for each in result["units"]):
        raise typer.Exit(FINDINGS)


def push(
    directory: Directory = Path(),
    message: Annotated[str, typer.Option("--message", "-m", help="Why: who decides reads it.")] = "",
    only: Only = None,
    prune: Prune = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be, as `plan` does.")] = False,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose an estate: a change request for each unit that is other than in force, published where it needs
    nothing. The same push again changes nothing.

    Exit codes: 0 published or proposed, 1 the estate has errors, or the catalog refuses; 2 no estate, or no
    catalog.
    """
    remote, files = _opened(directory, profile, as_json)
    body = {**_body(files, only, prune), "message": message, "dry_run": dry_run}
    _print(remote.call("POST", "/pushes", body).value, as_json)


def _opened(directory: Path, profile: str | None, as_json: bool) -> tuple[Remote, dict[str, bytes]]:
    """The catalog, and the files that make the estate. Ends the command where the estate has errors."""
    require_estate(directory)
    from catalog.estates import load_estate
    from catalog.revisions.closure import units_of

    estate, findings = load_estate(directory)
    if estate is None:
        errors = [each for each in findings if each.severity == "error"]
        if as_json:
            from catalog.publishing.published import finding_object

            print_json({"findings": [finding_object(each) for each in errors]})
        else:
            print_findings(errors, err=True)
            note(f"{directory} has errors: nothing was pushed")
        raise typer.Exit(FINDINGS)
    files = {path: data for unit in units_of(estate).values() for path, data in unit.items()}
    return connect(profile, as_json), files


def _body(files: dict[str, bytes], only: list[str] | None, prune: bool) -> dict[str, Any]:
    body: dict[str, Any] = {"files": {path: _file(data) for path, data in sorted(files.items())}, "prune": prune}
    return {**body, "only": only} if only else body


def _file(data: bytes) -> dict[str, str]:
    try:
        return {"text": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _print(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    from catalog.cli.change_text import of_proposal

    for each in result["units"]:
        for line in of_proposal(each):
            typer.echo(line)
    for each in result["units"]:
        typer.echo(_said(each, result["dry_run"]))
    if result["unused"]:
        note(f"no unit refers to: {', '.join(result['unused'])}")


def _said(proposed: dict[str, Any], dry_run: bool) -> str:
    unit, number, would = proposed["unit"], proposed["change"], "would be " if dry_run else ""
    match proposed["outcome"]:
        case "unchanged" if number:
            return f"{unit}: as it is in force; its change {number} is open, and says otherwise"
        case "unchanged":
            return f"{unit}: as it is in force"
        case "known":
            return f"{unit}: as change {number} has it, which is open"
        case "published":
            return f"{unit}: {would}published{f' as change {number}' if number else ' at once'}"
        case "replaced":
            return f"{unit}: {would}the new revision of change {number}, whose approvals are void"
        case _:
            return f"{unit}: {would}proposed{f' as change {number}' if number else ''}, and waits"
