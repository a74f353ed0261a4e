"""`ostiary diff`: what changed between two contracts or estates, and whether it breaks consumers."""

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, NoReturn

import typer

from catalog.cli.collection import without_collection
from catalog.cli.output import BAD_INPUT, FINDINGS, fail, print_findings, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from contracts.diff.outcome import Outcome
    from contracts.diff.rule import DiffRule
    from contracts.diff.tree import Tree
    from contracts.findings import Finding
    from contracts.reports.waivers import Waiver

UNDECIDED: Final = 3
NOTICE_DAYS: Final = 90

Form = Literal["text", "json", "markdown", "html", "sarif", "junit", "github"]


def diff(
    base: Annotated[
        str | None,
        typer.Argument(metavar="BASE", help="What consumers know: a file, a directory, or git:REF:PATH."),
    ] = None,
    revision: Annotated[
        str | None, typer.Argument(metavar="REVISION", help="What comes next, in one of the same forms.")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How to print the changes.")] = "text",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    fail_on: Annotated[
        Literal["error", "warning"], typer.Option(help="The mildest severity that counts as breaking.")
    ] = "error",
    ignore_file: Annotated[
        Path | None, typer.Option(help="Waivers: a YAML list of fingerprint, reason and expires.")
    ] = None,
    notice_days: Annotated[
        int, typer.Option(min=0, help="The least days between today and a sunset that is announced.")
    ] = NOTICE_DAYS,
    today: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The day for sunsets and waivers.", show_default="today, UTC"),
    ] = None,
    explain: Annotated[str | None, typer.Option(metavar="RULE", help="Explain a rule and end.")] = None,
    rules: Annotated[bool, typer.Option("--rules", help="List all rules and end.")] = False,
) -> None:
    """Compare two OpenAPI documents, or the contracts of two estates, for those who call the API.

    A request breaks where it was valid and is refused now, a response where something can come that could not come
    before. Where nobody can tell, the verdict is "undecided", never "compatible". Nothing is fetched.

    Exit codes: 0 compatible, 1 breaking, 2 bad input (both sides' faults at once, with file, line and column),
    3 undecided.
    """
    if as_json:
        form = "json"
    if rules:
        _list_rules(as_json=form == "json")
        return
    if explain is not None:
        _explain(explain, as_json=form == "json")
        return
    if base is None or revision is None:
        fail("two documents are compared: ostiary diff BASE REVISION", hint="All rules: ostiary diff --rules")
    day = _day(today)
    waivers = _waivers(ignore_file)
    with without_collection():
        outcome = _compare(base, revision, day, notice_days, fail_on, waivers)
        text = _rendered(outcome, form)
    sys.stdout.write(text)
    if outcome.verdict == "breaking":
        raise typer.Exit(FINDINGS)
    if outcome.verdict == "undecided":
        raise typer.Exit(UNDECIDED)


def _compare(
    base: str,
    revision: str,
    day: date,
    notice_days: int,
    fail_on: Literal["error", "warning"],
    waivers: "tuple[Waiver, ...]",
) -> "Outcome":
    from contracts.diff.context import Options
    from contracts.diff.estates import compare_documents, compare_estates
    from contracts.diff.outcome import outcome_of

    (old, old_is_file), (new, new_is_file) = _trees(base, revision)
    if old_is_file != new_is_file:
        file, directory = (base, revision) if old_is_file else (revision, base)
        fail(
            "a document is compared with a document, and a directory with a directory",
            hint=f"{file} is a document, {directory} a directory.",
        )
    options = Options(day, notice_days)
    compared = (compare_documents if old_is_file else compare_estates)(old, new, options)
    if not compared.sound:
        _refuse(compared.findings)
    if not old_is_file and not any((*old.contracts(), *new.contracts())):
        fail("neither directory has a contract: not one VERSION.openapi.yaml was found")
    title = f"{base} to {revision}"
    return outcome_of(title, compared.changes, fail_on=fail_on, waivers=waivers, today=day)


