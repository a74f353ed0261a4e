"""Reading a back-up: first all of it is proved to be whole and fitting, then it is read for its rows."""

import hashlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final

import msgspec
import sqlalchemy as sa

from catalog.backup.format import (
    FORMAT,
    VERSION,
    Head,
    Summary,
    Tail,
    columns_of,
    row_decoder,
    summary_of,
)
from catalog.storage.tables import metadata

Row = dict[str, Any]

_END: Final = b'{"digest":'


class BadBackup(Exception):
    """The file cannot be imported; the message says why. Nothing was written."""


class Backup:
    """A back-up that was found whole, and of this version's tables."""

    def __init__(self, file: Path, head: Head, digest: str) -> None:
        self.head = head
        self.digest = digest
        self._file = file

    @classmethod
    def open(cls, file: Path, schema: str) -> "Backup":
        """Reads all of the file once; `schema` is the migration that it has to be of.

        Raises BadBackup, OSError.
        """
        digest = hashlib.sha256()
        with file.open("rb") as stream:
            first = stream.readline()
            head = _head(first, schema)
            digest.update(first)
            for _ in _rows(stream, head, digest.update):
                pass
            _end(stream, digest.hexdigest())
        return cls(file, head, f"sha256:{digest.hexdigest()}")

    def rows(self) -> Iterator[tuple[sa.Table, Row]]:
        """Every row with its table, in the file's order. Raises BadBackup, OSError."""
        digest = hashlib.sha256()
        with self._file.open("rb") as stream:
            digest.update(stream.readline())
            yield from _rows(stream, self.head, digest.update)
        if f"sha256:{digest.hexdigest()}" != self.digest:
            raise BadBackup("the file was changed while it was read")


def summary_in(stream: IO[bytes]) -> Summary:
    """What the back-up in a stream holds, of whichever version's tables, once its digest was found right.

    Raises BadBackup, OSError.
    """
    digest = hashlib.sha256()
    stream.seek(0)
    line = stream.readline()
    head = _any_head(line)
    while not line.startswith(_END):
        if not line:
            raise BadBackup("the file breaks off before its digest")
        digest.update(line)
        line = stream.readline()
    stream.seek(-len(line), io.SEEK_CUR)
    _end(stream, digest.hexdigest())
    return summary_of(head, f"sha256:{digest.hexdigest()}")


def _head(line: bytes, schema: str) -> Head:
    head = _any_head(line)
    if head.schema != schema:
        raise BadBackup(
            f"the back-up is of the schema {head.schema}, and this version's is {schema}: import it with "
            "the version that wrote it, and let a catalog of this version migrate the store"
        )
    wanted = [(table.name, columns_of(table)) for table in metadata.sorted_tables]
    if [(table.name, table.columns) for table in head.tables] != wanted:
        raise BadBackup("the back-up has other tables or columns than this version")
    return head


def _any_head(line: bytes) -> Head:
    try:
        kind = msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.DecodeError:
        kind = {}
    if kind.get("format") != FORMAT:
        raise BadBackup("the file is no back-up of a catalog")
    if kind.get("version") != VERSION:
        raise BadBackup(f"the back-up has the format version {kind.get('version')}, and this reads {VERSION}")
    try:
        return msgspec.json.decode(line, type=Head)
    except msgspec.DecodeError as error:
        raise BadBackup(f"the back-up's first line is not as it should be: {error}") from None


def _rows(stream: IO[bytes], head: Head, seen: Callable[[bytes], object]) -> Iterator[tuple[sa.Table, Row]]:
    number = 1
    for described, table in zip(head.tables, metadata.sorted_tables, strict=True):
        decode, columns = row_decoder(table).decode, described.columns
        for _ in range(described.rows):
            line = stream.readline()
            number += 1
            if not line.endswith(b"\n"):
                raise BadBackup(f"the file breaks off at line {number}, in the rows of {table.name}")
            seen(line)
            try:
                values = decode(line)
            except msgspec.DecodeError as error:
                raise BadBackup(f"line {number}, of {table.name}, is no row of it: {error}") from None
            yield table, dict(zip(columns, values, strict=True))


def _end(stream: IO[bytes], digest: str) -> None:
    line = stream.readline()
    try:
        tail = msgspec.json.decode(line, type=Tail)
    except msgspec.DecodeError:
        raise BadBackup("the file breaks off before its digest") from None
    if tail.digest != f"sha256:{digest}":
        raise BadBackup("the file was altered: its digest is not that of its content")
    if stream.read(1):
        raise BadBackup("something follows after the file's digest")
