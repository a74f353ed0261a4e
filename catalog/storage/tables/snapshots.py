"""Published snapshots: their signed manifests, and the parts that these name."""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

parts = sa.Table(
    "parts",
    metadata,
    sa.Column("digest", sa.String(71), primary_key=True, comment="sha256:<hex> of the data"),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("serial", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("issued_at", sa.BigInteger, nullable=False),
    sa.Column("contracts", sa.ForeignKey("parts.digest"), nullable=False),
    sa.Column("access", sa.ForeignKey("parts.digest"), nullable=False),
    sa.Column("manifest", sa.LargeBinary, nullable=False, comment="the exact bytes that were signed"),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Column("key_id", sa.String(64), nullable=False),
)
