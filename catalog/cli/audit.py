"""`ostiary audit`: read the audit log, prove it, export it; on the store of this machine or over the admin API."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from catalog.cli.local import Data, open_settings, require_catalog, store_faults
from catalog.cli.output import FINDINGS, fail, note, print_json
from catalog.cli.remote import ProfileOption, Remote, connect, names_a_catalog
from catalog.clock import rfc3339

if TYPE_CHECKING:
    from catalog.audit.chain import Fault
    from catalog.audit.log import AuditLog
    from catalog.audit.views import EntryView
    from catalog.settings import CatalogSettings

T = TypeVar("T")

_PAGE: Final = 500

app = typer.Typer(
    help="Read the audit log: what was decided and changed, by whom, when and why.",
    epilog="Works on the catalog's store on this machine, whether it is running or not; with a profile, or with "
    "OSTIARY_TOKEN, over the admin API. Nothing can change an entry.",
    no_args_is_help=True,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Subject = Annotated[str | None, typer.Option(help="Only of this kind of thing, such as `client-secret`.")]
Actor = Annotated[str | None, typer.Option(help="Only what this one did.")]


@app.command("list")
def list_entries(
    subject: Subject = None,
    object_: Annotated[str | None, typer.Option("--object", help="Only of this one of its kind.")] = None,
    actor: Actor = None,
    action: Annotated[str | None, typer.Option(help="Only where this was done, such as `revoked`.")] = None,
    text: Annotated[str | None, typer.Option(help="Only with this in the object or the reason.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DAY|TIME", help="Not before this day or RFC 3339 time (UTC).")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DAY|TIME", help="Before this time, or to the end of this day (UTC).")
    ] = None,
    last: Annotated[int, typer.Option(min=1, help="How many, the newest.")] = 50,
    as_json: Json = False,
    data: Data = None,
    profile: ProfileOption = None,
) -> None:
    """List entries, the newest last."""
    from catalog.audit.log import Filter
    from catalog.audit.views import entry_view

    begins, ends = _time("--since", since), _time("--until", until, whole_day=True)
    remote = _remote(profile, data, as_json)
    if remote is None:
        kept = Filter(subject, object_, actor, _seconds(begins), _seconds(ends), action, text)

        async def read(log: "AuditLog") -> "list[EntryView]":
            found = await log.page(kept, limit=last, newest_first=True)
            return [entry_view(entry) for entry in found]

        found = _with_log(data, read)
    else:
        wanted = {"subject": subject, "object": object_, "actor": actor, "action": action, "text": text}
        times = {"since": begins and rfc3339(begins), "until": ends and rfc3339(ends)}
        found = list(_entries(remote, most=last, order="newest-first", **wanted, **times))
    found.reverse()
    if as_json:
        print_json(found)
        return
    for each in found:
        why = f" ({each.reason})" if each.reason else ""
        at = each.at.isoformat().replace("+00:00", "Z")
        typer.echo(f"{each.number:>6}  {at}  {each.subject} {each.object} {each.action} by {each.actor}{why}")
    if not found:
        note("The audit log has no such entry.")


@app.command()
def export(
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Entries are JSON in any case; of a refusal, print the problem document."),
    ] = False,
    data: Data = None,
    profile: ProfileOption = None,
) -> None:
    """Print every entry as a line of JSON, in order, with its digest and the one before."""
    import msgspec

    from catalog.audit.views import entry_view

    remote = _remote(profile, data, as_json)
    if remote is not None:
        for each in _entries(remote):
            typer.echo(msgspec.json.encode(each).decode())
        return

    async def write(log: "AuditLog") -> None:
        async for entry in log.entries():
            typer.echo(msgspec.json.encode(entry_view(entry)).decode())

    _with_log(data, write)


@app.command()
def verify(
    expect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NUMBER:DIGEST",
            help="A checkpoint that was kept elsewhere, as the catalog logs it. Again for more.",
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="With a profile: the catalog's public key, as `ostiary catalog public-key` prints it. All "
            "entries are then fetched and proved here; without it the catalog proves its own log.",
        ),
    ] = None,
    as_json: Json = False,
    data: Data = None,
    profile: ProfileOption = None,
) -> None:
    """Prove that no entry was altered, removed or put in.

    Exit code 1 where one was, with the first that is not as it was written. What was removed after the last
    checkpoint is found only with --expect.
    """
    anchors = dict(_anchor(text) for text in expect or ())
    remote = _remote(profile, data, as_json)
    if remote is None:
        if key is not None:
            fail("--key is for a catalog elsewhere; on this machine its key file is read")
        good, fault = _verified_in_store(data, anchors)
    elif key is None:
        good, fault = _verified_by_catalog(remote, anchors)
    else:
        good, fault = _verified_here(remote, key, anchors)
    if as_json:
        print_json(
            {
                "verified": fault is None,
                "entries": good,
                "fault": None if fault is None else {"entry": fault.number, "reason": fault.what},
            }
        )
    elif fault is None:
        typer.echo(f"{good} entries, each as it was written")
    else:
        typer.echo(str(fault))
        note(f"{good} entries before it are as they were written.")
    if fault is not None:
        raise typer.Exit(FINDINGS)


def _verified_in_store(data: Path | None, anchors: dict[int, bytes]) -> "tuple[int, Fault | None]":
    from catalog.key_files import load_snapshot_key

    settings = open_settings(data=data)
    require_catalog(settings)
    with store_faults():
        key = load_snapshot_key(settings.keys_directory).public_key()
    return _with_log(data, lambda log: log.verify(key, anchors))


def _verified_by_catalog(remote: Remote, anchors: dict[int, bytes]) -> "tuple[int, Fault | None]":
    from catalog.audit.chain import Fault

    expect = [f"{number}:{digest.hex()}" for number, digest in anchors.items()]
    found = remote.get("/audit/verification", expect=expect)
    fault = found["fault"]
    return found["entries"], None if fault is None else Fault(fault["entry"], fault["reason"])


def _verified_here(remote: Remote, text: str, anchors: dict[int, bytes]) -> "tuple[int, Fault | None]":
    """Nothing of the catalog's word is needed: entries and checkpoints are held against a key that was kept."""
    import msgspec

    from catalog.audit.chain import Verifier
    from catalog.audit.views import CheckpointView, checkpoint_of, entry_of
    from catalog.key_files import KeyFileError, public_key_of

    try:
        key = public_key_of(text)
    except KeyFileError as error:
        fail(str(error))
    pages = remote.pages("/audit/checkpoints", limit=_PAGE)
    marks = [checkpoint_of(msgspec.convert(each, CheckpointView)) for each in pages]
    verifier = Verifier(marks, key, anchors)
    for each in _entries(remote):
        fault = verifier.take(entry_of(each))
        if fault is not None:
            return verifier.number - 1, fault
    # The checkpoints were fetched first, so that every entry they are of has to be there.
    return verifier.number, verifier.end()


