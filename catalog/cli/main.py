"""The command `ostiary`: its table of contents.

Every command is registered here, in the order in which `--help` shows it, and lives in a module of its own.
A command imports what is heavy in its function, so that `ostiary --help` needs typer alone.
"""

from typing import Annotated

import typer

from catalog.cli.accounts import app as accounts_app
from catalog.cli.add import add
from catalog.cli.agreements import consent, notices, override
from catalog.cli.applications import app as applications_app
from catalog.cli.audit import app as audit_app
from catalog.cli.cache import app as cache_app
from catalog.cli.calendar import calendar
from catalog.cli.catalog import app as catalog_app
from catalog.cli.changes import app as changes_app
from catalog.cli.changes import impact
from catalog.cli.check import check
from catalog.cli.client_consents import app as consents_app
from catalog.cli.credentials import app as credentials_app
from catalog.cli.delegate import app as delegate_app
from catalog.cli.demo import demo
from catalog.cli.deprecate import deprecate
from catalog.cli.diff import diff
from catalog.cli.errors import errors
from catalog.cli.explain import explain
from catalog.cli.extensions import app as extensions_app
from catalog.cli.feeds import app as feeds_app
from catalog.cli.gateway import gateway
from catalog.cli.health import health
from catalog.cli.init import init
from catalog.cli.keys import app as keys_app
from catalog.cli.lint import lint
from catalog.cli.member_tokens import app as member_tokens_app
from catalog.cli.mirror import mirror
from catalog.cli.odoo import app as odoo_app
from catalog.cli.owners import app as owners_app
from catalog.cli.policies import app as policies_app
from catalog.cli.profile import app as profile_app
from catalog.cli.profile import whoami
from catalog.cli.push import plan, push
from catalog.cli.registrations import app as registrations_app
from catalog.cli.revisions import publish, revisions, rollback
from catalog.cli.routes import routes
from catalog.cli.schema import schema
from catalog.cli.scorecards import scorecards
from catalog.cli.subscriptions import app as subscriptions_app
from catalog.cli.token import token
from catalog.cli.up import up
from catalog.cli.upstream_credentials import app as upstream_credentials_app
from catalog.cli.usage import usage
from catalog.cli.waivers import app as waivers_app

_WIDTH = 100


