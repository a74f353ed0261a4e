"""The ledger of client secrets."""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

client_secrets = sa.Table(
    "client_secrets",
    metadata,
    sa.Column("key_id", sa.String(32), primary_key=True, comment="the public part of the secret's text"),
    sa.Column("client_id", sa.String(63), nullable=False, index=True),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 of the text under the pepper"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("last_used_at", sa.BigInteger, nullable=True),
)
