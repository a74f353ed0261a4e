"""`ostiary add`: takes an existing OpenAPI document into an estate."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catalog.cli.check import require_estate
from catalog.cli.output import FINDINGS, fail, note, print_findings, print_json

if TYPE_CHECKING:
    from contracts.adopt.choices import Choices, EstateTexts, Wishes
    from contracts.findings import Finding


def add(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="An OpenAPI 3.0, 3.1 or 3.2 document, YAML or JSON.")
    ],
    estate: Annotated[
        Path, typer.Option("--estate", metavar="DIR", help="The estate to take it into.", show_default="here")
    ] = Path(),
    api: Annotated[
        str | None, typer.Option("--api", metavar="NAME", help="The API's name. Derived from the title.")
    ] = None,
    api_version: Annotated[
        str | None,
        typer.Option(
            "--api-version", metavar="vN", help="The version. Derived from the servers and info.version."
        ),
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option("--owner", metavar="TEAM", help="A team of teams.yaml. Derived where that is plain."),
    ] = None,
    upstream: Annotated[
        str | None,
        typer.Option("--upstream", metavar="NAME|URL", help="A declared upstream, or the URL of a new one."),
    ] = None,
    contact: Annotated[
        str | None, typer.Option("--contact", metavar="EMAIL", help="Whom to ask. Derived from info.contact.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: take what is derived.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and ask nothing.")] = False,
) -> None:
    """Take an existing OpenAPI document into an estate.

    Derives the name, version, owner, upstream and scopes (on a terminal it asks, with what it derived as the
    answer), writes the contract and its api.yaml, and says what it changed and what is still missing. FILE itself
    is not touched, and an existing version is never replaced.

    Exit codes: 0 taken in, 1 taken in and `ostiary check` has errors to mend, 2 refused (nothing is written).
    """
    require_estate(estate)
    if not file.is_file():
        fail(f"{str(file)!r} is no file")
    from contracts.adopt.adopt import adopt
    from contracts.adopt.choices import CannotAdopt, Wishes, choose
    from contracts.atomic import write_files
    from contracts.documents.document import load
    from contracts.findings import has_errors

    document, findings = load(file, file.name)
    if document is None or has_errors(findings):
        print_findings(findings, err=True)
        fail(f"{str(file)!r} cannot be read as YAML or JSON")
    texts = read_estate(estate)
    wishes = Wishes(api, api_version, owner, upstream, contact)
    try:
        chosen = choose(document, texts, wishes)
        if not yes and not as_json and sys.stdin.isatty() and sys.stdout.isatty():
            chosen = choose(document, texts, _ask(wishes, chosen))
        result = adopt(file.read_text(encoding="utf-8-sig"), document, texts, chosen)
        copies = referenced_files(file, document, f"apis/{chosen.api}")
        for name, text in copies.items():
            if (estate / name).exists() and (estate / name).read_text(encoding="utf-8") != text:
                raise CannotAdopt(f"{name} exists in the estate with another content, and FILE refers to its own")
    except CannotAdopt as refusal:
        fail(f"{refusal}; nothing was written")
    files = {**copies, **result.files}
    write_files(estate, files)
    fit, errors = _checked(estate)
    if as_json:
        told = {name: getattr(chosen, name) for name in ("api", "version", "owner", "upstream", "reasons")}
        said = {"changes": result.changes, "missing": result.missing, "findings": [str(each) for each in errors]}
        print_json({**told, "files": sorted(files), **said})
    else:
        _explain(chosen)
        for name in sorted(files):
            typer.echo(f"wrote {estate / name}")
        _list("Changed", result.changes)
        _list("Still missing", result.missing)
        where = shlex.quote(str(estate))
        typer.echo(f"\nNext:\n  ostiary check {where}\n  ostiary routes {where}")
    if not fit:
        note(f"\n{chosen.api} {chosen.version} is in the estate, which is not fit to be published yet:")
        print_findings(errors, err=True)
        raise typer.Exit(FINDINGS)


def read_estate(root: Path) -> "EstateTexts":
    """The texts of an estate that adoption looks at. Ends the command if one of them does not parse."""
    from contracts.adopt.choices import EstateTexts
    from contracts.documents.document import Document, load
    from contracts.estate.loading import API, APIS, CONTRACT, ESTATE, TEAMS
    from contracts.estate.schemas import schema_file
    from contracts.findings import has_errors

    def read(name: str) -> tuple[str, Document]:
        document, findings = load(root / name, name)
        if document is None or has_errors(findings) or not isinstance(document.value, dict):
            print_findings(findings, err=True)
            fail(f"{name} of the estate is broken; mend it first (ostiary check {shlex.quote(str(root))})")
        return (root / name).read_text(encoding="utf-8-sig"), document

    apis = {path.parent.name: read(f"{APIS}/{path.parent.name}/{API}") for path in root.glob(f"{APIS}/*/{API}")}
    contracts: dict[str, frozenset[str]] = {}
    for path in root.glob(f"{APIS}/*/*"):
        if match := CONTRACT.fullmatch(path.name):
            contracts[path.parent.name] = contracts.get(path.parent.name, frozenset()) | {match["version"]}
    teams = read(TEAMS)[1] if (root / TEAMS).is_file() else None
    schema = f".ostiary/schemas/{schema_file('api')}"
    return EstateTexts(read(ESTATE), teams, apis, contracts, schema if (root / schema).is_file() else None)


def referenced_files(file: Path, document: object, folder: str) -> dict[str, str]:
    """The files beside FILE that it refers to, by their place in the estate. Raises CannotAdopt for others."""
    from contracts.adopt.choices import CannotAdopt
    from contracts.documents.document import Document, load

    found: dict[str, str] = {}
    assert isinstance(document, Document)
    pending = [(file, document)]
    while pending:
        path, each = pending.pop()
        for reference in _references(each.value):
            target = (path.parent / reference).resolve()
            if not target.is_relative_to(file.parent.resolve()) or not target.is_file():
                raise CannotAdopt(
                    f"{each.file} refers to {reference!r}, which is no file at or below {str(file.parent)!r}"
                )
            name = f"{folder}/{target.relative_to(file.parent.resolve()).as_posix()}"
            if target != file.resolve() and name not in found:
                found[name] = target.read_text(encoding="utf-8-sig")
                loaded, _ = load(target, target.name)
                if loaded is not None:
                    pending.append((target, loaded))
    return found


def _references(value: object) -> list[str]:
    """The file parts of all relative references; `check` has its word on those with a scheme."""
    from urllib.parse import unquote, urlsplit

    files = []
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, dict):
            reference = each.get("$ref")
            if isinstance(reference, str) and (url := urlsplit(reference)).path and not url.scheme:
                files.append(unquote(url.path))
            pending.extend(each.values())
        elif isinstance(each, list):
            pending.extend(each)
    return files


def _ask(wishes: "Wishes", chosen: "Choices") -> "Wishes":
    """Asks for what was not given, with what was derived as the answer."""
    from contracts.adopt.choices import Wishes

    def ask(question: str, given: str | None, derived: str) -> str:
        return given if given is not None else str(typer.prompt(question, default=derived))

    upstream = chosen.upstream_url or chosen.upstream
    return Wishes(
        ask("Name of the API", wishes.api, chosen.api),
        ask("Version", wishes.version, chosen.version),
        ask("Owner (a team)", wishes.owner, chosen.owner),
        ask("Upstream (a name or a URL)", wishes.upstream, upstream),
        ask("Contact", wishes.contact, chosen.contact),
    )


def _explain(chosen: "Choices") -> None:
    where = f" ({chosen.upstream_url})" if chosen.upstream_url else ""
    typer.echo(f"{chosen.api} {chosen.version}")
    for what, value, reason in (
        ("name", chosen.api, chosen.reasons["name"]),
        ("version", chosen.version, chosen.reasons["version"]),
        ("owner", chosen.owner, chosen.reasons["owner"]),
        ("upstream", chosen.upstream + where, chosen.reasons["upstream"]),
    ):
        typer.echo(f"  {what:<9} {value}  ({reason})")


def _list(title: str, lines: tuple[str, ...]) -> None:
    if lines:
        typer.echo(f"\n{title}:")
        for line in lines:
            typer.echo(f"  - {line}")


def _checked(estate: Path) -> "tuple[bool, list[Finding]]":
    """Whether the estate can be published as it is now, and its errors."""
    from catalog.estates import load_estate

    loaded, findings = load_estate(estate)
    return loaded is not None, [each for each in findings if each.severity == "error"]
