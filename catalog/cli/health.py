"""`ostiary health`: how APIs, upstreams and gateways are now."""

from typing import Any

import typer

from catalog.cli.output import print_json, print_table
from catalog.cli.remote import JsonOption, ProfileOption, connect


def health(profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Show how APIs, upstreams and gateways are now, and how promises are kept.

    APIs are judged by the calls of this hour and the one before, upstreams by what gateways report every few
    seconds. Who owns or decides sees the gateways' processes too. Exit code 1 where an API is failing.
    """
    found = connect(profile, as_json).get("/health")
    if as_json:
        print_json(found)
        return
    print_table(
        ("api", "is", "calls", "failed", "behind it", "promise", "budget left"),
        [
            (
                each["name"],
                each["standing"],
                str(each["calls"]),
                str(each["bad"]),
                f"{', '.join(each['upstreams'])} ({each['behind']})",
                *_promise(each["promise"]),
            )
            for each in found["apis"]
        ],
    )
    print_table(
        ("upstream", "is", "processes", "breakers open", "targets", "left out", "calls", "waiting"),
        [
            (
                each["name"],
                each["standing"],
                str(each["processes"]),
                str(each["open"]),
                str(each["serving"]),
                str(each["ejected"] + each["unhealthy"]),
                str(each["in_use"]),
                str(each["queued"]),
            )
            for each in found["upstreams"]
        ],
    )
    if found["gateways"]:
        print_table(
            ("gateway", "is", "reported (UTC)", "snapshot", "open requests", "older state of"),
            [
                (
                    each["name"],
                    each["standing"],
                    each["reported_at"][:19].replace("T", " "),
                    str(each["serial"]),
                    str(each["open_requests"]),
                    ", ".join(f"{held['api']}/{held['version']} ({held['why']})" for held in each["held"]) or "-",
                )
                for each in found["gateways"]
            ],
        )
    if any(each["standing"] == "failing" for each in found["apis"]):
        raise typer.Exit(1)


def _promise(kept: dict[str, Any] | None) -> tuple[str, str]:
    if kept is None:
        return "-", "-"
    left = kept["budget_left"]
    return f"{kept['availability']:g} %: {kept['standing']}", "-" if left is None else f"{left:.1%}"
