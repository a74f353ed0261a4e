"""`ostiary explain`: what would happen to a request, policy by policy, and what in the estate makes it so."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from catalog.cli.check import require_estate
from catalog.cli.output import FINDINGS, fail, print_findings, print_json

if TYPE_CHECKING:
    from catalog.explaining.asked import Asked, Caller
    from catalog.explaining.places import Places
    from catalog.explaining.walk import Walk
    from contracts.estate.estate import Estate


def explain(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="Such as GET.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="A URL of the gateway, or its path and query.")],
    application: Annotated[
        str | None, typer.Option("--as", help="The application that calls, by its client id.", show_default=False)
    ] = None,
    estate: Annotated[
        Path, typer.Option(help="The directory that holds ostiary.yaml.", show_default="here")
    ] = Path(),
    scopes: Annotated[
        str | None, typer.Option(help="Scopes of its token, as one word each. Default: all that are granted.")
    ] = None,
    claim: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A claim of its token; repeat for more.")
    ] = None,
    header: Annotated[
        list[str] | None,
        typer.Option("--header", "-H", metavar="NAME: VALUE", help="A header field; repeat for more."),
    ] = None,
    body: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The body, JSON unless a header says otherwise; or @FILE.")
    ] = None,
    peer: Annotated[str, typer.Option("--from", metavar="ADDRESS", help="The client's address.")] = "127.0.0.1",
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="When, in UTC: 2027-06-30T12:00:00Z.", show_default="now")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
) -> None:
    """Walk a request that nobody sends through the stages, and print what each decides and why.

    The estate is compiled as "ostiary check" does it, and the stages are those that a gateway runs. With --as its
    token is taken for granted. Limits are counted as if this were the first call of each window.

    Exit codes: 0 it would be let through, 1 it would be refused, 2 bad input, an estate with errors, or a
    credential that cannot be verified here.
    """
    require_estate(estate)
    from catalog.estates import load_estate
    from catalog.explaining.asked import Asked, BadRequest
    from catalog.explaining.places import Places
    from catalog.explaining.walk import Walker

    loaded, findings = load_estate(estate)
    if loaded is None:
        print_findings(findings, err=True)
        fail(f"nothing is enforced from a broken estate: mend {estate} first")
    if application is None and (scopes is not None or claim):
        fail("--scopes and --claim are of a token: say whose it is with --as")
    asked = Asked(
        method=method.upper(),
        url=url,
        at=_moment(at),
        caller=None if application is None else _caller(loaded, application, scopes, claim or []),
        headers=tuple(_field(each) for each in header or ()),
        body=None if body is None else _body(body),
        peer=peer,
    )
    try:
        walk = asyncio.run(Walker(loaded).walk(asked))
    except BadRequest as error:
        fail(str(error))
    places = Places(estate)
    if as_json:
        print_json(_as_json(asked, walk, places))
    else:
        _print(asked, walk, places)
    if walk.undecided:
        fail(
            "it is not known here who calls: a credential cannot be verified", hint="Say it with --as APPLICATION."
        )
    if walk.refused:
        raise typer.Exit(FINDINGS)


def _moment(at: str | None) -> float:
    import time

    from catalog.cli.moments import moment

    return time.time() if at is None else float(moment("--at", at))


def _caller(estate: "Estate", application: str, scopes: str | None, claims: list[str]) -> "Caller":
    from catalog.explaining.asked import Caller
    from contracts.estate.decode import suggestion
    from contracts.estate.estate import consumer_claims

    consumers = {
        client_id: name
        for name, consumer in estate.consumers.consumers.items()
        for client_id in consumer.applications
    }
    if application not in consumers:
        fail(f"there is no application {application!r}{suggestion(application, consumers)}")
    held = None if scopes is None else frozenset(scopes.replace(",", " ").split())
    consumer = consumers[application]
    said = consumer_claims(estate).get(consumer, {})
    return Caller(application, consumer, held, dict(_claim(each) for each in claims), said)


def _claim(text: str) -> tuple[str, Any]:
    """A value that is JSON is taken as such, any other as text."""
    import msgspec

    name, equals, value = text.partition("=")
    if not name or not equals:
        fail(f"--claim {text!r} is no NAME=VALUE")
    try:
        return name, msgspec.json.decode(value)
    except msgspec.DecodeError:
        return name, value


def _field(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not name.strip() or not colon or not name.isascii() or " " in name.strip():
        fail(f"--header {text!r} is no NAME: VALUE")
    return name.strip(), value.strip()


def _body(text: str) -> bytes:
    if not text.startswith("@"):
        return text.encode()
    path = Path(text[1:])
    if not path.is_file():
        fail(f"--body: {str(path)!r} is no file")
    return path.read_bytes()


def _print(asked: "Asked", walk: "Walk", places: "Places") -> None:
    width = max(len(step.policy) for step in walk.steps)
    colours = {"refused": "red", "failed": "red", "would refuse": "yellow", "undecided": "yellow"}
    for step in walk.steps:
        decision = typer.style(step.decision, fg=colours.get(step.decision), bold=step.decision in colours)
        typer.echo(f"{step.policy:<{width}}  {decision}{': ' if step.said else ''}{step.said}")
        for place in places.of(step.because):
            typer.echo(f"{'':<{width}}    {place}  {place.pointer}")
    for policy, mode in walk.answer:
        typer.echo(f"{policy:<{width}}  judges the answer ({mode})")
    if walk.unbound:
        typer.echo(f"\nNothing to do here: {', '.join(walk.unbound)}")


def _as_json(asked: "Asked", walk: "Walk", places: "Places") -> dict[str, Any]:
    refusal = walk.problem
    return {
        "method": asked.method,
        "url": asked.url,
        "application": None if asked.caller is None else asked.caller.application,
        "at": asked.at,
        "allowed": not walk.refused and not walk.undecided,
        "problem": None
        if refusal is None
        else {
            "type": refusal.type.type_uri,
            "title": refusal.type.title,
            "status": refusal.status,
            "detail": refusal.detail,
            **refusal.extensions,
        },
        "steps": [
            {
                "policy": step.policy,
                "decision": step.decision,
                "said": step.said,
                "because": [
                    {"file": place.file, "line": place.line, "column": place.column, "pointer": place.pointer}
                    for place in places.of(step.because)
                ],
            }
            for step in walk.steps
        ],
        "upstream": walk.destination,
        "judging_the_answer": [{"policy": policy, "mode": mode} for policy, mode in walk.answer],
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in walk.headers],
        "unbound": walk.unbound,
    }
