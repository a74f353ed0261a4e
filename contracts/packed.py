"""A part read in small steps, so that a large one never holds up who reads it between two requests.

Each generator here yields between two pieces of work, of which none is longer than decoding one line or one
version's frame (what is not its operations). An operation is not decoded at all: who serves it keeps its text.
"""

import hashlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

import msgspec

from contracts.operations import ApiVersion, Operation
from contracts.snapshot import (
    APPLICATIONS,
    OPERATIONS,
    VERSIONS,
    AccessPart,
    Application,
    ContractsPart,
    Data,
    SnapshotError,
    encode_part,
)

T = TypeVar("T")

Steps: TypeAlias = Generator[None, None, T]
"""Work that yields between its steps and returns its result."""

_decode_operation = msgspec.json.Decoder(Operation).decode

_END: Final = b"]"
_BROKEN_OFF: Final = "the snapshot's part breaks off"


class _Name(msgspec.Struct):
    api: str
    version: str


@dataclass(frozen=True, slots=True)
class PackedVersion:
    """One API version: its frame is the JSON of the version without operations; each operation is JSON too."""

    name: tuple[str, str]
    """API and version; they can be read even where the rest cannot."""
    frame: bytes
    operations: tuple[bytes, ...]

    def decode(self) -> ApiVersion:
        """The version without its operations. Raises SnapshotError."""
        return decode_version(self.frame)

    def digest(self) -> Steps[str]:
        """As `contracts.snapshot.entry_digest`: of the very bytes that the part has."""
        before, member, after = self.frame.partition(OPERATIONS)
        digest = hashlib.sha256(before + member + b"\n")
        parting = b""
        for text in self.operations:
            yield
            digest.update(parting + text)
            parting = b",\n"
        digest.update(b"\n" + after)
        return "sha256:" + digest.hexdigest()


def decode_version(frame: bytes) -> ApiVersion:
    """A version without its operations. Raises SnapshotError."""
    try:
        return msgspec.json.decode(frame, type=ApiVersion)
    except msgspec.DecodeError as error:
        raise SnapshotError(f"the version does not decode: {error}") from None


def decode_operation(text: bytes) -> Operation:
    """Raises SnapshotError."""
    try:
        return _decode_operation(text)
    except msgspec.DecodeError as error:
        raise SnapshotError(f"the operation does not decode: {error}") from None


def read_contracts(data: Data) -> Steps[tuple[ContractsPart, list[PackedVersion]]]:
    """The part without its versions, and these. Raises SnapshotError for what is no such part."""
    lines = _lines(_laid_out(data, ContractsPart))
    first = _opening(next(lines), VERSIONS)
    versions: list[PackedVersion] = []
    for line in lines:
        yield
        if line.startswith(_END):
            return _decode(first + line + _rest(lines), ContractsPart), versions
        if line:
            versions.append((yield from _read_version(line, lines)))
    raise SnapshotError(_BROKEN_OFF)


def read_access(data: Data) -> Steps[tuple[AccessPart, dict[str, Application]]]:
    """The part without its applications, and these by client id. Raises SnapshotError."""
    lines = _lines(_laid_out(data, AccessPart))
    first = _opening(next(lines), APPLICATIONS)
    applications: dict[str, Application] = {}
    for line in lines:
        yield
        if line.startswith(_END):
            return _decode(first + line + _rest(lines), AccessPart), applications
        if line:
            application = _decode(line, Application)
            applications[application.client_id] = application
    raise SnapshotError(_BROKEN_OFF)


def at_once(steps: Steps[T]) -> T:
    """The result, without a rest between two steps."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


def _read_version(line: bytes, lines: Iterator[bytes]) -> Steps[PackedVersion]:
    first = _opening(line, OPERATIONS)
    operations: list[bytes] = []
    for line in lines:
        yield
        if line.startswith(_END):
            frame = first + line
            try:
                name = msgspec.json.decode(frame, type=_Name)
            except msgspec.DecodeError as error:
                raise SnapshotError(f"a version of the snapshot does not decode: {error}") from None
            return PackedVersion((name.api, name.version), frame, tuple(operations))
        if line:
            operations.append(line)
    raise SnapshotError(_BROKEN_OFF)


def _laid_out(data: Data, kind: type[ContractsPart] | type[AccessPart]) -> Data:
    """A part on one line, as it was written by earlier catalogs, is read in one go and written anew."""
    if b"\n" in data:
        return data
    return encode_part(_decode(data, kind))[1]


def _lines(data: Data) -> Iterator[bytes]:
    """The lines, each without the comma that parts it from the next."""
    start = 0
    while start <= len(data):
        end = data.find(b"\n", start)
        end = end if end >= 0 else len(data)
        yield bytes(data[start:end]).removesuffix(b",")
        start = end + 1


def _opening(line: bytes, member: bytes) -> bytes:
    if not line.endswith(member):
        raise SnapshotError("the snapshot's part is not laid out in lines as it should be")
    return line


def _rest(lines: Iterator[bytes]) -> bytes:
    """What follows on the last line; it is part of what has to decode, so that it has to be nothing."""
    return b"".join(lines)


def _decode(text: Data, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as error:
        raise SnapshotError(f"the snapshot's {kind.__name__} does not decode: {error}") from None
