"""`ostiary owners`: who answers for which API, and what nobody answers for."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from catalog.cli.check import require_estate
from catalog.cli.output import FINDINGS, fail, note, print_findings, print_json, print_table
from catalog.cli.owners_exchange import export, import_
from catalog.cli.remote import JsonOption, ProfileOption, connect

if TYPE_CHECKING:
    from contracts.estate.estate import Estate

app = typer.Typer(
    help="Show who answers for which API; exchange owners with a Backstage catalog.",
    invoke_without_command=True,
    no_args_is_help=False,
)
app.command("export")(export)
app.command("import")(import_)


@app.callback()
def owners(
    context: typer.Context,
    orphans: Annotated[bool, typer.Option("--orphans", help="Show what nobody answers for.")] = False,
    estate: Annotated[
        Path | None,
        typer.Option("--estate", metavar="DIR", help="Of an estate on this machine, without a catalog."),
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the APIs in force with their owners.

    Exit codes: 0 shown, 1 with --orphans where there are any, 2 no catalog or estate that could be asked.
    """
    if context.invoked_subcommand is not None:
        return
    apis, found = _of_estate(estate, orphans) if estate is not None else _of_catalog(profile, as_json, orphans)
    if as_json:
        print_json(found if orphans else apis)
    elif orphans:
        for each in found:
            typer.echo(f"{each['message']} [{each['rule']}]")
        if not found:
            note("Somebody answers for everything.")
    else:
        header = ("API", "OWNER", "CONTACT", "DOMAIN", "GOVERNANCE", "CRITICALITY", "VERSIONS")
        print_table(header, [_row(each) for each in apis])
    if orphans and found:
        raise typer.Exit(FINDINGS)


def _of_catalog(profile: str | None, as_json: bool, orphans: bool) -> tuple[list[Any], list[Any]]:
    remote = connect(profile, as_json)
    return ([], list(remote.pages("/orphans"))) if orphans else (list(remote.pages("/apis")), [])


def _of_estate(root: Path, orphans: bool) -> tuple[list[Any], list[Any]]:
    require_estate(root)
    import msgspec

    from catalog.ownership.registry import api_views, orphan_views

    estate = load(root)
    found = orphan_views(estate) if orphans else ()
    apis = () if orphans else api_views(estate)
    return [msgspec.to_builtins(each) for each in apis], [msgspec.to_builtins(each) for each in found]


def load(root: Path) -> "Estate":
    """The estate in a directory. Ends the command where it has errors."""
    from catalog.estates import load_estate

    estate, findings = load_estate(root)
    if estate is None:
        print_findings([each for each in findings if each.severity == "error"], err=True)
        fail("the estate has errors; mend them first")
    return estate


def _row(api: dict[str, Any]) -> tuple[str, ...]:
    versions = ", ".join(f"{each['version']} {each['state']}" for each in api["versions"])
    domain = api["domain"] or ""
    return (
        *(api["name"], api["owner"], api["contact"], domain, api["governance"]),
        *(str(api["criticality"]), versions),
    )
