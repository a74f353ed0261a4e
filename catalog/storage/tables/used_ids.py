"""Ids that may be used once, of DPoP proofs and client assertions: only digests, until they are too old anyway."""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

used_ids = sa.Table(
    "used_ids",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True, comment="SHA-256 of whose id it is, and the id"),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
)
