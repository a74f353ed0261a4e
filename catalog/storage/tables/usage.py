"""What consumers called, as gateways tell it: counts by hour and by day, and what requests were seen to have.

A caller, that is an application at an operation, has a number, and so has a sight, that is something that requests
to an operation can have: names would be nine tenths of rows of which there are tens of millions. Those lie in the
order of their key, by which alone they are read.
"""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

usage_sources = sa.Table(
    "usage_sources",
    metadata,
    sa.Column("gateway", sa.String(255), primary_key=True, comment="the process's name"),
    sa.Column("boot", sa.String(32), primary_key=True, comment="of one start of it"),
    sa.Column("sequence", sa.BigInteger, nullable=False, comment="the highest that was taken"),
    sa.Column("reported_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("lost_batches", sa.BigInteger, nullable=False, comment="since it began"),
    sa.Column("lost_calls", sa.BigInteger, nullable=False),
)

usage_callers = sa.Table(
    "usage_callers",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("api", sa.String(255), nullable=False),
    sa.Column("version", sa.String(255), nullable=False),
    sa.Column("operation", sa.String(255), nullable=False),
    sa.Column("application", sa.String(255), nullable=False, index=True, comment="empty: open to everyone"),
    sa.Column("consumer", sa.String(255), nullable=False, comment="that the application was of at last"),
    sa.Column("first_seen", sa.BigInteger, nullable=False),
    sa.Column("last_seen", sa.BigInteger, nullable=False, index=True),
    sa.UniqueConstraint("api", "version", "operation", "application"),
)


def _counts(name: str, unit: str, comment: str) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("caller", sa.ForeignKey("usage_callers.id"), primary_key=True),
        sa.Column(unit, sa.BigInteger, primary_key=True, comment=comment),
        sa.Column("status", sa.String(7), primary_key=True, comment="a declared code, a class, or aborted"),
        sa.Column("calls", sa.BigInteger, nullable=False),
        sa.Column("microseconds", sa.BigInteger, nullable=False, comment="of all calls together"),
        sa.Column("bytes", sa.BigInteger, nullable=False, comment="of requests' bodies"),
        sa.Column("in_25_ms", sa.BigInteger, nullable=False, comment="calls that took no longer"),
        sa.Column("in_100_ms", sa.BigInteger, nullable=False, comment="longer than the column before, as below"),
        sa.Column("in_500_ms", sa.BigInteger, nullable=False),
        sa.Column("in_2500_ms", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )


usage_hours = _counts("usage_hours", "hour", "its first second, UTC")
usage_days = _counts("usage_days", "day", "its first second, UTC")

usage_sights = sa.Table(
    "usage_sights",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("api", sa.String(255), nullable=False),
    sa.Column("version", sa.String(255), nullable=False),
    sa.Column("operation", sa.String(255), nullable=False),
    sa.Column(
        "kind", sa.String(16), nullable=False, comment="accepted, query, header, cookie, body, would-refuse"
    ),
    sa.Column("name", sa.String(512), nullable=False, comment="a parameter, or a pointer"),
    sa.Column("value", sa.String(255), nullable=False, comment="an enumerated value as JSON, or empty"),
    sa.UniqueConstraint("api", "version", "operation", "kind", "name", "value"),
)

usage_seen = sa.Table(
    "usage_seen",
    metadata,
    # The sight first: who sent something lies together.
    sa.Column("sight", sa.ForeignKey("usage_sights.id"), primary_key=True),
    sa.Column("caller", sa.ForeignKey("usage_callers.id"), primary_key=True),
    sa.Column("month", sa.BigInteger, primary_key=True, comment="its first second, UTC"),
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Column("last_seen", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
