"""`ostiary policies`: what is installed, in the order in which it runs."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from catalog.cli.output import fail, print_json, print_table

if TYPE_CHECKING:
    from policies.policy import Policy

app = typer.Typer(
    help="Show the policies that are installed, in the order in which they run.",
    epilog="Settings stand below a policy's id, in `policies` of ostiary.yaml, of an api.yaml or of a plan, and "
    "in `x-ostiary-policies` of a contract.",
    invoke_without_command=True,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.callback()
def policies(context: typer.Context, as_json: Json = False) -> None:
    """Show the policies that are installed, ours and those of plug-ins, in the order in which they run.

    Requests pass from the first to the last, answers from the last to the first.

    Exit codes: 0 shown, 2 a plug-in that cannot be used.
    """
    if context.invoked_subcommand is not None:
        return
    from policies.installed import installed

    rows = [_about(position, policy) for position, policy in enumerate(installed(), 1)]
    if as_json:
        print_json(rows)
        return
    print_table(
        ("", "POLICY", "PHASE", "MODES", "WHERE NOT SET", "FROM", "WHERE IT CANNOT DECIDE"),
        [
            (
                str(row["position"]),
                row["id"],
                row["phase"],
                ", ".join(row["modes"]),
                row["mode"] if row["always"] else "off",
                row["origin"],
                row["failure"],
            )
            for row in rows
        ],
    )


@app.command()
def show(
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="Its id, as the list shows it.")],
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print it as a page, as the reference has one for each of ours.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show one policy: why it stands where it does, how it fails, its settings, and an example.

    Exit codes: 0 shown, 2 no such policy, or a plug-in that cannot be used.
    """
    from contracts.estate.decode import suggestion
    from policies.documentation import page
    from policies.installed import installed
    from policies.settings_keys import keys_of

    found = {each.id: (position, each) for position, each in enumerate(installed(), 1)}
    if policy not in found:
        fail(f"there is no policy {policy!r}{suggestion(policy, found)}")
    position, chosen = found[policy]
    if as_markdown:
        typer.echo(page(chosen, _described(chosen)), nl=False)
        return
    about, keys = _about(position, chosen), keys_of(chosen.config)
    if as_json:
        print_json({**about, "settings": keys, "example": chosen.example})
        return
    typer.echo(f"{typer.style(chosen.id, bold=True)}  position {position}, {about['phase']}, {about['origin']}")
    typer.echo(f"  {chosen.why}")
    typer.echo(f"  Where it cannot decide: {chosen.failure}")
    where = f"{chosen.mode} on every operation" if chosen.always else "not bound"
    typer.echo(f"  Modes: {', '.join(chosen.modes)}; where nothing is set: {where}")
    if keys:
        typer.echo()
        print_table(
            ("SETTING", "TYPE", "DEFAULT", "MEANING"),
            [
                (key.path, key.kind + (f" ({key.bounds})" if key.bounds else ""), key.default, key.meaning)
                for key in keys
            ],
            indent=2,
        )
    if chosen.example:
        typer.echo("\n  policies:")
        typer.echo(f"    {chosen.id}:")
        for line in chosen.example.strip("\n").splitlines():
            typer.echo(f"      {line}".rstrip())


def _about(position: int, policy: "Policy[Any]") -> dict[str, Any]:
    from policies.installed import origins

    origin = origins().get(policy.id)
    return {
        "position": position,
        "id": policy.id,
        "phase": policy.phase.value,
        "judges": [
            what for what, bind in (("requests", policy.bind), ("answers", policy.bind_answer)) if bind is not None
        ],
        "always": policy.always,
        "mode": policy.mode,
        "modes": policy.modes,
        "why": policy.why,
        "failure": policy.failure,
        "origin": "built in" if origin is None else f"{origin.distribution} {origin.version}",
    }


def _described(policy: "Policy[Any]") -> str:
    """What its module says: of ours, the one that is named as it is; of a plug-in, the one that binds it."""
    import inspect
    import sys

    own = sys.modules.get(f"policies.{policy.id.replace('-', '_')}")
    module = own or sys.modules.get(getattr(policy.bind or policy.bind_answer, "__module__", ""))
    return inspect.cleandoc(module.__doc__ or "") if module is not None else ""
