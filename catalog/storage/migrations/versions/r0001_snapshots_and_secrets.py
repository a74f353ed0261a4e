"""Snapshots with their parts, and client secrets.

Revision: 0001, the first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "parts",
        sa.Column("digest", sa.String(71), nullable=False, comment="sha256:<hex> of the data"),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_parts")),
    )
    op.create_table(
        "snapshots",
        sa.Column("serial", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("contracts", sa.String(71), nullable=False),
        sa.Column("access", sa.String(71), nullable=False),
        sa.Column("manifest", sa.LargeBinary(), nullable=False, comment="the exact bytes that were signed"),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["contracts"], ["parts.digest"], name=op.f("fk_snapshots_contracts_parts")),
        sa.ForeignKeyConstraint(["access"], ["parts.digest"], name=op.f("fk_snapshots_access_parts")),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_snapshots")),
    )
    op.create_table(
        "client_secrets",
        sa.Column("key_id", sa.String(32), nullable=False, comment="the public part of the secret's text"),
        sa.Column("client_id", sa.String(63), nullable=False),
        sa.Column(
            "digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 of the text under the pepper"
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_client_secrets")),
    )
    op.create_index(op.f("ix_client_secrets_client_id"), "client_secrets", ["client_id"])


def downgrade() -> None:
    op.drop_table("client_secrets")
    op.drop_table("snapshots")
    op.drop_table("parts")
