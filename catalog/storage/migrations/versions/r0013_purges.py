"""Answers that gateways were told to forget.

Revision: 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "purges",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False, comment="grows with each"),
        sa.Column("api", sa.String(63), nullable=False),
        sa.Column("version", sa.String(8), nullable=False, comment="empty, as those that follow: all of them"),
        sa.Column("operation", sa.String(255), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("tag", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_purges")),
    )
    op.create_index(op.f("ix_purges_api"), "purges", ["api"])


def downgrade() -> None:
    op.drop_table("purges")