def _entries(remote: Remote, *, most: int | None = None, **query: Any) -> "Iterator[EntryView]":
    import itertools

    import msgspec

    from catalog.audit.views import EntryView

    pages = remote.pages("/audit/entries", limit=_PAGE if most is None else min(most, _PAGE), **query)
    return (msgspec.convert(each, EntryView) for each in itertools.islice(pages, most))


def _remote(profile: str | None, data: Path | None, as_json: bool = False) -> Remote | None:
    """The catalog to ask over the admin API: where one was named and no directory of this machine was."""
    if data is not None and profile is None:
        return None
    return connect(profile, as_json) if names_a_catalog(profile) else None


def _time(option: str, text: str | None, *, whole_day: bool = False) -> datetime | None:
    """What was typed as a moment; of a day its beginning, or its end where the `whole_day` counts."""
    if text is None:
        return None
    try:
        if len(text) == len("2026-11-28"):
            return datetime.combine(date.fromisoformat(text) + timedelta(days=whole_day), time(), UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        fail(f"{option} {text!r} is no day or time", hint="Such as 2026-11-28, or 2026-11-28T09:00:00Z.")
    return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _anchor(text: str) -> tuple[int, bytes]:
    number, _, digest = text.partition(":")
    try:
        anchor = int(number), bytes.fromhex(digest)
    except ValueError:
        anchor = 0, b""
    if anchor[0] < 1 or len(anchor[1]) != 32:
        hint = "Such as 42:9f86d081…, with the 64 digits of SHA-256."
        fail(f"--expect {text!r} is not NUMBER:DIGEST", hint=hint)
    return anchor


def _with_log(data: Path | None, use: "Callable[[AuditLog], Coroutine[Any, Any, T]]") -> T:
    settings = open_settings(data=data)
    require_catalog(settings)
    with store_faults():
        return asyncio.run(_opened(settings, use))


async def _opened(settings: "CatalogSettings", use: "Callable[[AuditLog], Coroutine[Any, Any, T]]") -> T:
    from catalog.audit.log import AuditLog
    from catalog.clock import system_clock
    from catalog.storage.engine import Store

    store = Store.open(settings.store_url)
    try:
        await store.migrate()
        return await use(AuditLog(store, system_clock))
    finally:
        await store.close()
