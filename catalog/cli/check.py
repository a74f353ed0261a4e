"""`ostiary check`: everything wrong with an estate, at once, without a network."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from catalog.cli.odoo_access import Key, KeyFile
from catalog.cli.odoo_live import Keys, SecretsDirectory, look
from catalog.cli.output import FINDINGS, count, fail, print_findings, print_json

if TYPE_CHECKING:
    from contracts.estate.estate import Estate
    from contracts.findings import Finding

Directory = Annotated[
    Path,
    typer.Argument(metavar="DIR", help="The estate: the directory that holds ostiary.yaml.", show_default="here"),
]


def check(
    directory: Directory = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
    fail_on: Annotated[
        Literal["error", "warning"], typer.Option(help="The mildest severity that makes the exit code 1.")
    ] = "error",
    live: Annotated[
        bool, typer.Option("--live", help="Hold mapped operations and guards against the live Odoos too.")
    ] = False,
    key: Key = None,
    key_file: KeyFile = None,
    secrets: SecretsDirectory = None,
) -> None:
    """Check an estate in full: every file, every contract, and how they fit together.

    Prints one line for each finding, as FILE:LINE:COLUMN: SEVERITY: MESSAGE at /JSON/POINTER [RULE].
    Nothing is sent or fetched, unless --live asks the Odoos behind the estate what they have; nothing is changed
    there.

    Exit codes: 0 nothing wrong, 1 findings, 2 DIR is no estate, or an Odoo cannot be asked.
    """
    require_estate(directory)
    from catalog.estates import load_estate

    estate, findings = load_estate(directory)
    if live and estate is not None:
        findings = [*findings, *_live(estate, Keys(key, key_file, secrets))]
    if as_json:
        print_json(
            {
                "ok": estate is not None and not any(each.severity == "error" for each in findings),
                "errors": sum(each.severity == "error" for each in findings),
                "warnings": sum(each.severity == "warning" for each in findings),
                "findings": [
                    {
                        "rule": each.rule,
                        "severity": each.severity,
                        "file": each.place.file,
                        "line": each.place.line,
                        "column": each.place.column,
                        "pointer": each.place.pointer,
                        "message": each.message,
                    }
                    for each in findings
                ],
            }
        )
    else:
        print_findings(findings)
        what = str(directory) if estate is None else summary(estate)
        typer.echo(f"{what}: {count(findings)}")
    failing = ("error", "warning") if fail_on == "warning" else ("error",)
    if any(each.severity in failing for each in findings):
        raise typer.Exit(FINDINGS)


def _live(estate: "Estate", keys: Keys) -> "list[Finding]":
    return [each.finding for odoo in look(estate, keys) for each in odoo.found]


def require_estate(directory: Path) -> None:
    """Ends the command with exit code 2 where there is no estate to work on."""
    if not directory.is_dir():
        fail(f"{str(directory)!r} is no directory")
    # Spelt out here, since `contracts.estate.estate` costs more to import than to refuse a wrong directory.
    if not (directory / "ostiary.yaml").is_file():
        fail(f"{str(directory)!r} is no estate: it has no ostiary.yaml", hint="A new one: ostiary init DIR")


def summary(estate: "Estate") -> str:
    """One line that says what is in the estate."""
    operations = sum(len(version.operations) for version in estate.versions)
    applications = sum(len(each.applications) for each in estate.consumers.consumers.values())
    counts = (
        (len(estate.apis), "API"),
        (len(estate.versions), "version"),
        (operations, "operation"),
        (applications, "application"),
    )
    return f"{estate.file.name}: " + ", ".join(f"{number} {noun}{'s' * (number != 1)}" for number, noun in counts)
