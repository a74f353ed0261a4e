"""What gateways report of themselves: how each process is now, and a sample of the calls that failed."""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

gateway_reports = sa.Table(
    "gateway_reports",
    metadata,
    sa.Column("gateway", sa.String(255), primary_key=True, comment="a process, by the name that it says"),
    sa.Column("boot", sa.String(32), nullable=False, comment="of one start of it"),
    sa.Column("sequence", sa.BigInteger, nullable=False, comment="the highest that was taken"),
    sa.Column("reported_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("report", sa.Text, nullable=False, comment="JSON, without its failures"),
)

failures = sa.Table(
    "failures",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("request_id", sa.String(128), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("gateway", sa.String(255), nullable=False),
    sa.Column("api", sa.String(255), nullable=False, comment="empty, as the two that follow: no route"),
    sa.Column("version", sa.String(255), nullable=False),
    sa.Column("operation", sa.String(255), nullable=False),
    sa.Column("application", sa.String(255), nullable=False, comment="empty: nobody has proved to be it"),
    sa.Column("consumer", sa.String(255), nullable=False),
    sa.Column("method", sa.String(16), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("milliseconds", sa.BigInteger, nullable=False),
    sa.Column("upstream", sa.String(16), nullable=False, comment="not-called, answered or unanswered"),
    sa.Column("problem", sa.String(63), nullable=False, comment="empty: the answer is the upstream's own"),
    sa.Column("policy", sa.String(63), nullable=False),
    sa.Column("aborted", sa.Boolean, nullable=False),
    sa.Index("ix_failures_request_id", "request_id"),
    sa.Index("ix_failures_at", "at"),
    sa.Index("ix_failures_application_number", "application", "number"),
    sa.Index("ix_failures_api_number", "api", "number"),
)
