"""Extensions, consents and notices.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_GROWS = "grows by one with everything that happens to it"


def upgrade() -> None:
    _extensions()
    _gate()
    _notices()


def _extensions() -> None:
    op.create_table(
        "extensions",
        sa.Column(
            "number", sa.BigInteger(), autoincrement=False, nullable=False, comment="from 1, as people call it"
        ),
        sa.Column("consumer", sa.String(63), nullable=False),
        sa.Column("application", sa.String(63), nullable=False),
        sa.Column("api", sa.String(63), nullable=False),
        sa.Column("api_version", sa.String(8), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.String(63), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False, comment="requested, granted, refused or withdrawn"),
        sa.Column("decided_by", sa.String(63), nullable=False, comment="empty until somebody did"),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False, comment="the words of the one who decided"),
        sa.Column("version", sa.BigInteger(), nullable=False, comment=_GROWS),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_extensions")),
    )
    op.create_index(op.f("ix_extensions_api"), "extensions", ["api", "api_version"])
    op.create_index(
        op.f("uq_extensions_open"),
        "extensions",
        ["application", "api", "api_version"],
        unique=True,
        sqlite_where=sa.text("state = 'requested'"),
        postgresql_where=sa.text("state = 'requested'"),
    )


def _gate() -> None:
    op.create_table(
        "consents",
        sa.Column("consumer", sa.String(63), nullable=False),
        sa.Column("api", sa.String(63), nullable=False),
        sa.Column("api_version", sa.String(8), nullable=False),
        sa.Column("sunset", sa.BigInteger(), autoincrement=False, nullable=False, comment="to which they agreed"),
        sa.Column("given_by", sa.String(255), nullable=False, comment="the consumer's person, as they signed"),
        sa.Column(
            "text_digest", sa.String(71), nullable=False, comment="sha256:<hex> of the document that was signed"
        ),
        sa.Column("recorded_by", sa.String(63), nullable=False, comment="the member who has the document"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "api", "api_version", "sunset", name=op.f("pk_consents")),
        comment="a consumer agrees that a version ends; never altered",
    )
    op.create_table(
        "retirement_overrides",
        sa.Column("api", sa.String(63), nullable=False),
        sa.Column("api_version", sa.String(8), nullable=False),
        sa.Column("sunset", sa.BigInteger(), autoincrement=False, nullable=False, comment="0 where there is none"),
        sa.Column("given_by", sa.String(63), nullable=False),
        sa.Column("giver", sa.String(63), nullable=False, comment="who delegated the role; empty for nobody"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("api", "api_version", "sunset", "given_by", name=op.f("pk_retirement_overrides")),
        comment="a version may be retired although it is still called; never altered",
    )


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("key", sa.String(255), nullable=False, comment="what it tells, and to whom: told once"),
        sa.Column("about", sa.String(127), nullable=False, comment="orders/v1, change 7, waiver 3 …"),
        sa.Column("recipients", sa.Text(), nullable=False, comment="JSON: e-mail addresses"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "useless_at", sa.BigInteger(), nullable=True, comment="from when on it is no longer worth sending"
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("key", name=op.f("uq_notices_key")),
    )
    for column in ("about", "due_at"):
        op.create_index(op.f(f"ix_notices_{column}"), "notices", [column])
    op.create_table(
        "notice_deliveries",
        sa.Column("notice", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False, comment="file or smtp"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False, comment="not to be tried before"),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(16), nullable=False, comment="pending, sent, refused or useless"),
        sa.Column("error", sa.Text(), nullable=False, comment="of the last attempt; empty for none"),
        sa.ForeignKeyConstraint(["notice"], ["notices.id"], name=op.f("fk_notice_deliveries_notice_notices")),
        sa.PrimaryKeyConstraint("notice", "channel", name=op.f("pk_notice_deliveries")),
    )


def downgrade() -> None:
    for table in ("notice_deliveries", "notices", "retirement_overrides", "consents", "extensions"):
        op.drop_table(table)
