"""Where contracts do not fit their Odoo, and when each Odoo was looked at.

Revision: 0017, after 0016.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "odoo_drift",
        sa.Column(
            "id",
            sa.String(64),
            nullable=False,
            comment="digest of what it is of: version, rule, place, subject",
        ),
        sa.Column("api", sa.String(63), nullable=False),
        sa.Column("version", sa.String(8), nullable=False),
        sa.Column("upstream", sa.String(63), nullable=False),
        sa.Column("operation", sa.String(255), nullable=False, comment="rpc: the guard of them all"),
        sa.Column("rule", sa.String(63), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column", sa.Integer(), nullable=False),
        sa.Column("pointer", sa.Text(), nullable=False),
        sa.Column("model", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False, comment="field, method, right or model"),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("fix", sa.Text(), nullable=False),
        sa.Column(
            "first_seen", sa.BigInteger(), nullable=False, comment="since it was there again, if it was gone"
        ),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=True, comment="when it was not found any more"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_odoo_drift")),
    )
    op.create_index(op.f("ix_odoo_drift_api"), "odoo_drift", ["api"])
    op.create_table(
        "odoo_looks",
        sa.Column("upstream", sa.String(63), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, comment="of the contracts that were held against it"),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=True, comment="when a look last came to an end"),
        sa.Column("odoo", sa.Integer(), nullable=True, comment="its major version"),
        sa.Column("error", sa.Text(), nullable=False, comment="why the last look saw nothing; empty if it did"),
        sa.PrimaryKeyConstraint("upstream", name=op.f("pk_odoo_looks")),
    )


def downgrade() -> None:
    op.drop_table("odoo_looks")
    op.drop_table("odoo_drift")
