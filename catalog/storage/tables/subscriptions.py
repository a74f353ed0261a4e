"""Subscriptions that were asked for beside the estate, and feeds of what is new."""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

subscription_requests = sa.Table(
    "subscription_requests",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False, comment="from 1, as people call it"),
    sa.Column("consumer", sa.String(63), nullable=False, index=True),
    sa.Column("application", sa.String(63), nullable=False, index=True),
    sa.Column("api", sa.String(63), nullable=False),
    sa.Column("api_version", sa.String(8), nullable=False),
    sa.Column("plan", sa.String(63), nullable=False),
    sa.Column("scopes", sa.Text, nullable=False, comment="JSON: scopes in order"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("requested_by", sa.String(63), nullable=False),
    sa.Column("requested_at", sa.BigInteger, nullable=False),
    sa.Column(
        "state",
        sa.String(16),
        nullable=False,
        comment="requested, approved, refused, withdrawn, replaced or ended",
    ),
    sa.Column("decided_by", sa.String(63), nullable=False, comment="empty until somebody did"),
    sa.Column("decided_at", sa.BigInteger, nullable=True),
    sa.Column("decision", sa.Text, nullable=False, comment="the words of the one who decided"),
    sa.Column("base", sa.Text, nullable=False, comment="what was granted otherwise when it was approved"),
    sa.Column("version", sa.BigInteger, nullable=False, comment="grows by one with everything that happens to it"),
)

sa.Index("ix_subscription_requests_queue", subscription_requests.c.state, subscription_requests.c.api)


def _at_most_one(state: str) -> sa.Index:
    columns = subscription_requests.c
    return sa.Index(
        f"uq_subscription_requests_{state}",
        columns.application,
        columns.api,
        columns.api_version,
        unique=True,
        sqlite_where=columns.state == state,
        postgresql_where=columns.state == state,
    )


_at_most_one("requested")
_at_most_one("approved")

feeds = sa.Table(
    "feeds",
    metadata,
    sa.Column("key_id", sa.String(32), primary_key=True, comment="the public part of its token"),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 of the token under the pepper"),
    sa.Column("member", sa.String(63), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False, comment="api or consumer"),
    sa.Column("name", sa.String(63), nullable=False, comment="which one"),
    sa.Column("mail", sa.Boolean, nullable=False, comment="whether what is new also comes by e-mail"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger, nullable=True),
)
