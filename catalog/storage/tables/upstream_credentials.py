"""Credentials that gateways present to upstreams: who answers for a name, and its values, which are sealed."""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

upstream_credentials = sa.Table(
    "upstream_credentials",
    metadata,
    sa.Column("name", sa.String(63), primary_key=True, comment="as the estate names it"),
    sa.Column("team", sa.String(63), nullable=False, comment="that answers for it"),
    sa.Column("owner", sa.String(255), nullable=False, comment="the member of that team who does"),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("runbook", sa.Text, nullable=False, comment="how it is replaced, or where that is told"),
    sa.Column("current", sa.Integer, nullable=False, comment="number of the value in use; 0: none"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("created_by", sa.String(255), nullable=False),
)

upstream_values = sa.Table(
    "upstream_values",
    metadata,
    sa.Column("name", sa.String(63), sa.ForeignKey("upstream_credentials.name"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False, comment="from 1"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("created_by", sa.String(255), nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("kept_until", sa.BigInteger, nullable=True, comment="of a replaced one: when its text goes"),
    sa.Column("gone_at", sa.BigInteger, nullable=True, comment="when its text was thrown away"),
    sa.Column("revoked_at", sa.BigInteger, nullable=True),
    sa.Column("revoked_by", sa.String(255), nullable=False),
    sa.Column("revoked_reason", sa.Text, nullable=False),
    sa.Column("master_key", sa.String(255), nullable=False, comment="id of what wraps the data key"),
    sa.Column("wrapped_key", sa.LargeBinary(1024), nullable=False, comment="data key, under the master key"),
    sa.Column("nonce", sa.LargeBinary(12), nullable=False),
    sa.Column("ciphertext", sa.LargeBinary(65_552), nullable=False, comment="AES-256-GCM under the data key"),
)

upstream_serial = sa.Table(
    "upstream_serial",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False, comment="of changes; one row"),
)
