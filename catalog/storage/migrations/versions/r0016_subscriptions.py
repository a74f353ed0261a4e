"""Subscriptions that were asked for beside the estate, and feeds of what is new.

Revision: 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subscription_requests",
        sa.Column(
            "number", sa.BigInteger(), autoincrement=False, nullable=False, comment="from 1, as people call it"
        ),
        sa.Column("consumer", sa.String(63), nullable=False),
        sa.Column("application", sa.String(63), nullable=False),
        sa.Column("api", sa.String(63), nullable=False),
        sa.Column("api_version", sa.String(8), nullable=False),
        sa.Column("plan", sa.String(63), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False, comment="JSON: scopes in order"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.String(63), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.String(16),
            nullable=False,
            comment="requested, approved, refused, withdrawn, replaced or ended",
        ),
        sa.Column("decided_by", sa.String(63), nullable=False, comment="empty until somebody did"),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False, comment="the words of the one who decided"),
        sa.Column("base", sa.Text(), nullable=False, comment="what was granted otherwise when it was approved"),
        sa.Column(
            "version",
            sa.BigInteger(),
            nullable=False,
            comment="grows by one with everything that happens to it",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_subscription_requests")),
    )
    for column in ("application", "consumer"):
        op.create_index(op.f(f"ix_subscription_requests_{column}"), "subscription_requests", [column])
    op.create_index(op.f("ix_subscription_requests_queue"), "subscription_requests", ["state", "api"])
    for state in ("requested", "approved"):
        op.create_index(
            op.f(f"uq_subscription_requests_{state}"),
            "subscription_requests",
            ["application", "api", "api_version"],
            unique=True,
            sqlite_where=sa.text(f"state = '{state}'"),
            postgresql_where=sa.text(f"state = '{state}'"),
        )
    op.create_table(
        "feeds",
        sa.Column("key_id", sa.String(32), nullable=False, comment="the public part of its token"),
        sa.Column(
            "digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 of the token under the pepper"
        ),
        sa.Column("member", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False, comment="api or consumer"),
        sa.Column("name", sa.String(63), nullable=False, comment="which one"),
        sa.Column("mail", sa.Boolean(), nullable=False, comment="whether what is new also comes by e-mail"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_feeds")),
    )
    op.create_index(op.f("ix_feeds_member"), "feeds", ["member"])


def downgrade() -> None:
    op.drop_table("feeds")
    op.drop_table("subscription_requests")