def build() -> typer.Typer:
    """The application with all its commands."""
    app = typer.Typer(
        name="ostiary",
        epilog="Exit codes: 0 fine, 1 findings, 2 bad input. Each command explains itself with --help.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        # Plain help: Rich would double the time that `--help` takes (measured: 0.10 s and 0.18 s).
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _WIDTH},
    )
    app.callback()(ostiary)

    app.command("demo", short_help="Try it: a catalog, a gateway, an Odoo stand-in and a carrier.")(demo)
    app.command("init", short_help="Start a new, commented estate.")(init)
    app.command("add", short_help="Take an existing OpenAPI document into an estate.")(add)
    app.add_typer(odoo_app, name="odoo", short_help="Look at an Odoo, and make contracts of its models.")
    app.command("check", short_help="Check an estate in full, without a network.")(check)
    app.command("diff", short_help="Compare two contracts: what changed, and whom it breaks.")(diff)
    app.command("lint", short_help="Lint contracts and estates by rulesets in Spectral's format.")(lint)
    app.command("routes", short_help="Show what is enforced on each operation.")(routes)
    app.command("explain", short_help="Show what would happen to a request, and why.")(explain)
    app.add_typer(policies_app, name="policies", short_help="Show the installed policies, in order.")
    app.command("deprecate", short_help="Announce the end of an API version, in an estate.")(deprecate)
    app.command("calendar", short_help="Show what ends when, and who still calls it.")(calendar)
    app.command("schema", short_help="Print the JSON Schemas of estate files, for editors.")(schema)
    app.command("up", short_help="Run a catalog and a gateway for an estate.")(up)
    app.command("gateway", short_help="Run a gateway alone.")(gateway)
    app.add_typer(catalog_app, name="catalog", short_help="Run a catalog alone; issue client secrets.")
    app.command("plan", short_help="Show what a push would change.")(plan)
    app.command("push", short_help="Propose an estate to a catalog.")(push)
    app.add_typer(changes_app, name="changes", short_help="See change requests and decide about them.")
    app.add_typer(waivers_app, name="waivers", short_help="Let single findings pass, for a reason and a time.")
    app.command("impact", short_help="Show whom a change touches.")(impact)
    app.add_typer(extensions_app, name="extensions", short_help="Let an application go on past a version's end.")
    app.command("consent", short_help="Record that a consumer has agreed to a version's end.")(consent)
    app.command("override", short_help="Open the sunset gate of a version that is still called.")(override)
    app.command("notices", short_help="Show what people were told, and whether it has arrived.")(notices)
    app.command("revisions", short_help="Show what is in force, and what was when.")(revisions)
    app.command("rollback", short_help="Return to an earlier revision of an API.")(rollback)
    app.command("publish", short_help="Publish again, or show how it went last.")(publish)
    app.add_typer(owners_app, name="owners", short_help="Show who answers for which API, and what has nobody.")
    app.command("scorecards", short_help="Show how well APIs and teams are governed, and what to mend.")(
        scorecards
    )
    app.add_typer(delegate_app, name="delegate", short_help="Hand a role to another member for a time.")
    app.add_typer(audit_app, name="audit", short_help="Read the audit log; prove that nobody altered it.")
    app.add_typer(profile_app, name="profile", short_help="Keep the catalogs to talk to, and a token for each.")
    app.add_typer(
        credentials_app, name="credentials", short_help="See what opens the gateway; issue, replace, revoke."
    )
    app.add_typer(
        upstream_credentials_app,
        name="upstream-credentials",
        short_help="See what gateways present to upstreams; set, replace, revoke.",
    )
    app.add_typer(keys_app, name="keys", short_help="See what signs access tokens; rotate, withdraw.")
    app.add_typer(accounts_app, name="accounts", short_help="See how members log in; invite, reset, disable.")
    app.add_typer(consents_app, name="consents", short_help="See what members let applications do; end it.")
    app.add_typer(
        registrations_app, name="registrations", short_help="Decide about clients that register themselves."
    )
    app.add_typer(
        applications_app,
        name="applications",
        short_help="See a consumer's applications, and their duties.",
    )
    app.add_typer(feeds_app, name="feeds", short_help="Follow what is new about an API, or for a consumer.")
    app.add_typer(
        subscriptions_app, name="subscriptions", short_help="Ask that an application may call an API, and decide."
    )
    app.add_typer(member_tokens_app, name="member-tokens", short_help="See member tokens and revoke them.")
    app.command("whoami", short_help="Show whose token it is, and what its member may do.")(whoami)
    app.command("mirror", short_help="Show what came of mirrored calls, and how answers differ.")(mirror)
    app.add_typer(cache_app, name="cache", short_help="Have gateways forget answers that they keep.")
    app.command("usage", short_help="Show who calls what, and how much.")(usage)
    app.command("health", short_help="Show how APIs, upstreams and gateways are now.")(health)
    app.command("errors", short_help="Show calls that failed, and what their caller can do.")(errors)
    app.command("token", short_help="Get an access token, for trying.")(token)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version
        from importlib.util import find_spec

        # The gateway is another process: which form of it would start is asked without loading it.
        spec = find_spec("gateway.wire.connection")
        form = "pure Python" if spec is None or (spec.origin or "").endswith(".py") else "compiled"
        typer.echo(f"ostiary {version('ostiary')} (gateway: {form})")
        raise typer.Exit


def ostiary(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Govern the APIs of a company that runs on Odoo.

    One OpenAPI document an API version is the contract: routes, scopes, limits and validation follow from it.
    Start with "ostiary demo", or with "ostiary init DIR".
    """


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
    except Exception as error:
        from policies.installed import PluginError  # here: nothing may have needed the policies until now

        if not isinstance(error, PluginError):
            raise
        typer.secho(f"ostiary: {error}", err=True, fg="red")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