def _trees(*texts: str) -> "list[tuple[Tree, bool]]":
    """The trees in which documents or directories lie, and whether each is a document. What is not there is told
    of both at once, and what is wrong with the one that is."""
    from catalog.cli.git_tree import PREFIX, GitFailed, GitTree
    from contracts.diff.contract import contract_in
    from contracts.diff.tree import FolderTree

    trees: list[tuple[Tree, bool]] = []
    faults: list[str] = []
    for text in texts:
        path = Path(text)
        if text.startswith(PREFIX):
            try:
                commit = GitTree.of(text)
                trees.append((commit, commit.is_file))
            except GitFailed as failed:
                faults.append(str(failed))
        elif path.exists():
            trees.append((FolderTree.of(path), not path.is_dir()))
        else:
            faults.append(f"{text!r} does not exist")
    if faults:
        for tree, is_file in trees:
            print_findings(contract_in(tree, tree.start)[1] if is_file else (), err=True)
        fail("; ".join(faults))
    return trees


def _refuse(findings: "Iterable[Finding]") -> NoReturn:
    """Ends the command with what is wrong with the input."""
    print_findings(findings, err=True)
    raise typer.Exit(BAD_INPUT)


def _day(text: str | None) -> date:
    from contracts.reports.waivers import day

    if text is None:
        return datetime.now(UTC).date()
    found = day(text)
    if found is None:
        fail(f"{text!r} is no day in the calendar; write it as 2027-04-01")
    return found


def _waivers(path: Path | None) -> "tuple[Waiver, ...]":
    from contracts.documents.document import load
    from contracts.reports.waivers import parse_waivers

    if path is None:
        return ()
    document, findings = load(path, path.as_posix())
    waivers: tuple[Waiver, ...] = ()
    if document is not None:
        waivers, faults = parse_waivers(document)
        findings = [*findings, *faults]
    if findings:
        _refuse(findings)
    return waivers


def _rendered(outcome: "Outcome", form: Form) -> str:
    from contracts.diff import changelog
    from contracts.reports.render import render

    match form:
        case "json":
            return outcome.json()
        case "text":
            return outcome.text()
        case "markdown":
            return changelog.markdown(outcome)
        case "html":
            return changelog.html(outcome)
        case _:
            return render(outcome.report(), form)


def _list_rules(*, as_json: bool) -> None:
    from contracts.diff.catalogue import DIFF_RULES

    if as_json:
        print_json([_rule(rule) for rule in DIFF_RULES.values()])
        return
    rows = [
        (rule.id, "undecided" if rule.undecided else rule.severity, rule.direction, rule.why)
        for rule in DIFF_RULES.values()
    ]
    print_table(("RULE", "SEVERITY", "DIRECTION", "WHY"), rows)


def _rule(rule: "DiffRule") -> dict[str, object]:
    return {
        "id": rule.id,
        "severity": rule.severity,
        "undecided": rule.undecided,
        "direction": rule.direction,
        "bump": rule.bump,
        "why": rule.why,
    }


def _explain(name: str, *, as_json: bool) -> None:
    from contracts.diff.catalogue import DIFF_RULES
    from contracts.diff.examples import examples
    from contracts.estate.decode import suggestion

    rule = DIFF_RULES.get(name)
    if rule is None:
        fail(f"no rule of the diff is called {name!r}{suggestion(name, DIFF_RULES)}")
    example = examples().get(name)
    if as_json:
        texts = None if example is None else {"base": example.base_text, "revision": example.revision_text}
        print_json({**_rule(rule), "example": texts})
        return
    severity = f"{rule.severity}, makes the verdict undecided" if rule.undecided else rule.severity
    typer.echo(f"{rule.id}\n")
    typer.echo(rule.why)
    typer.echo(f"\nSeverity: {severity}\nDirection: {rule.direction}\nVersion bump: {rule.bump}")
    if example is not None:
        typer.echo(f"\nBefore ({example.at.replace('-', ' ')}):\n\n{_indented(example.base_text)}")
        typer.echo(f"\nAfter:\n\n{_indented(example.revision_text)}")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
