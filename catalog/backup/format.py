"""The format of a back-up: lines of JSON (UTF-8, each ended by a line feed).

======  ========================================================================================================
first   `{"format":"ostiary-catalog-backup","version":1,"schema":"0007","tables":[…]}`: `schema` is the store's
        migration; each table has its `name`, its `columns` and how many `rows` follow, in the order in which
        they do
rows    one JSON array a row, its values in the order of `columns`: table by table, each sorted by its primary
        key, text by its UTF-8 bytes; bytes are in base64 (RFC 4648 §4)
last    `{"digest":"sha256:…"}` over every byte before it
======  ========================================================================================================

So the same content gives the same bytes, whichever database it is in, and a file that was cut off or altered is
found before anything is done with it. The digest guards against accidents and not against forgery: what must not
be forged (snapshots, approvals, audit checkpoints) carries the catalog's signature in it.
"""

from typing import Any, Final

import msgspec
import sqlalchemy as sa

FORMAT: Final = "ostiary-catalog-backup"
VERSION: Final = 1


class TableHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table: its columns in the order of each row's values, and how many rows follow."""

    name: str
    columns: tuple[str, ...]
    rows: int


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line."""

    format: str
    version: int
    schema: str
    tables: tuple[TableHead, ...]


class Tail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line."""

    digest: str


class Summary(msgspec.Struct, frozen=True):
    """What a back-up holds: rows in all and by table."""

    schema: str
    rows: int
    tables: dict[str, int]
    digest: str


def columns_of(table: sa.Table) -> tuple[str, ...]:
    """The names of a table's columns, in order."""
    return tuple(str(column.name) for column in table.columns)


def summary_of(head: Head, digest: str) -> Summary:
    """The summary of a back-up."""
    tables = {table.name: table.rows for table in head.tables}
    return Summary(head.schema, sum(tables.values()), tables, digest)


encode: Final = msgspec.json.Encoder(order="deterministic").encode
"""A line without its end. Bytes become base64 by themselves."""


def row_decoder(table: sa.Table) -> msgspec.json.Decoder[tuple[Any, ...]]:
    """Reads a row of a table; raises msgspec.DecodeError where a value cannot be one of its column."""
    kinds = [
        column.type.python_type | None if column.nullable else column.type.python_type for column in table.columns
    ]
    return msgspec.json.Decoder(tuple[*kinds], strict=True)  # type: ignore[valid-type]
