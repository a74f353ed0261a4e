"""`ostiary revisions`, `rollback` and `publish`: what is in force since when, and how to return to what was."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer

from catalog.cli.output import FINDINGS, fail, note, print_json, print_table
from catalog.cli.remote import JsonOption, ProfileOption, connect, segment

Unit = Annotated[str, typer.Argument(metavar="UNIT", help="An API, or `estate` for the estate's own files.")]

_SHORT: Final = 12
"""Hexadecimal digits of a revision that a table shows; as many, or fewer where they are clear, can be given."""
_LEAST: Final = 6


def revisions(
    unit: Annotated[
        str | None,
        typer.Argument(
            metavar="[UNIT]", help="An API, or `estate`: what of it was in force when. Without it, what is."
        ),
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show which revision of each unit is in force, or all that were in force of one, the newest first."""
    remote = connect(profile, as_json)
    path = "/units" if unit is None else f"/units/{segment(unit)}/publications"
    found = list(remote.pages(path))
    if as_json:
        print_json(found)
    elif unit is None:
        print_table(("UNIT", "REVISION", "SINCE", "CHANGE", "HELD"), [_unit_row(each) for each in found])
    else:
        header = ("REVISION", "IN FORCE FROM", "BY", "ACTOR", "CHANGE", "REASON")
        print_table(header, map(_record_row, found))


def rollback(
    unit: Unit,
    revision: Annotated[
        str | None,
        typer.Argument(
            metavar="[REVISION]",
            help="A revision that was in force, by its first digits as `ostiary revisions UNIT` shows them. "
            "Without it the one before.",
        ),
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", "-m", help="Why. It stands in the audit log.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Change nothing; show what would break for whom.")
    ] = False,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put an earlier revision of a unit in force again, at once.

    It needs no approval, for it had one. API owners roll back their team's APIs, architects and operators any
    unit.
    """
    if reason is None and not dry_run:
        fail(
            "why? A rollback needs a --reason",
            hint="`--dry-run` shows what it would break for whom, and needs none.",
        )
    remote = connect(profile, as_json)
    history = list(remote.pages(f"/units/{segment(unit)}/publications"))
    body: dict[str, Any] = {"revision": _chosen(unit, history, revision), "dry_run": dry_run}
    if reason is not None:
        body["reason"] = reason
    if history and history[0]["revision"] is not None:
        body["current"] = history[0]["revision"]
    done = remote.call("POST", f"/units/{segment(unit)}/rollback", body).value
    if as_json:
        print_json(done)
        return
    for line in _of_rollback(done):
        typer.echo(line)


def publish(
    status: Annotated[bool, typer.Option("--status", help="Publish nothing; show how it went last.")] = False,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish what is in force again, such as after a store was restored; or show how the last publication went.

    The same content gets no new snapshot. A change request is published by `ostiary changes`.
    """
    state = connect(profile, as_json).call("GET" if status else "POST", "/publication").value
    if as_json:
        print_json(state)
    else:
        _tell(state)
    if not state["ok"] or state["held"]:
        raise typer.Exit(FINDINGS)


def _chosen(unit: str, history: list[dict[str, Any]], given: str | None) -> str:
    """The digest of the revision that is meant. Ends the command where it is not clear."""
    current = history[0]["revision"] if history else None
    earlier: dict[str, None] = dict.fromkeys(
        each["revision"] for each in history if each["revision"] is not None and each["revision"] != current
    )
    if given is None:
        if not earlier:
            fail(f"{unit!r} has no earlier revision to return to")
        return next(iter(earlier))
    digits = given.removeprefix("sha256:")
    if len(digits) < _LEAST:
        fail(f"{given!r} is too short: at least {_LEAST} digits of a revision")
    matching = [each for each in earlier if each.removeprefix("sha256:").startswith(digits)]
    if current is not None and current.removeprefix("sha256:").startswith(digits):
        fail(f"{unit!r} is at {_short(current)} already")
    if len(matching) != 1:
        what = "is no revision of it that was in force" if not matching else "could be several"
        fail(f"{given!r} {what}", hint=f"`ostiary revisions {unit}` shows them.")
    return matching[0]


def _of_rollback(done: dict[str, Any]) -> Iterator[str]:
    from catalog.cli.change_text import of_assessment, of_impact

    word = "rolled back" if done["done"] else "would be rolled back"
    yield f"{done['unit']} {word} from {_short(done['current'])} to {_short(done['revision'])}"
    yield from of_assessment(done["assessment"])
    yield from of_impact(done["impact"])
    if done["done"]:
        yield f"In force with snapshot {done['serial']}."


def _tell(state: dict[str, Any]) -> None:
    decides = "a directory decides" if state["mode"] == "directory" else "the store decides"
    if state["ok"]:
        what = "published" if state["changed"] else "nothing new"
        typer.echo(f"{what}: snapshot {state['serial']}, {state['at']} ({decides})")
    else:
        note(f"not published: {state['reason']} ({decides})")
    for name, why in sorted(state["held"].items()):
        note(f"  held as it was published: {name}: {why}")
    for each in state["findings"]:
        note(f"  {each['file']}:{each['line']}:{each['column']}: {each['message']} [{each['rule']}]")


def _unit_row(unit: dict[str, Any]) -> tuple[str, ...]:
    return unit["unit"], _short(unit["revision"]), unit["since"], unit["change"] or "-", unit["held"]


def _record_row(record: dict[str, Any]) -> tuple[str, ...]:
    reason = record["reason"].partition("\n")[0][:60]
    return (
        _short(record["revision"]),
        record["at"],
        record["kind"],
        record["actor"],
        record["change"] or "-",
        reason,
    )


def _short(revision: str | None) -> str:
    return "removed" if revision is None else revision.removeprefix("sha256:")[:_SHORT]
