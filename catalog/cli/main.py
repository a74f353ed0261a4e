"""The command `ostiary`: its table of contents.

Every command is registered here, in the order in which `--help` shows it, and lives in a module of its own.
A command imports what is heavy in its function, so that `ostiary --help` needs typer alone.
"""

import typer

from catalog.cli.add import add
from catalog.cli.catalog import app as catalog_app
from catalog.cli.check import check
from catalog.cli.demo import demo
from catalog.cli.gateway import gateway
from catalog.cli.init import init
from catalog.cli.routes import routes
from catalog.cli.schema import schema
from catalog.cli.token import token
from catalog.cli.up import up

BEGIN = "Begin"
RUN = "Run"
CONTRACTS = "Contracts"


def build() -> typer.Typer:
    """The application with all its commands."""
    app = typer.Typer(
        name="ostiary",
        help="Govern the APIs of a company that runs on Odoo: one OpenAPI contract an API version, enforced.",
        epilog="Exit codes: 0 fine, 1 findings, 2 bad input. Each command explains itself with --help.",
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
    )
    app.command("demo", rich_help_panel=BEGIN)(demo)
    app.command("init", rich_help_panel=BEGIN)(init)
    app.command("add", rich_help_panel=BEGIN)(add)
    app.command("check", rich_help_panel=CONTRACTS)(check)
    app.command("routes", rich_help_panel=CONTRACTS)(routes)
    app.command("schema", rich_help_panel=CONTRACTS)(schema)
    app.command("up", rich_help_panel=RUN)(up)
    app.command("gateway", rich_help_panel=RUN)(gateway)
    app.add_typer(catalog_app, name="catalog", rich_help_panel=RUN)
    app.command("token", rich_help_panel=RUN)(token)
    return app


def main() -> None:
    """The console script. A mistake of the user is a sentence on stderr and exit code 2, never a traceback.

    Typer turns an interrupt into exit code 130 and a closed pipe into a quiet end.
    """
    try:
        build()(prog_name="ostiary")
    except OSError as error:
        # A directory without permission, a full disk: the user's to mend, with the path that the system names.
        where = f": {error.filename}" if error.filename else ""
        typer.secho(f"ostiary: {error.strerror or error}{where}", err=True, fg="red")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
