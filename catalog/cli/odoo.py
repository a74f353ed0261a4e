"""`ostiary odoo`: look at an Odoo as a key sees it, and make a governed contract of the models that are named."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from catalog.cli.odoo_access import Db, Key, KeyFile, Protocol, Url, User, with_odoo
from catalog.cli.odoo_draft import draft
from catalog.cli.odoo_drift import drift
from catalog.cli.odoo_findings import findings
from catalog.cli.odoo_import import import_
from catalog.cli.odoo_usage import usage
from catalog.cli.output import fail, note, print_json, print_table

if TYPE_CHECKING:
    from catalog.odoo.facts import ModelFacts
    from catalog.odoo.remote import Remote

app = typer.Typer(no_args_is_help=True, help="Look at an Odoo, and make contracts of its models.")
app.command("import")(import_)
app.command("drift")(drift)
app.command("findings")(findings)
app.command("usage")(usage)
app.command("draft")(draft)


@app.command("discover")
def discover(
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MODEL...]", help="Show these with their fields. Without any, list all models."),
    ] = None,
    url: Url = "http://127.0.0.1:8069",
    db: Db = "",
    user: User = "",
    key: Key = None,
    key_file: KeyFile = None,
    protocol: Protocol = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what an Odoo has, as the key sees it: models, fields, methods, and what it may do.

    Nothing is changed. A key that sees more than its contracts need is one to narrow, in Odoo.
    """

    async def work(remote: "Remote") -> None:
        from catalog.odoo.reflection import look_at
        from catalog.odoo.reflection import models as all_models
        from catalog.odoo.remote import RefusedError

        if not models:
            found = await all_models(remote)
            if as_json:
                listed = [{"model": name, "label": label} for name, label in found.items()]
                print_json({"odoo": remote.major, "protocol": remote.dialect, "models": listed})
                return
            note(f"Odoo {remote.major}, over {remote.dialect}: {len(found)} models")
            print_table(("MODEL", "LABEL"), list(found.items()))
            return
        seen = []
        for name in models:
            try:
                seen.append(await look_at(remote, name))
            except RefusedError as refusal:
                fail(f"the model {name!r}: {refusal}")
        if as_json:
            shown = [{"model": each.name, "may": sorted(each.may), **_facts(each)} for each in seen]
            print_json({"odoo": remote.major, "protocol": remote.dialect, "models": shown})
            return
        for each in seen:
            _show(each)

    with_odoo(work, url, db, user, key, key_file, protocol)


def _facts(model: "ModelFacts") -> dict[str, Any]:
    import msgspec

    return {
        "label": model.label,
        "methods": list(model.methods),
        "methods_told": model.told,
        "fields": msgspec.to_builtins(list(model.fields.values())),
    }


def _show(model: "ModelFacts") -> None:
    typer.echo(f"{model.name}: may {', '.join(sorted(model.may)) or 'nothing'}")
    rows = []
    for field in model.fields.values():
        flags = [word for word, on in (("required", field.required), ("readonly", field.readonly)) if on]
        kind = f"{field.type} → {field.relation}" if field.relation else field.type
        rows.append((field.name, kind, " ".join(flags), field.label))
    print_table(("FIELD", "TYPE", "", "LABEL"), rows, indent=2)
    known = "methods" if model.told else "known methods (this Odoo does not tell them)"
    typer.echo(f"  {known}: {', '.join(model.methods) or 'none'}\n")
