"""`ostiary lint`: what is not good about contracts and about an estate, by rulesets in Spectral's format."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from catalog.cli.collection import without_collection
from catalog.cli.output import BAD_INPUT, FINDINGS, fail, note, print_findings, print_json, print_table

if TYPE_CHECKING:
    from contracts.lint.explanations import Explanation
    from contracts.lint.project import Project
    from contracts.reports.entry import Report

FormatName = Literal["text", "json", "markdown", "html", "sarif", "junit", "github"]


def lint(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH...", help="OpenAPI documents, or estates (directories).", show_default=False),
    ] = None,
    ruleset: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|FILE",
            help="A ruleset: ostiary:recommended, ostiary:odoo, spectral:oas, or a file. Again for several.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[FormatName, typer.Option("--format", help="How the findings are printed.")] = "text",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    fail_on: Annotated[
        Literal["error", "warning", "info"] | None,
        typer.Option(help="The mildest severity that makes the exit code 1.", show_default="error"),
    ] = None,
    ignore_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Waivers of single findings (YAML).", show_default=False)
    ] = None,
    fingerprints: Annotated[
        bool, typer.Option("--fingerprints", help="In text, end each line with the finding's fingerprint.")
    ] = False,
    explain: Annotated[
        str | None,
        typer.Option(metavar="RULE", help="Explain a rule, with an example of each kind.", show_default=False),
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules that would be in force.")] = False,
    today: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Judge waivers as of this day (UTC).", show_default="today"),
    ] = None,
) -> None:
    """Lint OpenAPI documents and estates.

    Of an estate all contracts are linted, and the estate itself: owners, service levels, plans, deprecation
    policies, systems of record. Whether it can be enforced at all is for "ostiary check".

    The rulesets are those of --ruleset, else of the estate's "lint" key, else .spectral.yaml in the working
    directory, else ostiary:recommended. A finding is let pass by "x-ostiary-lint-ignore" beside the value, or by
    a waiver in the ignore file; both want a reason.

    Exit codes: 0 nothing to fail on, 1 findings, 2 a document or a ruleset that cannot be used.
    """
    from contracts.lint.project import BadProject, open_project
    from contracts.reports.waivers import day

    if as_json:
        form = "json"
    when = datetime.now(UTC).date() if today is None else day(today)
    if when is None:
        fail(f"--today takes a day in the calendar, not {today!r}", hint="Such as 2027-04-01.")
    if not paths and explain is None and not rules:
        fail("give at least one PATH: an OpenAPI document, or the directory of an estate")
    try:
        project = open_project(paths or [], tuple(ruleset or ()), ignore_file, Path.cwd())
    except BadProject as error:
        if error.findings:
            print_findings(error.findings, err=True)
        fail(str(error))
    if explain is not None:
        _explain(project, explain, as_json=form == "json")
        return
    if rules:
        _list(project, as_json=form == "json")
        return
    with without_collection():
        report, refused = project.lint(when)
    if refused:
        print_findings(refused, err=True)
        note("nothing else is reported, since what was linted cannot be relied on")
        raise typer.Exit(BAD_INPUT)
    _print(report, form, fingerprints=fingerprints)
    from contracts.reports.entry import fails

    if fails(report.entries, fail_on or project.fail_on):
        raise typer.Exit(FINDINGS)


def _print(report: "Report", form: FormatName, *, fingerprints: bool) -> None:
    from contracts.reports.render import render
    from contracts.reports.text import render_text

    if form == "text":
        text = render_text(report, colour=sys.stdout.isatty(), fingerprints=fingerprints)
    else:
        text = render(report, form)
    typer.echo(text, nl=False)


def _list(project: "Project", *, as_json: bool) -> None:
    if as_json:
        print_json([_rule(each) for each in project.rules()])
        return
    rows = [(each.id, each.severity if each.enabled else "off", each.why or "") for each in project.rules()]
    print_table(("RULE", "SEVERITY", "WHY"), rows)


def _rule(rule: "Explanation") -> dict[str, object]:
    return {"id": rule.id, "severity": rule.severity if rule.enabled else "off", "why": rule.why}


def _explain(project: "Project", name: str, *, as_json: bool) -> None:
    from contracts.estate.decode import suggestion

    rules = {each.id: each for each in project.rules()}
    if name not in rules:
        fail(f"there is no rule {name!r}{suggestion(name, rules)}", hint="All of them: ostiary lint --rules")
    rule = rules[name]
    if as_json:
        more = {"given": rule.given, "bad": rule.bad, "good": rule.good, "documentation": rule.documentation}
        print_json({**_rule(rule), **more})
        return
    typer.secho(rule.id, bold=True)
    typer.echo(f"{rule.severity if rule.enabled else 'off'}: {rule.why}")
    for title, text in (("Given", "\n".join(rule.given)), ("Breaks it", rule.bad), ("Keeps it", rule.good)):
        if text:
            typer.echo(f"\n{title}:\n")
            typer.echo("\n".join(f"    {line}".rstrip() for line in text.rstrip("\n").split("\n")))
    if rule.documentation:
        typer.echo(f"\n{rule.documentation}")
