"""Change requests, what was said and decided of each, and waivers."""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False, comment="from 1, as people call it"),
    sa.Column("unit", sa.String(63), nullable=False, index=True),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("base", sa.String(71), nullable=True, comment="the unit's revision when it was proposed"),
    sa.Column("revision", sa.String(71), nullable=True, comment="what is proposed; null takes the unit away"),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("authors", sa.Text, nullable=False, comment="JSON: everyone who pushed to it, in order"),
    sa.Column("opened_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("closed_at", sa.BigInteger, nullable=True),
    sa.Column("assessment", sa.LargeBinary, nullable=False, comment="JSON, as it was found last"),
    sa.Column("assessment_digest", sa.String(71), nullable=False),
    sa.Column("emergency", sa.Boolean, nullable=False),
    sa.Column("review_due_at", sa.BigInteger, nullable=True, comment="of an emergency"),
    sa.Column("reviewed_at", sa.BigInteger, nullable=True),
    sa.Column("version", sa.BigInteger, nullable=False, comment="grows by one with everything that happens to it"),
)

sa.Index(
    "uq_changes_open_unit",
    changes.c.unit,
    unique=True,
    sqlite_where=changes.c.closed_at.is_(None),
    postgresql_where=changes.c.closed_at.is_(None),
)
"""At most one open change of a unit, whatever the code above believes."""

change_events = sa.Table(
    "change_events",
    metadata,
    sa.Column("change", sa.ForeignKey("changes.number"), primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False, comment="from 1 in each change"),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.String(63), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("role", sa.String(32), nullable=False, comment="in which the actor decided; empty for none"),
    sa.Column("teams", sa.Text, nullable=False, comment="JSON: in which the role was had"),
    sa.Column("giver", sa.String(63), nullable=False, comment="who delegated the role; empty for nobody"),
    sa.Column("revision", sa.String(71), nullable=True, comment="what the actor had before them"),
    sa.Column("assessment_digest", sa.String(71), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    comment="what happened to a change, in order; never altered",
)

waivers = sa.Table(
    "waivers",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("unit", sa.String(63), nullable=False, index=True),
    sa.Column("fingerprint", sa.String(16), nullable=False, index=True),
    sa.Column("rule", sa.String(127), nullable=False),
    sa.Column("finding", sa.Text, nullable=False, comment="the sentence that was waived"),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("consumers", sa.Text, nullable=False, comment="JSON: those whom it concerns"),
    sa.Column("requested_by", sa.String(63), nullable=False),
    sa.Column("requested_at", sa.BigInteger, nullable=False),
    sa.Column("decided_by", sa.String(63), nullable=False, comment="empty until somebody did"),
    sa.Column("giver", sa.String(63), nullable=False, comment="who delegated the role; empty for nobody"),
    sa.Column("decided_at", sa.BigInteger, nullable=True),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("expires", sa.String(10), nullable=False, comment="its last day, UTC"),
    sa.Column("ended_at", sa.BigInteger, nullable=True, comment="when its end was recorded"),
    sa.Column("version", sa.BigInteger, nullable=False),
)
