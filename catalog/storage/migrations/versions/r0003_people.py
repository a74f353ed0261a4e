"""Members' tokens, and delegations.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "member_tokens",
        sa.Column("key_id", sa.String(32), nullable=False, comment="the public part of the token's text"),
        sa.Column("member", sa.String(63), nullable=False),
        sa.Column("label", sa.String(255), nullable=False, comment="what it is for, in its owner's words"),
        sa.Column(
            "digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 of the text under the pepper"
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_member_tokens")),
    )
    op.create_index(op.f("ix_member_tokens_member"), "member_tokens", ["member"])
    op.create_table(
        "delegations",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("giver", sa.String(63), nullable=False),
        sa.Column("receiver", sa.String(63), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
    )
    for column in ("giver", "receiver"):
        op.create_index(op.f(f"ix_delegations_{column}"), "delegations", [column])


def downgrade() -> None:
    op.drop_table("delegations")
    op.drop_table("member_tokens")
