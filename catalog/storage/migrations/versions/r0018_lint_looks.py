"""What the linter said of what was in force: how much with each publication, and of the last one rule by rule.

Revision: 0018, after 0017.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lint_looks",
        sa.Column(
            "publication",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="the last one that was in force then",
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("apis", sa.Integer(), nullable=False, comment="how many were in force"),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("warnings", sa.Integer(), nullable=False),
        sa.Column("infos", sa.Integer(), nullable=False),
        sa.Column(
            "waived",
            sa.Integer(),
            nullable=False,
            comment="findings that a waiver lets pass, in none of the others",
        ),
        sa.PrimaryKeyConstraint("publication", name=op.f("pk_lint_looks")),
    )
    op.create_table(
        "lint_counts",
        sa.Column("unit", sa.String(63), nullable=False),
        sa.Column("rule", sa.String(255), nullable=False),
        sa.Column("severity", sa.String(15), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("unit", "rule", "severity", name=op.f("pk_lint_counts")),
        comment="of the last look alone",
    )


def downgrade() -> None:
    op.drop_table("lint_counts")
    op.drop_table("lint_looks")
