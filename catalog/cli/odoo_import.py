"""`ostiary odoo import`: a governed contract of Odoo's models, printed or taken into an estate."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from catalog.cli.check import require_estate
from catalog.cli.odoo_access import Db, Key, KeyFile, Protocol, Url, User, with_odoo
from catalog.cli.output import FINDINGS, fail, note, print_findings, print_json

if TYPE_CHECKING:
    from catalog.odoo.remote import Login, Remote
    from contracts.adopt.choices import EstateTexts


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
    context: Annotated[
        str, typer.Option("--context", metavar="JSON", help='Sent with every call, such as {"lang": "en_US"}.')
    ] = "{}",
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

    name = api or plural(resource_of(models[0]))
    document, login, dialect = _make(
        tuple(dict.fromkeys(models)),
        fields,
        ops,
        filters,
        (domain, context),
        (title or name.replace("-", " ").capitalize(), f"/{name}/v1", contact or f"{name}@{name}.invalid"),
        examples,
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
    entry = {"kind": "odoo", "url": login.url.rstrip("/"), "protocol": dialect, "credential": f"{upstream}-key"}
    entry |= {"database": login.database} if login.database else {}
    entry |= {"login": login.user} if dialect == "jsonrpc" else {}
    _take_in(estate, text, (name, owner, contact, upstream), entry, as_json)


def _make(
    models: tuple[str, ...],
    fields: list[str],
    ops: str,
    filters: list[str] | None,
    scope: tuple[str, str],
    heading: tuple[str, str, str],
    examples: bool,
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
            _context(scope[1]),
            examples,
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


def _context(text: str) -> dict[str, Any]:
    import msgspec

    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        fail(f"--context {text!r} is no JSON: {error}")
    if not isinstance(value, dict):
        fail(f"--context {text!r} is no JSON object")
    return value


def _take_in(
    root: Path, text: str, named: tuple[str, str | None, str | None, str], entry: dict[str, Any], as_json: bool
) -> None:
    from catalog.cli.add import read_estate
    from catalog.estates import load_estate
    from contracts.adopt.adopt import adopt
    from contracts.adopt.choices import CannotAdopt, Wishes, choose
    from contracts.atomic import write_files
    from contracts.documents.document import parse

    name, owner, contact, upstream = named
    texts, declared = read_estate(root), {}
    estate_text = _with_upstream(texts, upstream, entry)
    if estate_text is not None:
        declared["ostiary.yaml"] = estate_text
        document, _ = parse(estate_text, "ostiary.yaml")
        assert document is not None
        texts = replace(texts, estate=(estate_text, document))
    contract, _ = parse(text, f"{name}.openapi.yaml")
    assert contract is not None
    try:
        chosen = choose(contract, texts, Wishes(name, "v1", owner, upstream, contact))
        result = adopt(text, contract, texts, chosen)
    except CannotAdopt as refusal:
        fail(f"{refusal}; nothing was written")
    files = {**declared, **result.files}
    write_files(root, files)
    loaded, findings = load_estate(root)
    errors = [each for each in findings if each.severity == "error"]
    if as_json:
        told = {"api": chosen.api, "version": chosen.version, "owner": chosen.owner, "upstream": upstream}
        print_json(
            {**told, "files": sorted(files), "missing": result.missing, "findings": [str(each) for each in errors]}
        )
    else:
        for each in sorted(files):
            typer.echo(f"wrote {root / each}")
        typer.echo("\nStill missing:")
        for line in (*result.missing, f"the key: give the gateway the secret {entry['credential']!r}"):
            typer.echo(f"  - {line}")
        where = shlex.quote(str(root))
        typer.echo(f"\nNext:\n  ostiary check {where}\n  ostiary lint {where} --ruleset ostiary:odoo")
    if loaded is None:
        note(f"\n{chosen.api} {chosen.version} is in the estate, which is not fit to be published yet:")
        print_findings(errors, err=True)
        raise typer.Exit(FINDINGS)


def _with_upstream(texts: "EstateTexts", name: str, entry: dict[str, Any]) -> str | None:
    """`ostiary.yaml` with the upstream in it; None where it is there already."""
    from contracts.adopt.yaml_edit import YamlEdit

    text, document = texts.estate
    upstreams = document.value.get("upstreams")
    if isinstance(upstreams, dict) and name in upstreams:
        there = upstreams[name]
        if not isinstance(there, dict) or there.get("kind") != "odoo":
            fail(f"the upstream {name!r} of the estate is no Odoo; name another with --upstream")
        return None
    edit = YamlEdit(document, text)
    if isinstance(upstreams, dict):
        edit.put("/upstreams", name, entry)
    else:
        edit.put("", "upstreams", {name: entry})
    return edit.result()[0]
