"""Changes for people: what is proposed, what it breaks and for whom, and what it needs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import typer

_MARKS: Final = {"added": "+", "removed": "-", "changed": "~"}
_COLOURS: Final = {"error": "red", "undecided": "magenta", "warning": "yellow", "info": "blue"}
_DIFF: Final = {"+": "green", "-": "red", "@": "cyan"}
_TOUCHED: Final = 10


def of_proposal(proposed: dict[str, Any]) -> Iterator[str]:
    """One unit of a push, as lines; nothing of one that stays as it is."""
    assessment = proposed["assessment"]
    if assessment is None:
        return
    yield typer.style(f"{proposed['unit']}: {_headline(assessment)}", bold=True)
    yield from of_assessment(assessment)
    yield from of_impact(proposed["impact"])
    yield from of_conditions(proposed["conditions"])


def of_assessment(assessment: dict[str, Any]) -> Iterator[str]:
    """Files, contract changes, findings that are new, and what else is touched."""
    if assessment.get("files"):
        yield "  Files"
        for file in assessment["files"]:
            yield f"    {_MARKS[file['action']]} {printable(file['path'])}"
            for line in file.get("diff", ()):
                colour = _DIFF.get(line[:1])
                yield "        " + (typer.style(printable(line), fg=colour) if colour else printable(line))
            if file.get("cut"):
                yield "        …"
    for title, found in (
        ("Does not compile", assessment.get("problems", ())),
        ("Contract", assessment.get("changes", ())),
        ("Linter, new", [each for each in assessment.get("lint", ()) if each.get("new", True)]),
    ):
        if found:
            yield f"  {title}"
            yield from (f"    {_found(each)}" for each in found)
    if assessment.get("touches"):
        yield f"  Touches: {', '.join(assessment['touches'])}"


def of_impact(impact: dict[str, Any] | None) -> Iterator[str]:
    """Whom it touches, for each version; nothing where it breaks nobody."""
    if impact is None:
        return
    for report in impact["versions"]:
        began = report["observed_since"]
        since = "never observed" if began is None else f"observed since {day(began)}"
        lost = report.get("lost_calls", 0)
        lost_too = f", {lost} calls of all APIs were lost count of" if lost else ""
        yield f"  Impact on {report['api']} {report['version']} ({impact['days']} days, {since}{lost_too})"
        for each in report["impacts"]:
            yield f"    {each['rule']} {each['fingerprint']}: {each['basis']}"
            for touched in each["touched"][:_TOUCHED]:
                yield f"      {_touched(touched)}"
            more = len(each["touched"]) - _TOUCHED
            if more > 0:
                yield f"      and {more} more"
            if not each["touched"]:
                yield "      nobody"


def of_conditions(conditions: list[dict[str, Any]]) -> Iterator[str]:
    """Each with a mark, and what would meet it."""
    if conditions:
        yield "  Conditions"
    for each in conditions:
        mark = typer.style("met", fg="green") if each["met"] else typer.style("open", fg="red")
        needs = "" if each["met"] or not each.get("needs") else f" (needs: {', '.join(each['needs'])})"
        yield f"    {mark}: {printable(each['text'])}{needs}"


def of_view(view: dict[str, Any]) -> Iterator[str]:
    """A change request in full."""
    change, assessment = view["change"], view["assessment"]
    state = f"{change['state']}{', an emergency' if change['emergency'] else ''}"
    yield typer.style(f"Change {change['number']} of {change['unit']}: {state}", bold=True)
    yield f"  {_headline(assessment)}, by {', '.join(change['authors'])}: {printable(change['message'])}"
    yield from of_assessment(assessment)
    yield from of_conditions(view["conditions"])
    yield "  What happened"
    for each in view["events"]:
        role = f" as {each['role']}" if each["role"] else ""
        giver = f" for {each['giver']}" if each["giver"] else ""
        said = f": {printable(each['text'])}" if each["text"] else ""
        yield f"    {each['at']} {each['actor']} {each['kind']}{role}{giver}{said}"


def printable(text: str) -> str:
    """Without what would steer the terminal."""
    return "".join(character if character.isprintable() else "�" for character in text)


def day(seconds: int) -> str:
    """A Unix time as a day (UTC)."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _headline(assessment: dict[str, Any]) -> str:
    if assessment.get("problems"):
        return "does not compile with what is in force"
    if assessment["revision"] is None:
        return "is taken away"
    if assessment["base"] is None:
        return "is new"
    return f"{assessment['verdict']}, suggested bump: {assessment['bump']}"


def _found(found: dict[str, Any]) -> str:
    word = "undecided" if found.get("undecided") else found["severity"]
    where = f"{found['file']}:{found['line']}:{found['column']}: " if found.get("line") else ""
    operation = f"{found['operation']}: " if found.get("operation") else ""
    waived = f" (waived: {found['waived']})" if found.get("waived") else ""
    rest = printable(f"{where}{operation}{found['message']}")
    painted = typer.style(word, fg=_COLOURS[word])
    return f"{painted}: {rest} [{found['rule']}] {found['fingerprint']}{waived}".rstrip()


def _touched(touched: dict[str, Any]) -> str:
    who = f"{touched['application'] or 'nobody in particular'}"
    of = f" of {touched['consumer']}" if touched["consumer"] else ""
    if touched["confidence"] == "subscribed":
        return f"{who}{of}: subscribed, never seen"
    return f"{who}{of}: {touched['calls']} calls, the last on {day(touched['last_seen'])}"
