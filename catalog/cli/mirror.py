"""`ostiary mirror`: what came of mirrored calls, and where a mirror answers otherwise."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from catalog.cli.output import FINDINGS, fail, note, print_json, print_table
from catalog.cli.remote import JsonOption

if TYPE_CHECKING:
    from contracts.mirror_report import Mirrored, MirrorReport

_GATEWAY: Final = "http://127.0.0.1:8082"
_TIMEOUT: Final = 10.0
"""Seconds for one gateway's report."""
_OUTCOMES: Final = ("equal", "different", "uncompared", "failed", "dropped", "skipped")

GatewayOption = Annotated[
    list[str],
    typer.Option(
        "--gateway",
        metavar="URL",
        help="The admin listener of a gateway; once for each gateway.",
        envvar="OSTIARY_GATEWAY_ADMIN_URL",
    ),
]


def mirror(
    api: Annotated[str | None, typer.Argument(help="Only this API.", show_default=False)] = None,
    version: Annotated[str | None, typer.Option(help="Only this version.", show_default=False)] = None,
    gateway: GatewayOption = [_GATEWAY],  # noqa: B006  (typer copies it)
    as_json: JsonOption = False,
) -> None:
    """Show what came of the calls that the policy `mirror` copies, and how its answers differ from the callers'.

    Differences are told by kind and place, with the last requests that had them (their ids are in the access log);
    never by value. Counts begin anew with a gateway's process, and with other settings of the mirror.

    Exit codes: 0 no difference, 1 differences, 2 a gateway that cannot be asked.
    """
    from contracts.mirror_report import MirrorReport, merged

    every = [each for url in gateway for each in _report(url).mirrors]
    report = MirrorReport(
        tuple(
            each
            for each in merged(every).mirrors
            if (api is None or each.api == api) and (version is None or each.version == version)
        )
    )
    if as_json:
        print_json(report)
    else:
        _show(report)
    if any(each.differences for each in report.mirrors):
        raise typer.Exit(FINDINGS)


def _report(url: str) -> "MirrorReport":
    import urllib.error
    import urllib.request
    from urllib.parse import urlsplit

    import msgspec

    from contracts.mirror_report import MirrorReport

    if urlsplit(url).scheme not in ("http", "https"):
        fail(f"{url!r} is no URL of a gateway's admin listener", hint=f"Such as {_GATEWAY}.")
    # A proxy of the environment is for the internet, and not for what listens on this network.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url.rstrip("/") + "/mirror", timeout=_TIMEOUT) as answer:
            return msgspec.json.decode(answer.read(), type=MirrorReport)
    except msgspec.DecodeError:
        fail(f"{url} answers with no report; is it a gateway's admin listener?")
    except (OSError, ValueError) as error:
        fail(f"the gateway at {url} cannot be asked: {getattr(error, 'reason', None) or error}")


def _show(report: "MirrorReport") -> None:
    if not report.mirrors:
        note("No call was copied.")
        return
    print_table(
        ("api", "version", "operation", "mirror", *_OUTCOMES),
        [(*each.name, *(str(each.outcomes.get(outcome, 0)) for outcome in _OUTCOMES)) for each in report.mirrors],
    )
    for each in report.mirrors:
        _show_details(each)


def _show_details(each: "Mirrored") -> None:
    if not each.differences and not each.reasons:
        return
    typer.echo(f"\n{each.api} {each.version} {each.operation}")
    for outcome, reasons in each.reasons.items():
        typer.echo(f"  {outcome}: " + ", ".join(f"{reason} {count}" for reason, count in reasons.items()))
    if each.differences:
        print_table(
            ("difference", "at", "answers", "such as requests"),
            [
                (one.kind, one.at or "(the whole)", str(one.count), " ".join(one.request_ids))
                for one in each.differences
            ],
            indent=2,
        )
