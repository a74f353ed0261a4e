"""Entries and checkpoints as JSON, for the command line and the admin API, and back, so that others can verify."""

from datetime import datetime

import msgspec

from catalog.audit.chain import Checkpoint, Entry, Event
from catalog.clock import moment


class EntryView(msgspec.Struct, frozen=True):
    """An entry. Digests are in hex."""

    number: int
    at: datetime
    subject: str
    action: str
    object: str
    actor: str
    reason: str
    before: str
    after: str
    request_id: str
    previous: str
    digest: str


class CheckpointView(msgspec.Struct, frozen=True):
    """A checkpoint. Digest and signature are in hex."""

    number: int
    digest: str
    at: datetime
    signature: str


def entry_view(entry: Entry) -> EntryView:
    """The entry as it is shown."""
    event = msgspec.structs.asdict(entry.event)
    return EntryView(
        number=entry.number,
        at=moment(entry.at),
        previous=entry.previous.hex(),
        digest=entry.digest.hex(),
        **event,
    )


def entry_of(view: EntryView) -> Entry:
    """The entry again. Raises ValueError for digests that are no hex."""
    event = Event(**{name: getattr(view, name) for name in Event.__struct_fields__})
    return Entry(
        number=view.number,
        at=int(view.at.timestamp()),
        event=event,
        previous=bytes.fromhex(view.previous),
        digest=bytes.fromhex(view.digest),
    )


def checkpoint_view(checkpoint: Checkpoint) -> CheckpointView:
    """The checkpoint as it is shown."""
    return CheckpointView(
        checkpoint.number, checkpoint.digest.hex(), moment(checkpoint.at), checkpoint.signature.hex()
    )


def checkpoint_of(view: CheckpointView) -> Checkpoint:
    """The checkpoint again. Raises ValueError for what is no hex."""
    return Checkpoint(
        number=view.number,
        digest=bytes.fromhex(view.digest),
        at=int(view.at.timestamp()),
        signature=bytes.fromhex(view.signature),
    )
