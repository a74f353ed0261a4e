"""`ostiary usage`: who calls what, as the gateways counted it."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer

from catalog.cli.output import fail, note, print_json, print_table
from catalog.cli.remote import JsonOption, ProfileOption, Remote, connect, segment
from catalog.clock import rfc3339


class By(StrEnum):
    """What is counted together."""

    hour = "hour"
    day = "day"


def usage(
    api: Annotated[str | None, typer.Argument(help="The API.", show_default=False)] = None,
    version: Annotated[str | None, typer.Option(help="Only this version.", show_default=False)] = None,
    application: Annotated[str | None, typer.Option(help="Only this application.", show_default=False)] = None,
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days back.")] = 7,
    by: Annotated[By, typer.Option(help="What is counted together.")] = By.day,
    callers: Annotated[
        bool, typer.Option("--callers", help="Who called a version, by operation, instead of how much over time.")
    ] = False,
    reported: Annotated[
        bool, typer.Option("--reported", help="What policies in the mode report would have refused of a version.")
    ] = False,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how much an API was called over time, or with --callers who called one of its versions.

    With --reported it is what policies in the mode report would have refused of a version, and whose calls.

    Calls are counted by the gateways, and reach the catalog within seconds.
    """
    if callers or reported:
        option = "--callers" if callers else "--reported"
        if callers and reported:
            fail("--callers and --reported are two questions: ask one of them")
        if api is None or version is None:
            fail(f"{option} asks about one version of an API", hint=f"ostiary usage orders --version v1 {option}")
        show = _show_callers if callers else _show_reported
        show(connect(profile, as_json), api, version, application, days, as_json)
        return
    if api is None and application is None:
        fail("usage of what?", hint="Name an API, or an application with --application.")
    since = datetime.now(UTC) - timedelta(days=days)
    asked = {"api": api, "version": version, "application": application, "by": by.value}
    asked["from"] = rfc3339(since)
    show_points(connect(profile, as_json).get("/usage", **asked), as_json)


def show_points(found: Any, as_json: bool) -> None:
    """Prints counts over time, as the admin API gives them."""
    if as_json:
        print_json(found)
        return
    if not found["points"]:
        note("Nothing was called.")
        return
    whole = 10 if found["by"] == "day" else 16
    print_table(
        ("start (UTC)", "api", "version", "status", "calls", "mean ms"),
        [
            (
                each["start"][:whole].replace("T", " "),
                each["api"],
                each["version"],
                each["status"],
                str(each["calls"]),
                f"{each['mean_milliseconds']:.1f}",
            )
            for each in found["points"]
        ],
    )
    if not found["complete"]:
        note("There is more: ask for fewer days, or one version.")


def _show_callers(
    remote: Remote, api: str, version: str, application: str | None, days: int, as_json: bool
) -> None:
    path = f"/apis/{segment(api)}/versions/{segment(version)}/callers"
    found = [
        each
        for each in remote.pages(path, days=days, limit=500)
        if application is None or each["application"] == application
    ]
    if as_json:
        print_json({"callers": found})
        return
    if not found:
        nobody = "Nobody called" if application is None else f"{application} did not call"
        note(f"{nobody} {api} {version} in {days} days.")
        return
    print_table(
        ("consumer", "application", "operation", "calls", "last seen (UTC)"),
        [
            (
                each["consumer"] or "-",
                each["application"] or "(open to everyone)",
                each["operation"],
                str(each["calls"]),
                each["last_seen"][:19].replace("T", " "),
            )
            for each in found
        ],
    )


def _show_reported(
    remote: Remote, api: str, version: str, application: str | None, days: int, as_json: bool
) -> None:
    path = f"/apis/{segment(api)}/versions/{segment(version)}/reported-calls"
    found = [
        each
        for each in remote.pages(path, days=days, limit=500)
        if application is None or each["application"] == application
    ]
    if as_json:
        print_json({"reported": found})
        return
    if not found:
        whose = "" if application is None else f" of {application}"
        note(f"No policy would have refused a call{whose} to {api} {version} in {days} days.")
        return
    print_table(
        ("policy", "consumer", "application", "operation", "calls", "last seen (UTC)"),
        [
            (
                each["policy"],
                each["consumer"] or "-",
                each["application"] or "(open to everyone)",
                each["operation"],
                str(each["calls"]),
                each["last_seen"][:19].replace("T", " "),
            )
            for each in found
        ],
    )
