"""`ostiary odoo import`: a governed contract of Odoo's models, printed or taken into an estate."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from catalog.cli.check import require_estate
from catalog.cli.odoo_access import Db, Key, KeyFile, Protocol, Url, User, with_odoo
from catalog.cli.odoo_estate import take_in, upstream_entry
from catalog.cli.output import fail, print_json

if TYPE_CHECKING:
    from catalog.odoo.offers import Offers
    from catalog.odoo.remote import Login, Remote

Context = Annotated[
    str, typer.Option("--context", metavar="JSON", help='Sent with every call, such as {"lang": "en_US"}.')
]


def import_(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Models, such as sale.order.")],
    fields: Annotated[
        list[str],
        typer.Option(
            "--fields",
            metavar="[MODEL=]F,F.F",
            help="What is exposed of a model; of records in it by a dot: order_line.name. Again for each model.",
        ),
    ],
    ops: Annotated[
        str,
        typer.Option(
            "--ops", metavar="OP,OP", help="list, get, create, update, delete, and methods of one record."
        ),
    ] = "list,get",
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filters",
            metavar="[MODEL=]F,F",
            help="What lists are filtered by. Without it, by choices, references, dates and flags.",
            show_default=False,
        ),
    ] = None,
    domain: Annotated[
        str,
        typer.Option("--domain", metavar="JSON", help="Added to every look-up; no request can widen it."),
    ] = "[]",
    context: Context = "{}",
    paging: Annotated[
        Literal["offset", "cursor", "both"], typer.Option("--paging", help="How lists go on to the next page.")
    ] = "offset",
    bulk: Annotated[
        int,
        typer.Option(
            "--bulk",
            metavar="N",
            min=0,
            max=1000,
            help="Create up to N records by one request, too: all or none.",
        ),
    ] = 0,
    etag: Annotated[
        Literal["none", "offered", "required"],
        typer.Option("--etag", help="Whether changes heed `If-Match`, so that none is lost."),
    ] = "offered",
    merge: Annotated[
        bool, typer.Option("--merge", help="A change leaves records of a list alone that it does not name.")
    ] = False,
    title: Annotated[str | None, typer.Option("--title", help="The API's title.", show_default=False)] = None,
    api: Annotated[
        str | None, typer.Option("--api", metavar="NAME", help="The API's name. Derived from the first model.")
    ] = None,
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
    upstream: Annotated[
        str, typer.Option("--upstream", metavar="NAME", help="The upstream; declared if it is not yet.")
    ] = "odoo",
    examples: Annotated[
        bool, typer.Option("--examples/--no-examples", help="Look at one record, for the shape of the examples.")
    ] = True,
    url: Url = "http://127.0.0.1:8069",
    db: Db = "",
    user: User = "",
    key: Key = None,
    key_file: KeyFile = None,
    protocol: Protocol = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make a governed OpenAPI contract of Odoo models. Nothing is exposed that was not named.

    With --estate the contract, its api.yaml and, where it is missing, the upstream are written; an existing
    version is never replaced. The key is not: give it to the gateway as the upstream's credential.

    Exit codes: 0 made, 1 made and `ostiary check` has errors to mend, 2 refused (nothing is written).
    """
    if estate is not None:
        require_estate(estate)
    from catalog.odoo.naming import plural, resource_of
    from catalog.odoo.offers import Offers

    name = api or plural(resource_of(models[0]))
    document, login, dialect = _make(
        tuple(dict.fromkeys(models)),
        fields,
        ops,
        filters,
        (domain, context),
        (title or name.replace("-", " ").capitalize(), f"/{name}/v1", contact or f"{name}@{name}.invalid"),
        (examples, Offers(paging, bulk, etag, merge)),
        (url, db, user, key, key_file, protocol),
    )
    from contracts.adopt.yaml_text import dump

    text = dump(document)
    if estate is None:
        if as_json:
            print_json(document)
        else:
            typer.echo(text, nl=False)
        return
    take_in(estate, text, (name, owner, contact, upstream), upstream_entry(login, dialect, upstream), as_json)


def _make(
    models: tuple[str, ...],
    fields: list[str],
    ops: str,
    filters: list[str] | None,
    scope: tuple[str, str],
    heading: tuple[str, str, str],
    made: "tuple[bool, Offers]",
    access: tuple[str, str, str, str | None, Path | None, Literal["json2", "jsonrpc"] | None],
) -> "tuple[dict[str, Any], Login, str]":
    """The contract, and how the Odoo was spoken to. Ends the command where a wish cannot be granted."""
    from catalog.odoo.importing import Heading, Wishes, make_contract
    from catalog.odoo.wanted import WishError, fields_by_model

    async def work(remote: "Remote") -> tuple[dict[str, Any], str]:
        chosen = None
        if filters is not None:
            named = fields_by_model(models, [*(f"{model}=id" for model in models), *filters])
            chosen = {model: tuple(each for each in tree.below if each != "id") for model, tree in named.items()}
        wishes = Wishes(
            models,
            fields_by_model(models, fields),
            tuple(filter(None, (part.strip() for part in ops.split(",")))),
            chosen,
            _domain(scope[0]),
            context_of(scope[1]),
            *made,
        )
        return await make_contract(remote, wishes, Heading(*heading)), remote.dialect

    try:
        (document, dialect), login = with_odoo(work, *access)
    except WishError as refusal:
        fail(str(refusal))
    return document, login, dialect


def _domain(text: str) -> tuple[Any, ...]:
    import msgspec

    from contracts.openapi.odoo.names import domain_fault

    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        fail(f"--domain {text!r} is no JSON: {error}")
    fault, _ = domain_fault(value)
    if fault:
        fail(f"--domain {text!r}: {fault}")
    return tuple(value)


def context_of(text: str) -> dict[str, Any]:
    """What `--context` says. Ends the command where it is no object."""
    import msgspec

    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        fail(f"--context {text!r} is no JSON: {error}")
    if not isinstance(value, dict):
        fail(f"--context {text!r} is no JSON object")
    return value
