"""Revisions of units, and approvals.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = ("revision_blobs", "revisions", "current_revisions", "publications", "approvals")


def upgrade() -> None:
    op.create_table(
        "revision_blobs",
        sa.Column("digest", sa.String(71), nullable=False, comment="sha256:<hex> of the data"),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_revision_blobs")),
    )
    op.create_table(
        "revisions",
        sa.Column("digest", sa.String(71), nullable=False, comment="sha256:<hex> of the listing"),
        sa.Column("unit", sa.String(63), nullable=False),
        sa.Column("listing", sa.LargeBinary(), nullable=False, comment="canonical JSON: unit, paths, digests"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_revisions")),
    )
    op.create_index(op.f("ix_revisions_unit"), "revisions", ["unit"])
    op.create_table(
        "current_revisions",
        sa.Column("unit", sa.String(63), nullable=False),
        sa.Column("revision", sa.String(71), nullable=True, comment="null: the unit was removed"),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column(
            "change", sa.String(63), nullable=False, comment="the change request; empty where there was none"
        ),
        sa.Column("version", sa.Integer(), nullable=False, comment="counts the moves, from 1"),
        sa.Column("signature", sa.LargeBinary(), nullable=False, comment="Ed25519, of what the row says"),
        sa.ForeignKeyConstraint(
            ["revision"], ["revisions.digest"], name=op.f("fk_current_revisions_revision_revisions")
        ),
        sa.PrimaryKeyConstraint("unit", name=op.f("pk_current_revisions")),
    )
    op.create_table(
        "publications",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False, comment="from 1, without a gap"),
        sa.Column("unit", sa.String(63), nullable=False),
        sa.Column("revision", sa.String(71), nullable=True),
        sa.Column("previous", sa.String(71), nullable=True),
        sa.Column("change", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(15), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False, comment="of the snapshot it came into force with"),
        sa.ForeignKeyConstraint(
            ["revision"], ["revisions.digest"], name=op.f("fk_publications_revision_revisions")
        ),
        sa.ForeignKeyConstraint(
            ["previous"], ["revisions.digest"], name=op.f("fk_publications_previous_revisions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publications")),
    )
    for column in ("unit", "change"):
        op.create_index(op.f(f"ix_publications_{column}"), "publications", [column])
    op.create_table(
        "approvals",
        sa.Column("api", sa.String(63), nullable=False),
        sa.Column("version", sa.String(15), nullable=False),
        sa.Column("revision", sa.String(71), nullable=False),
        sa.Column("entry", sa.String(71), nullable=False, comment="sha256:<hex> of the entry in a snapshot"),
        sa.Column("basis", sa.String(15), nullable=False),
        sa.Column("change", sa.String(63), nullable=False),
        sa.Column("approvers", sa.Text(), nullable=False, comment="a JSON array of members"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False, comment="Ed25519"),
        sa.PrimaryKeyConstraint("api", "version", "revision", "entry", name=op.f("pk_approvals")),
    )


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
