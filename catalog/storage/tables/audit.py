"""The audit log and the checkpoints that sign it."""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

audit_entries = sa.Table(
    "audit_entries",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False, comment="from 1, without a gap"),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
    sa.Column("subject", sa.String(63), nullable=False),
    sa.Column("action", sa.String(63), nullable=False),
    sa.Column("object", sa.String(255), nullable=False, index=True),
    sa.Column("actor", sa.String(255), nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("before", sa.String(255), nullable=False),
    sa.Column("after", sa.String(255), nullable=False),
    sa.Column("request_id", sa.String(255), nullable=False),
    sa.Column("previous", sa.LargeBinary(32), nullable=False, comment="the digest of the entry before"),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="SHA-256 of previous and of this entry"),
    comment="append-only: triggers refuse any other change",
)

audit_checkpoints = sa.Table(
    "audit_checkpoints",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False, comment="of the entry"),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("signature", sa.LargeBinary(64), nullable=False, comment="Ed25519"),
    comment="append-only: triggers refuse any other change",
)
