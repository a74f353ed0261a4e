"""`ostiary routes`: what the gateway enforces on each operation."""

import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catalog.cli.check import Directory, require_estate
from catalog.cli.output import FINDINGS, count, note, print_findings, print_json, print_table

if TYPE_CHECKING:
    from contracts.estate.enforcement import EnforcedOperation, PlanInForce

_HEADER = ("METHOD", "PATH", "OPERATION", "SCOPES", "VALIDATED", "BACKEND", "POLICIES")
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def routes(
    directory: Directory = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array, one object an operation.")] = False,
) -> None:
    """Show what is enforced on each operation of an estate.

    For each API version: its owner, state, dates, and the plans it is subscribed under; for each operation: the
    scopes it asks for, the parameters and bodies it validates, its largest body, and where the call goes.

    Exit codes: 0 shown, 1 the estate has errors (they are printed on stderr), 2 DIR is no estate.
    """
    require_estate(directory)
    from catalog.estates import load_estate
    from contracts.estate.enforcement import enforced

    estate, findings = load_estate(directory)
    if estate is None:
        print_findings(findings, err=True)
        note(f"{count(findings)} in {directory}: mend them first; nothing is enforced from a broken estate")
        raise typer.Exit(FINDINGS)
    operations = enforced(estate)
    if as_json:
        print_json(operations)
        return
    for position, (_, group) in enumerate(groupby(operations, lambda each: (each.api, each.version))):
        if position:
            typer.echo()
        _print_version(list(group))


def _print_version(operations: "list[EnforcedOperation]") -> None:
    first = operations[0]
    title = typer.style(f"{first.api} {first.version}", bold=True)
    chosen = f" ({first.chosen_by})" if first.chosen_by else ""
    default = "" if first.default_path is None else f" and {first.default_path or '/'}"
    served = (
        f"{first.state}, at {first.base_path}{default}{chosen}, {first.classification}, owned by {first.owner}"
    )
    typer.echo(f"{title}  {served}")
    if lifecycle := _lifecycle(first):
        typer.echo(f"  {lifecycle}")
    plans = next((each.plans for each in operations if each.plans), ())
    for plan in plans:
        typer.echo(f"  plan {plan.name}: {limits_of(plan)} (for {', '.join(plan.applications)})")
    if not plans:
        typer.echo("  no application is subscribed")
    # A terminal is narrow and the base path stands above; whoever searches a pipe wants the path as it is called.
    hidden = len(first.base_path) if sys.stdout.isatty() else 0
    shown = len(_HEADER) if any(each.policies for each in operations) else len(_HEADER) - 1
    print_table(_HEADER[:shown], [_row(each, each.path[hidden:])[:shown] for each in operations], indent=2)


def _lifecycle(operation: "EnforcedOperation") -> str:
    parts = []
    if operation.deprecation:
        parts.append(f"deprecated {operation.deprecation}")
    if operation.sunset:
        parts.append(f"sunset {operation.sunset}")
    if operation.successor:
        parts.append(f"successor {operation.successor}")
    return ", ".join(parts)


def _row(operation: "EnforcedOperation", path: str) -> tuple[str, ...]:
    name = operation.operation_id + (f" (costs {operation.cost})" if operation.cost != 1 else "")
    if operation.deprecated and operation.state != "deprecated":
        name += " (deprecated)"
    backend = operation.backend
    target = f"{backend.upstream} {backend.model}.{backend.method}" if backend.model else backend.upstream
    if operation.served_by is not None:
        target += f" as {operation.served_by}"
    scopes = "public" if operation.public else scopes_of(operation.scopes)
    return operation.method, path, name, scopes, _validated(operation), target, _policies(operation)


def _policies(operation: "EnforcedOperation") -> str:
    """Those that were set: `network (report), cache`."""
    parts = []
    for each in operation.policies:
        own = () if each.mode is None else (each.mode,)
        modes = (*own, *(f"{mode} for {name}" for name, mode in each.consumers.items()))
        parts.append(each.policy + (f" ({'; '.join(modes)})" if modes else ""))
    return ", ".join(parts) or "-"


def scopes_of(alternatives: tuple[tuple[str, ...], ...]) -> str:
    """`a+b or c`: all of the first or all of the second. A token alone is enough where no scope is named."""
    return " or ".join("+".join(each) or "any token" for each in alternatives) or "any token"


def _validated(operation: "EnforcedOperation") -> str:
    parts = []
    for location in ("path", "query", "header", "cookie"):
        number = sum(each.location == location for each in operation.parameters)
        if number:
            parts.append(f"{number} {location}")
    for body in operation.body:
        subtype = body.media_type.partition("/")[2] or body.media_type
        parts.append(f"{subtype} body" if body.validated else f"({subtype} body unread)")
    if operation.body:
        parts[-1] += f" up to {size(operation.max_body)}"
    return ", ".join(parts) or "-"


def limits_of(plan: "PlanInForce") -> str:
    """`burst 20/second, daily 10000/day`."""
    from contracts.limits_text import written_limit

    return ", ".join(
        f"{each.name} {each.quota}/{each.period or window(each.window)}{written_limit(each)}"
        for each in plan.limits
    )


def window(seconds: int) -> str:
    """A window's length in its largest whole unit: `minute`, `5 seconds`."""
    length, unit = next((length, unit) for length, unit in _UNITS if seconds % length == 0)
    number = seconds // length
    return unit if number == 1 else f"{number} {unit}s"


def size(octets: int) -> str:
    """Bytes in the largest whole binary unit: `1 MiB`, `1500 B`."""
    for unit, length in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if octets and octets % length == 0:
            return f"{octets // length} {unit}"
    return f"{octets} B"
