"""`ostiary calendar`: what ends when, and who still calls it."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from catalog.cli.check import require_estate
from catalog.cli.moments import moment
from catalog.cli.output import FINDINGS, count, fail, note, print_findings, print_json, print_table
from catalog.cli.remote import JsonOption, ProfileOption, connect
from catalog.clock import rfc3339

_VERSIONS = ("API", "VERSION", "PHASE", "DEPRECATED", "SUNSET", "SUCCESSOR", "SUBSCRIBED", "CALLED BY")
_DATES = ("DATE (UTC)", "UNTIL", "WHAT")


def calendar(
    api: Annotated[str | None, typer.Option("--api", metavar="NAME", help="Of this API alone.")] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="Leave out what is over by then (UTC).")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="Leave out what begins then or later (UTC).")
    ] = None,
    ical: Annotated[bool, typer.Option("--ical", help="Print an iCalendar, for a calendar application.")] = False,
    estate: Annotated[
        Path | None,
        typer.Option("--estate", metavar="DIR", help="Of an estate on this machine, without asking a catalog."),
    ] = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the deprecation calendar.

    Lists every version that is to end or has ended, those that end first first, and all dates that lie ahead. A
    catalog knows extensions, and who called lately; an estate on this machine knows neither.

    Exit codes: 0 shown, 1 refused or the estate has errors, 2 bad input.
    """
    if ical and as_json:
        fail("--ical and --json are two forms of the same: give one")
    wanted = {"from": moment("--from", since), "until": moment("--until", until)}
    chosen = {"api": api, **{name: None if each is None else _rfc3339(each) for name, each in wanted.items()}}
    if estate is not None:
        text, found = _of_estate(estate, api, wanted["from"], wanted["until"], ical=ical)
    else:
        remote = connect(profile, as_json)
        text, found = None, {}
        if ical:
            text = remote.get("/calendar/ical", **chosen)
        else:
            found = {
                "entries": list(remote.pages("/calendar", **chosen)),
                "events": list(remote.pages("/calendar/events", **chosen)),
            }
    if text is not None:
        typer.echo(text, nl=False)
    elif as_json:
        print_json(found)
    else:
        _print(found, ahead=since is None)


def _of_estate(
    directory: Path, api: str | None, since: int | None, until: int | None, *, ical: bool
) -> tuple[str | None, dict[str, Any]]:
    """The calendar of an estate on this machine, as the admin API would show it."""
    require_estate(directory)
    import time

    import msgspec

    from catalog.calendar.entries import calendar_of
    from catalog.calendar.events import between, events_of
    from catalog.calendar.ical import icalendar
    from catalog.calendar.views import entry_view, event_view
    from catalog.estates import load_estate

    loaded, findings = load_estate(directory)
    if loaded is None:
        print_findings(findings, err=True)
        note(f"{count(findings)} in {directory}: mend them first")
        raise typer.Exit(FINDINGS)
    if api is not None and api not in loaded.apis:
        fail(f"the estate has no API {api!r}")
    now = time.time()
    entries = [each for each in calendar_of(loaded) if api in (None, each.api)]
    events = between(events_of(entries), since, until)
    if ical:
        return icalendar(events, loaded.file.name, now), {}
    if since is not None or until is not None:
        named = {(each.api, each.version) for each in events}
        entries = [each for each in entries if (each.api, each.version) in named]
    views = {
        "entries": [entry_view(each, now) for each in entries],
        "events": [event_view(each) for each in events],
    }
    found: dict[str, Any] = msgspec.to_builtins(views)
    return None, found


def _print(found: dict[str, Any], *, ahead: bool) -> None:
    if not found["entries"]:
        typer.echo("Nothing is to end.")
        return
    print_table(_VERSIONS, [_version(each) for each in found["entries"]])
    now = _rfc3339(None)
    events = [each for each in found["events"] if not ahead or (each["until"] or each["at"]) >= now]
    if events:
        typer.echo()
        rows = [(_short(each["at"]), _short(each["until"]), each["text"]) for each in events]
        print_table(_DATES, rows)


def _version(entry: dict[str, Any]) -> tuple[str, ...]:
    spared = sum(each["extended_until"] is not None for each in entry["subscribers"])
    subscribed = f"{len(entry['subscribers'])}" + (f" ({spared} extended)" if spared else "")
    callers = [f"{each['application'] or '(anybody)'} {each['calls']}×" for each in entry["callers"]]
    return (
        entry["api"],
        entry["version"],
        entry["phase"],
        _short(entry["deprecation"]),
        _short(entry["sunset"]),
        entry["successor"] or "-",
        subscribed,
        ", ".join(callers) or "-",
    )


def _short(moment: str | None) -> str:
    """`2027-07-01`, and with the time where it is not midnight."""
    if moment is None:
        return "-"
    return moment.removesuffix("T00:00:00Z").removesuffix(":00Z").replace("T", " ")


def _rfc3339(seconds: int | None) -> str:
    """Now without `seconds`."""
    return rfc3339(time.time() if seconds is None else seconds)
