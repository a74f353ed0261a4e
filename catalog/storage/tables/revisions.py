"""Revisions of units, which of them is in force, and what attests it."""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

revision_blobs = sa.Table(
    "revision_blobs",
    metadata,
    sa.Column("digest", sa.String(71), primary_key=True, comment="sha256:<hex> of the data"),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

revisions = sa.Table(
    "revisions",
    metadata,
    sa.Column("digest", sa.String(71), primary_key=True, comment="sha256:<hex> of the listing"),
    sa.Column("unit", sa.String(63), nullable=False, index=True),
    sa.Column("listing", sa.LargeBinary, nullable=False, comment="canonical JSON: unit, paths, digests"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("created_by", sa.String(255), nullable=False),
)

current_revisions = sa.Table(
    "current_revisions",
    metadata,
    sa.Column("unit", sa.String(63), primary_key=True),
    sa.Column("revision", sa.ForeignKey("revisions.digest"), nullable=True, comment="null: the unit was removed"),
    sa.Column("since", sa.BigInteger, nullable=False),
    sa.Column("change", sa.String(63), nullable=False, comment="the change request; empty where there was none"),
    sa.Column("version", sa.Integer, nullable=False, comment="counts the moves, from 1"),
    sa.Column("signature", sa.LargeBinary, nullable=False, comment="Ed25519, of what the row says"),
)

publications = sa.Table(
    "publications",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False, comment="from 1, without a gap"),
    sa.Column("unit", sa.String(63), nullable=False, index=True),
    sa.Column("revision", sa.ForeignKey("revisions.digest"), nullable=True),
    sa.Column("previous", sa.ForeignKey("revisions.digest"), nullable=True),
    sa.Column("change", sa.String(63), nullable=False, index=True),
    sa.Column("kind", sa.String(15), nullable=False),
    sa.Column("actor", sa.String(255), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("serial", sa.BigInteger, nullable=False, comment="of the snapshot it came into force with"),
)

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("api", sa.String(63), primary_key=True),
    sa.Column("version", sa.String(15), primary_key=True),
    sa.Column("revision", sa.String(71), primary_key=True),
    sa.Column("entry", sa.String(71), primary_key=True, comment="sha256:<hex> of the entry in a snapshot"),
    sa.Column("basis", sa.String(15), nullable=False),
    sa.Column("change", sa.String(63), nullable=False),
    sa.Column("approvers", sa.Text, nullable=False, comment="a JSON array of members"),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False, comment="Ed25519"),
)
