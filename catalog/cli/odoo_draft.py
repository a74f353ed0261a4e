"""`ostiary odoo draft`: the contract to which a legacy client of Odoo's RPC can move, of what it really uses."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from catalog.cli.check import require_estate
from catalog.cli.odoo_access import Key, KeyFile, with_odoo
from catalog.cli.odoo_estate import take_in
from catalog.cli.odoo_import import Context, context_of
from catalog.cli.odoo_live import Keys, SecretsDirectory
from catalog.cli.odoo_usage import Api, Days, Version, uses
from catalog.cli.output import fail, note, print_findings, print_json
from catalog.cli.remote import ProfileOption, connect

if TYPE_CHECKING:
    from catalog.odoo.drafting import Draft
    from catalog.odoo.looking import Looking
    from contracts.estate_files import UpstreamEntry
    from contracts.odoo_guard import OdooGuard


def draft(
    api: Api,
    client: Annotated[str, typer.Option("--client", help="The application that is to move.")],
    version: Version = "v1",
    directory: Annotated[
        Path, typer.Option("--from", metavar="DIR", help="The estate with the guard.", show_default="here")
    ] = Path(),
    usage: Annotated[
        Path | None,
        typer.Option(
            "--usage",
            metavar="FILE",
            help="What `ostiary odoo usage --json` printed. Without it, the catalog is asked.",
            show_default=False,
        ),
    ] = None,
    days: Days = 90,
    name: Annotated[
        str | None, typer.Option("--api", metavar="NAME", help="The new API's name. The client's without it.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="Its title.", show_default=False)] = None,
    estate: Annotated[
        Path | None,
        typer.Option("--estate", metavar="DIR", help="Take it into this estate. Without it, print the contract."),
    ] = None,
    owner: Annotated[
        str | None, typer.Option("--owner", metavar="TEAM", help="A team of teams.yaml.", show_default=False)
    ] = None,
    contact: Annotated[
        str | None, typer.Option("--contact", metavar="EMAIL", help="Whom partners ask.", show_default=False)
    ] = None,
    context: Context = "{}",
    examples: Annotated[
        bool, typer.Option("--examples/--no-examples", help="Look at one record, for the shape of the examples.")
    ] = True,
    discovered: Annotated[
        Path | None,
        typer.Option(
            "--discovered",
            metavar="FILE",
            help="What `ostiary odoo discover MODEL... --json` printed. Without it, the Odoo is asked.",
            show_default=False,
        ),
    ] = None,
    key: Key = None,
    key_file: KeyFile = None,
    secrets: SecretsDirectory = None,
    profile: ProfileOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Draft the contract that a legacy client can move to: what it uses of Odoo, and nothing else.

    The forced domains of the guard hold in the draft, too. What the client does that has no place in such a
    contract is told on stderr. The upstream's Odoo is looked at, and nothing is changed.

    Exit codes: 0 drafted, 1 drafted and `ostiary check` has errors to mend, 2 refused (nothing is written).
    """
    for root in (directory, *([estate] if estate is not None else [])):
        require_estate(root)
    guarding = _guarding(directory, api, version)
    found = _uses(usage, client) if usage is not None else uses(connect(profile), api, version, client, days)
    wanted = name or client
    shown = _Shown(
        wanted,
        title or wanted.replace("-", " ").capitalize(),
        contact or f"{wanted}@{wanted}.invalid",
        context_of(context),
        examples,
    )
    made = _make(guarding, found, shown, discovered or Keys(key, key_file, secrets))
    for each in made.left_out:
        note(f"left out: {each}")
    from contracts.adopt.yaml_text import dump

    if estate is not None:
        named = (wanted, owner, contact, guarding.upstream)
        take_in(estate, dump(made.document), named, guarding.declared(), as_json)
    elif as_json:
        print_json({"contract": made.document, "left_out": made.left_out})
    else:
        typer.echo(dump(made.document), nl=False)


@dataclass(frozen=True, slots=True)
class _Guarding:
    """The guard through which the client calls, and the upstream behind it."""

    guard: "OdooGuard"
    upstream: str
    entry: "UpstreamEntry"

    def declared(self) -> dict[str, Any]:
        """The upstream as an estate says it, for one that has it not yet."""
        entry = self.entry
        said = {"kind": "odoo", "url": entry.url, "protocol": entry.protocol, "credential": entry.credential}
        said |= {"database": entry.database, "login": entry.login}
        return {key: value for key, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class _Shown:
    """How the draft is introduced, and what goes with its calls."""

    name: str
    title: str
    contact: str
    context: dict[str, Any]
    examples: bool


def _guarding(directory: Path, api: str, version: str) -> _Guarding:
    from catalog.estates import load_estate
    from contracts.operations import OdooBackend

    estate, findings = load_estate(directory)
    if estate is None:
        print_findings([each for each in findings if each.severity == "error"], err=True)
        fail("the estate has errors; a draft is made of what can be enforced")
    operations = [
        operation
        for each in estate.versions
        if (each.api, each.version) == (api, version)
        for operation in each.operations
    ]
    for backend in (operation.backend for operation in operations):
        if isinstance(backend, OdooBackend) and backend.guard is not None:
            return _Guarding(backend.guard, backend.upstream, estate.file.upstreams[backend.upstream])
    return fail(f"no operation of {api} {version} in the estate {str(directory)!r} guards Odoo's RPC")


def _uses(path: Path, client: str) -> list[Any]:
    """Those of a client, as `ostiary odoo usage --json` keeps them."""
    import msgspec

    try:
        document = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        fail(f"--usage {str(path)!r} cannot be read: {error.strerror}")
    except msgspec.DecodeError as error:
        fail(f"--usage {str(path)!r} is no JSON: {error}")
    found = document.get("uses") if isinstance(document, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        fail(f"--usage {str(path)!r} is not what `ostiary odoo usage --json` prints")
    return [each for each in found if each.get("application") == client]


def _make(guarding: _Guarding, found: Iterable[Any], shown: _Shown, source: Path | Keys) -> "Draft":
    """By what was discovered (in a file), or by the upstream's Odoo. Ends the command where there is no draft."""
    import msgspec

    from catalog.odoo.drafting import Use, draft
    from catalog.odoo.importing import Heading
    from catalog.odoo.looking import Discovered, Live
    from catalog.odoo.remote import dialect_of
    from catalog.odoo.wanted import WishError

    try:
        used: list[Use] = msgspec.convert(list(found), list[Use])
    except msgspec.ValidationError as error:
        fail(f"what the client uses is not told in the known form: {error}")
    introduced = Heading(shown.title, f"/{shown.name}/v1", shown.contact)

    async def work(looking: "Looking") -> "Draft":
        return await draft(
            looking, used, guarding.guard, introduced, context=shown.context, examples=shown.examples
        )

    try:
        if isinstance(source, Path):
            return asyncio.run(work(Discovered(source.read_bytes())))
        entry = guarding.entry
        made, _ = with_odoo(
            lambda remote: work(Live(remote)),
            entry.url,
            entry.database or "",
            entry.login or "",
            source.of(entry, elsewhere=False),
            source.key_file,
            dialect_of(entry.protocol),
        )
    except WishError as refusal:
        fail(str(refusal))
    except OSError as error:
        fail(f"--discovered {str(source)!r} cannot be read: {error.strerror}")
    except msgspec.DecodeError as error:
        fail(f"--discovered {str(source)!r} is not what `ostiary odoo discover` prints: {error}")
    return made
