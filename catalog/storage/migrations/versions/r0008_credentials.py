"""The ledger of credentials, in which client secrets go on, and revocations.

Revision: 0008, after 0007.

A secret that was issued before has no team yet, and the command line as its owner.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TAKE = """
INSERT INTO credentials (key_id, kind, application, digest, team, owner, purpose, scopes, networks, created_at,
    created_by, expires_at, last_used_at, predecessor, successor, revoked_by, revoked_reason)
SELECT key_id, 'client-secret', client_id, digest, '', 'local', '', '[]', '[]', created_at,
    'local', expires_at, last_used_at, '', '', '', ''
FROM client_secrets
"""
_GIVE_BACK = """
INSERT INTO client_secrets (key_id, client_id, digest, created_at, expires_at, last_used_at)
SELECT key_id, application, digest, created_at, expires_at, last_used_at
FROM credentials WHERE kind = 'client-secret' AND revoked_at IS NULL
"""


def upgrade() -> None:
    op.create_table(
        "credentials",
        sa.Column("key_id", sa.String(64), nullable=False, comment="the public part of its text, or a thumbprint"),
        sa.Column(
            "kind",
            sa.String(16),
            nullable=False,
            comment="client-secret, api-key, hmac-key, jwk, jwks or certificate",
        ),
        sa.Column("application", sa.String(63), nullable=False),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=False,
            comment="HMAC-SHA-256 under a pepper; of what is public SHA-256; of an hmac-key its text, sealed",
        ),
        sa.Column("team", sa.String(63), nullable=False, comment="that answers for it; empty: none yet"),
        sa.Column(
            "owner", sa.String(255), nullable=False, comment="the person: a member, or who issued it locally"
        ),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False, comment="JSON array; empty: what the subscriptions grant"),
        sa.Column("networks", sa.Text(), nullable=False, comment="JSON array of CIDR; empty: any"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("predecessor", sa.String(32), nullable=False, comment="that it was issued to replace, or empty"),
        sa.Column("successor", sa.String(32), nullable=False, comment="that was issued to replace it, or empty"),
        sa.Column(
            "overlap_until",
            sa.BigInteger(),
            nullable=True,
            comment="when a replaced one ends, if before it expires",
        ),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.String(255), nullable=False),
        sa.Column("revoked_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("digest", name=op.f("uq_credentials_digest")),
    )
    for column in ("application", "team", "expires_at", "revoked_at"):
        op.create_index(op.f(f"ix_credentials_{column}"), "credentials", [column])
    op.create_table(
        "revocations",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False, comment="application, consumer or issued-before"),
        sa.Column("application", sa.String(63), nullable=False, comment="or empty"),
        sa.Column("consumer", sa.String(63), nullable=False, comment="or empty"),
        sa.Column("issued_before", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(255), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.Column("lifted_by", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_revocations")),
    )
    op.execute(_TAKE)
    op.drop_table("client_secrets")


def downgrade() -> None:
    op.create_table(
        "client_secrets",
        sa.Column("key_id", sa.String(32), nullable=False, comment="the public part of the secret's text"),
        sa.Column("client_id", sa.String(63), nullable=False),
        sa.Column(
            "digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 of the text under the pepper"
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_client_secrets")),
    )
    op.create_index(op.f("ix_client_secrets_client_id"), "client_secrets", ["client_id"])
    op.execute(_GIVE_BACK)
    op.drop_table("revocations")
    op.drop_table("credentials")
