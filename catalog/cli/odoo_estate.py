"""Taking a contract that was made of Odoo's models into an estate, with the upstream behind it."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from catalog.cli.output import FINDINGS, fail, note, print_findings, print_json

if TYPE_CHECKING:
    from catalog.odoo.remote import Login
    from contracts.adopt.choices import EstateTexts


def upstream_entry(login: "Login", dialect: str, upstream: str) -> dict[str, Any]:
    """The upstream of `ostiary.yaml` that is the Odoo which was looked at. The key is named and not told."""
    entry = {"kind": "odoo", "url": login.url.rstrip("/"), "protocol": dialect, "credential": f"{upstream}-key"}
    entry |= {"database": login.database} if login.database else {}
    return entry | ({"login": login.user} if dialect == "jsonrpc" else {})


def take_in(
    root: Path, text: str, named: tuple[str, str | None, str | None, str], entry: dict[str, Any], as_json: bool
) -> None:
    """Writes the contract, its `api.yaml` and, where it is missing, the upstream. `named` are the API, its owner,
    whom partners ask, and the upstream. Ends the command where nothing can be written, and with 1 where the estate
    has errors then."""
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
        missing = list(result.missing)
        if declared:  # else the gateway has the key of an upstream that was there
            missing.append(f"the key: give the gateway the secret {entry['credential']!r}")
        for line in missing:
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
