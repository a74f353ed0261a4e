"""What security members work with: the views that they saved, and which snapshot each gateway enforces."""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

saved_views = sa.Table(
    "saved_views",
    metadata,
    sa.Column("member", sa.String(63), primary_key=True, comment="whose it is"),
    sa.Column("room", sa.String(16), primary_key=True, comment="ledger or audit"),
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("query", sa.Text, nullable=False, comment="JSON object of parameters"),
    sa.Column("saved_at", sa.BigInteger, nullable=False),
)

gateway_polls = sa.Table(
    "gateway_polls",
    metadata,
    sa.Column("gateway", sa.String(255), primary_key=True, comment="a process, by the name that it says"),
    sa.Column("manifest", sa.String(71), nullable=False, comment="digest of the one that it enforces, or empty"),
    sa.Column("since", sa.BigInteger, nullable=False, comment="when it was first heard of with it"),
    sa.Column("seen_at", sa.BigInteger, nullable=False, index=True),
)
