"""`ostiary odoo drift`: where contracts do not fit their Odoo any more, or will not fit the next one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from catalog.cli.check import require_estate
from catalog.cli.odoo_access import Key, KeyFile, Protocol
from catalog.cli.odoo_live import Instead, Keys, Looked, SecretsDirectory, look
from catalog.cli.output import FINDINGS, count, fail, note, print_findings, print_json

if TYPE_CHECKING:
    from contracts.findings import Finding


def drift(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The estate.", show_default="here")] = Path(),
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="URL",
            help="Another Odoo, such as the next version. Without it, each upstream's own.",
        ),
    ] = None,
    upstream: Annotated[
        str | None, typer.Option("--upstream", metavar="NAME", help="Only what this upstream serves.")
    ] = None,
    db: Annotated[
        str | None, typer.Option("--db", metavar="NAME", help="The database of --against. As the upstream's.")
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", metavar="LOGIN", help="Who asks, of --against. As the upstream's.")
    ] = None,
    key: Key = None,
    key_file: KeyFile = None,
    secrets: SecretsDirectory = None,
    protocol: Protocol = None,
    fail_on: Annotated[
        Literal["error", "warning"], typer.Option(help="The mildest severity that makes the exit code 1.")
    ] = "error",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
) -> None:
    """Hold every contract that an Odoo serves, guards too, against the live Odoo as the key sees it.

    Finds models, fields, methods and values that are gone or are called otherwise, types and relations that have
    changed, new required fields, and rights that were lost; each with its place in the contract and what to do.
    With --against it tells what an upgrade breaks before it is made. Nothing is changed, here or there.

    Exit codes: 0 everything fits, 1 findings, 2 no estate, or an Odoo that cannot be asked.
    """
    require_estate(directory)
    from catalog.estates import load_estate

    estate, findings = load_estate(directory)
    if estate is None:
        print_findings([each for each in findings if each.severity == "error"], err=True)
        fail("the estate has errors; drift is of what can be enforced")
    if against is None and not (db is user is protocol is None):
        fail("--db, --user and --protocol are of the Odoo that --against names")
    instead = None if against is None else Instead(against, db or "", user or "", protocol)
    looked = look(estate, Keys(key, key_file, secrets), upstream, instead)
    found = [each.finding for odoo in looked for each in odoo.found]
    if as_json:
        print_json(
            {
                "ok": not _failing(found, "error"),
                "errors": len(_failing(found, "error")),
                "warnings": sum(each.severity == "warning" for each in found),
                "odoos": [odoo.shown() for odoo in looked],
                "findings": [each.shown() for odoo in looked for each in odoo.found],
            }
        )
    else:
        _print(looked)
    if _failing(found, fail_on):
        raise typer.Exit(FINDINGS)


def _failing(found: "list[Finding]", fail_on: str) -> "list[Finding]":
    severities = ("error", "warning") if fail_on == "warning" else ("error",)
    return [each for each in found if each.severity in severities]


def _print(looked: list[Looked]) -> None:
    if not looked:
        note("No operation of the estate is served by an Odoo.")
    for odoo in looked:
        found = [each.finding for each in odoo.found]
        print_findings(found)
        typer.echo(f"{odoo.upstream}: Odoo {odoo.major} at {odoo.url}, over {odoo.protocol}: {count(found)}")
