"""Answers that gateways were told to forget."""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

purges = sa.Table(
    "purges",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False, comment="grows with each"),
    sa.Column("api", sa.String(63), nullable=False, index=True),
    sa.Column("version", sa.String(8), nullable=False, comment="empty, as those that follow: all of them"),
    sa.Column("operation", sa.String(255), nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("tag", sa.String(64), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("by", sa.String(255), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)
