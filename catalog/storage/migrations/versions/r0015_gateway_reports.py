"""How gateways are now, and a sample of the calls that failed.

Revision: 0015, after 0014.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gateway_reports",
        sa.Column("gateway", sa.String(255), nullable=False, comment="a process, by the name that it says"),
        sa.Column("boot", sa.String(32), nullable=False, comment="of one start of it"),
        sa.Column("sequence", sa.BigInteger(), nullable=False, comment="the highest that was taken"),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False, comment="JSON, without its failures"),
        sa.PrimaryKeyConstraint("gateway", name=op.f("pk_gateway_reports")),
    )
    op.create_index(op.f("ix_gateway_reports_reported_at"), "gateway_reports", ["reported_at"])
    op.create_table(
        "failures",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(128), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("gateway", sa.String(255), nullable=False),
        sa.Column("api", sa.String(255), nullable=False, comment="empty, as the two that follow: no route"),
        sa.Column("version", sa.String(255), nullable=False),
        sa.Column("operation", sa.String(255), nullable=False),
        sa.Column("application", sa.String(255), nullable=False, comment="empty: nobody has proved to be it"),
        sa.Column("consumer", sa.String(255), nullable=False),
        sa.Column("method", sa.String(16), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.Column("upstream", sa.String(16), nullable=False, comment="not-called, answered or unanswered"),
        sa.Column("problem", sa.String(63), nullable=False, comment="empty: the answer is the upstream's own"),
        sa.Column("policy", sa.String(63), nullable=False),
        sa.Column("aborted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_failures")),
    )
    for columns in (["request_id"], ["at"], ["application", "number"], ["api", "number"]):
        op.create_index("ix_failures_" + "_".join(columns), "failures", columns)


def downgrade() -> None:
    op.drop_table("failures")
    op.drop_table("gateway_reports")
