"""Change requests, decisions and waivers.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "changes",
        sa.Column(
            "number", sa.BigInteger(), autoincrement=False, nullable=False, comment="from 1, as people call it"
        ),
        sa.Column("unit", sa.String(63), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("base", sa.String(71), nullable=True, comment="the unit's revision when it was proposed"),
        sa.Column("revision", sa.String(71), nullable=True, comment="what is proposed; null takes the unit away"),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("authors", sa.Text(), nullable=False, comment="JSON: everyone who pushed to it, in order"),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("assessment", sa.LargeBinary(), nullable=False, comment="JSON, as it was found last"),
        sa.Column("assessment_digest", sa.String(71), nullable=False),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.Column("review_due_at", sa.BigInteger(), nullable=True, comment="of an emergency"),
        sa.Column("reviewed_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "version", sa.BigInteger(), nullable=False, comment="grows by one with everything that happens to it"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_changes")),
    )
    for column in ("unit", "state"):
        op.create_index(op.f(f"ix_changes_{column}"), "changes", [column])
    still_open = sa.text("closed_at IS NULL")
    op.create_index(
        "uq_changes_open_unit",
        "changes",
        ["unit"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_table(
        "change_events",
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False, comment="from 1 in each change"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("role", sa.String(32), nullable=False, comment="in which the actor decided; empty for none"),
        sa.Column("teams", sa.Text(), nullable=False, comment="JSON: in which the role was had"),
        sa.Column("giver", sa.String(63), nullable=False, comment="who delegated the role; empty for nobody"),
        sa.Column("revision", sa.String(71), nullable=True, comment="what the actor had before them"),
        sa.Column("assessment_digest", sa.String(71), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["change"], ["changes.number"], name=op.f("fk_change_events_change_changes")),
        sa.PrimaryKeyConstraint("change", "number", name=op.f("pk_change_events")),
        comment="what happened to a change, in order; never altered",
    )
    op.create_table(
        "waivers",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("unit", sa.String(63), nullable=False),
        sa.Column("fingerprint", sa.String(16), nullable=False),
        sa.Column("rule", sa.String(127), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False, comment="the sentence that was waived"),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("consumers", sa.Text(), nullable=False, comment="JSON: those whom it concerns"),
        sa.Column("requested_by", sa.String(63), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.String(63), nullable=False, comment="empty until somebody did"),
        sa.Column("giver", sa.String(63), nullable=False, comment="who delegated the role; empty for nobody"),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("expires", sa.String(10), nullable=False, comment="its last day, UTC"),
        sa.Column("ended_at", sa.BigInteger(), nullable=True, comment="when its end was recorded"),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_waivers")),
    )
    for column in ("unit", "fingerprint"):
        op.create_index(op.f(f"ix_waivers_{column}"), "waivers", [column])


def downgrade() -> None:
    for table in ("waivers", "change_events", "changes"):
        op.drop_table(table)
