"""Credentials that gateways present to upstreams: who answers for a name, and its values, which are sealed.

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "upstream_credentials",
        sa.Column("name", sa.String(63), nullable=False, comment="as the estate names it"),
        sa.Column("team", sa.String(63), nullable=False, comment="that answers for it"),
        sa.Column("owner", sa.String(255), nullable=False, comment="the member of that team who does"),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("runbook", sa.Text(), nullable=False, comment="how it is replaced, or where that is told"),
        sa.Column("current", sa.Integer(), nullable=False, comment="number of the value in use; 0: none"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_upstream_credentials")),
    )
    op.create_table(
        "upstream_values",
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False, comment="from 1"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("kept_until", sa.BigInteger(), nullable=True, comment="of a replaced one: when its text goes"),
        sa.Column("gone_at", sa.BigInteger(), nullable=True, comment="when its text was thrown away"),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.String(255), nullable=False),
        sa.Column("revoked_reason", sa.Text(), nullable=False),
        sa.Column("master_key", sa.String(255), nullable=False, comment="id of what wraps the data key"),
        sa.Column("wrapped_key", sa.LargeBinary(1024), nullable=False, comment="data key, under the master key"),
        sa.Column("nonce", sa.LargeBinary(12), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(65_552), nullable=False, comment="AES-256-GCM under the data key"),
        sa.ForeignKeyConstraint(
            ["name"], ["upstream_credentials.name"], name=op.f("fk_upstream_values_name_upstream_credentials")
        ),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_upstream_values")),
    )
    op.create_index(op.f("ix_upstream_values_expires_at"), "upstream_values", ["expires_at"])
    op.create_table(
        "upstream_serial",
        sa.Column(
            "number",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="of changes; one row",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_upstream_serial")),
    )


def downgrade() -> None:
    op.drop_table("upstream_serial")
    op.drop_table("upstream_values")
    op.drop_table("upstream_credentials")
