"""Usage of the APIs.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "usage_sources",
        sa.Column("gateway", sa.String(255), nullable=False, comment="the process's name"),
        sa.Column("boot", sa.String(32), nullable=False, comment="of one start of it"),
        sa.Column("sequence", sa.BigInteger(), nullable=False, comment="the highest that was taken"),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
        sa.Column("lost_batches", sa.BigInteger(), nullable=False, comment="since it began"),
        sa.Column("lost_calls", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "boot", name=op.f("pk_usage_sources")),
    )
    op.create_index(op.f("ix_usage_sources_reported_at"), "usage_sources", ["reported_at"])
    op.create_table(
        "usage_callers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("api", sa.String(255), nullable=False),
        sa.Column("version", sa.String(255), nullable=False),
        sa.Column("operation", sa.String(255), nullable=False),
        sa.Column("application", sa.String(255), nullable=False, comment="empty: open to everyone"),
        sa.Column("consumer", sa.String(255), nullable=False, comment="that the application was of at last"),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_callers")),
        sa.UniqueConstraint(
            "api",
            "version",
            "operation",
            "application",
            name=op.f("uq_usage_callers_api_version_operation_application"),
        ),
    )
    op.create_index(op.f("ix_usage_callers_application"), "usage_callers", ["application"])
    op.create_index(op.f("ix_usage_callers_last_seen"), "usage_callers", ["last_seen"])
    for name, unit in (("usage_hours", "hour"), ("usage_days", "day")):
        op.create_table(
            name,
            sa.Column("caller", sa.Integer(), nullable=False),
            sa.Column(unit, sa.BigInteger(), nullable=False, comment="its first second, UTC"),
            sa.Column("status", sa.String(7), nullable=False, comment="a declared code, a class, or aborted"),
            sa.Column("calls", sa.BigInteger(), nullable=False),
            sa.Column("microseconds", sa.BigInteger(), nullable=False, comment="of all calls together"),
            sa.Column("bytes", sa.BigInteger(), nullable=False, comment="of requests' bodies"),
            sa.Column("in_25_ms", sa.BigInteger(), nullable=False, comment="calls that took no longer"),
            sa.Column(
                "in_100_ms", sa.BigInteger(), nullable=False, comment="longer than the column before, as below"
            ),
            sa.Column("in_500_ms", sa.BigInteger(), nullable=False),
            sa.Column("in_2500_ms", sa.BigInteger(), nullable=False),
            sa.ForeignKeyConstraint(
                ["caller"], ["usage_callers.id"], name=op.f(f"fk_{name}_caller_usage_callers")
            ),
            sa.PrimaryKeyConstraint("caller", unit, "status", name=op.f(f"pk_{name}")),
            sqlite_with_rowid=False,
        )
    op.create_table(
        "usage_sights",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("api", sa.String(255), nullable=False),
        sa.Column("version", sa.String(255), nullable=False),
        sa.Column("operation", sa.String(255), nullable=False),
        sa.Column(
            "kind", sa.String(16), nullable=False, comment="accepted, query, header, cookie, body, would-refuse"
        ),
        sa.Column("name", sa.String(512), nullable=False, comment="a parameter, or a pointer"),
        sa.Column("value", sa.String(255), nullable=False, comment="an enumerated value as JSON, or empty"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_sights")),
        sa.UniqueConstraint(
            "api",
            "version",
            "operation",
            "kind",
            "name",
            "value",
            name=op.f("uq_usage_sights_api_version_operation_kind_name_value"),
        ),
    )
    op.create_table(
        "usage_seen",
        sa.Column("sight", sa.Integer(), nullable=False),
        sa.Column("caller", sa.Integer(), nullable=False),
        sa.Column("month", sa.BigInteger(), nullable=False, comment="its first second, UTC"),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["sight"], ["usage_sights.id"], name=op.f("fk_usage_seen_sight_usage_sights")),
        sa.ForeignKeyConstraint(["caller"], ["usage_callers.id"], name=op.f("fk_usage_seen_caller_usage_callers")),
        sa.PrimaryKeyConstraint("sight", "caller", "month", name=op.f("pk_usage_seen")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("usage_seen", "usage_sights", "usage_days", "usage_hours", "usage_callers", "usage_sources"):
        op.drop_table(table)
