"""Extensions, consents, and notices on their way."""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

extensions = sa.Table(
    "extensions",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False, comment="from 1, as people call it"),
    sa.Column("consumer", sa.String(63), nullable=False),
    sa.Column("application", sa.String(63), nullable=False),
    sa.Column("api", sa.String(63), nullable=False),
    sa.Column("api_version", sa.String(8), nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("requested_by", sa.String(63), nullable=False),
    sa.Column("requested_at", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False, comment="requested, granted, refused or withdrawn"),
    sa.Column("decided_by", sa.String(63), nullable=False, comment="empty until somebody did"),
    sa.Column("decided_at", sa.BigInteger, nullable=True),
    sa.Column("decision", sa.Text, nullable=False, comment="the words of the one who decided"),
    sa.Column("version", sa.BigInteger, nullable=False, comment="grows by one with everything that happens to it"),
)

sa.Index("ix_extensions_api", extensions.c.api, extensions.c.api_version)

sa.Index(
    "uq_extensions_open",
    extensions.c.application,
    extensions.c.api,
    extensions.c.api_version,
    unique=True,
    sqlite_where=extensions.c.state == "requested",
    postgresql_where=extensions.c.state == "requested",
)
"""At most one that nobody has decided yet, for an application and a version."""

consents = sa.Table(
    "consents",
    metadata,
    sa.Column("consumer", sa.String(63), primary_key=True),
    sa.Column("api", sa.String(63), primary_key=True),
    sa.Column("api_version", sa.String(8), primary_key=True),
    sa.Column("sunset", sa.BigInteger, primary_key=True, autoincrement=False, comment="to which they agreed"),
    sa.Column("given_by", sa.String(255), nullable=False, comment="the consumer's person, as they signed"),
    sa.Column(
        "text_digest", sa.String(71), nullable=False, comment="sha256:<hex> of the document that was signed"
    ),
    sa.Column("recorded_by", sa.String(63), nullable=False, comment="the member who has the document"),
    sa.Column("at", sa.BigInteger, nullable=False),
    comment="a consumer agrees that a version ends; never altered",
)

retirement_overrides = sa.Table(
    "retirement_overrides",
    metadata,
    sa.Column("api", sa.String(63), primary_key=True),
    sa.Column("api_version", sa.String(8), primary_key=True),
    sa.Column("sunset", sa.BigInteger, primary_key=True, autoincrement=False, comment="0 where there is none"),
    sa.Column("given_by", sa.String(63), primary_key=True),
    sa.Column("giver", sa.String(63), nullable=False, comment="who delegated the role; empty for nobody"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    comment="a version may be retired although it is still called; never altered",
)

notices = sa.Table(
    "notices",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("key", sa.String(255), nullable=False, unique=True, comment="what it tells, and to whom: told once"),
    sa.Column("about", sa.String(127), nullable=False, index=True, comment="orders/v1, change 7, waiver 3 …"),
    sa.Column("recipients", sa.Text, nullable=False, comment="JSON: e-mail addresses"),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("due_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("useless_at", sa.BigInteger, nullable=True, comment="from when on it is no longer worth sending"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

notice_deliveries = sa.Table(
    "notice_deliveries",
    metadata,
    sa.Column("notice", sa.ForeignKey("notices.id"), primary_key=True),
    sa.Column("channel", sa.String(16), primary_key=True, comment="file or smtp"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", sa.BigInteger, nullable=False, comment="not to be tried before"),
    sa.Column("ended_at", sa.BigInteger, nullable=True),
    sa.Column("outcome", sa.String(16), nullable=False, comment="pending, sent, refused or useless"),
    sa.Column("error", sa.Text, nullable=False, comment="of the last attempt; empty for none"),
)
