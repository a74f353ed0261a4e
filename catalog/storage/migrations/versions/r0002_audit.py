"""The audit log, which takes entries and no other change.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = ("audit_entries", "audit_checkpoints")
_NOTE = "append-only: triggers refuse any other change"


def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False, comment="from 1, without a gap"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(63), nullable=False),
        sa.Column("action", sa.String(63), nullable=False),
        sa.Column("object", sa.String(255), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", sa.String(255), nullable=False),
        sa.Column("after", sa.String(255), nullable=False),
        sa.Column("request_id", sa.String(255), nullable=False),
        sa.Column("previous", sa.LargeBinary(32), nullable=False, comment="the digest of the entry before"),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="SHA-256 of previous and of this entry"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_entries")),
        comment=_NOTE,
    )
    for column in ("at", "object", "actor"):
        op.create_index(op.f(f"ix_audit_entries_{column}"), "audit_entries", [column])
    op.create_table(
        "audit_checkpoints",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False, comment="of the entry"),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.LargeBinary(64), nullable=False, comment="Ed25519"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_checkpoints")),
        comment=_NOTE,
    )
    for statement in _guards(op.get_bind().dialect.name):
        op.execute(statement)


def _guards(dialect: str) -> list[str]:
    if dialect == "postgresql":
        refusal = "BEGIN RAISE EXCEPTION 'the audit log is append-only'; END"
        return [
            f"CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $${refusal}$$",
            *(
                f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table} "
                f"FOR EACH {'STATEMENT' if event == 'TRUNCATE' else 'ROW'} EXECUTE FUNCTION audit_is_append_only()"
                for table in _TABLES
                for event in ("UPDATE", "DELETE", "TRUNCATE")
            ),
        ]
    return [
        f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        for table in _TABLES
        for event in ("UPDATE", "DELETE")
    ]


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_is_append_only()")
