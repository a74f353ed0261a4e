"""How people log in: local accounts, second factors, sessions.

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("member", sa.String(63), nullable=False),
        sa.Column(
            "password", sa.Text(), nullable=False, comment="argon2id, encoded with its parameters; empty: none"
        ),
        sa.Column("password_set_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.Column("disabled_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("member", name=op.f("pk_accounts")),
    )
    op.create_table(
        "invitations",
        sa.Column("member", sa.String(63), nullable=False, comment="a new one takes the place of the old"),
        sa.Column(
            "digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 of the code under the pepper"
        ),
        sa.Column("resets_factors", sa.Boolean(), nullable=False, comment="second factors end when it is used"),
        sa.Column("issued_by", sa.String(255), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", name=op.f("pk_invitations")),
    )
    op.create_table(
        "totp_secrets",
        sa.Column("member", sa.String(63), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="AES-256-GCM: nonce, ciphertext, tag"),
        sa.Column(
            "last_step", sa.BigInteger(), nullable=False, comment="of the last code that was taken; none is again"
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", name=op.f("pk_totp_secrets")),
    )
    op.create_table(
        "passkeys",
        sa.Column("credential_id", sa.String(1400), nullable=False, comment="base64url of at most 1023 bytes"),
        sa.Column("member", sa.String(63), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False, comment="COSE"),
        sa.Column(
            "sign_count", sa.BigInteger(), nullable=False, comment="0 where the authenticator does not count"
        ),
        sa.Column("label", sa.String(64), nullable=False, comment="in its owner's words"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("credential_id", name=op.f("pk_passkeys")),
    )
    op.create_index(op.f("ix_passkeys_member"), "passkeys", ["member"])
    op.create_table(
        "recovery_codes",
        sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 under the pepper"),
        sa.Column("member", sa.String(63), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_member"), "recovery_codes", ["member"])
    op.create_table(
        "sessions",
        sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 of the cookie"),
        sa.Column("reference", sa.String(16), nullable=False, comment="names it in lists; opens nothing"),
        sa.Column("member", sa.String(63), nullable=False),
        sa.Column("methods", sa.Text(), nullable=False, comment="JSON array of RFC 8176 values"),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("agent", sa.String(255), nullable=False, comment="the User-Agent at log-in"),
        sa.Column(
            "created_at", sa.BigInteger(), nullable=False, comment="the log-in; the absolute end counts from here"
        ),
        sa.Column(
            "authenticated_at", sa.BigInteger(), nullable=False, comment="when its member last proved itself"
        ),
        sa.Column("seen_at", sa.BigInteger(), nullable=False, comment="to within a minute"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
        sa.UniqueConstraint("reference", name=op.f("uq_sessions_reference")),
    )
    op.create_index(op.f("ix_sessions_member"), "sessions", ["member"])
    op.create_index(op.f("ix_sessions_seen_at"), "sessions", ["seen_at"])
    op.create_table(
        "log_ins",
        sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 of the cookie"),
        sa.Column("member", sa.String(63), nullable=False, comment="empty until it is known"),
        sa.Column("methods", sa.Text(), nullable=False, comment="JSON array: what was proved so far"),
        sa.Column("return_to", sa.Text(), nullable=False, comment="a path of ours"),
        sa.Column(
            "sealed",
            sa.LargeBinary(),
            nullable=False,
            comment="AES-256-GCM: what the step in hand has to remember",
        ),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_log_ins")),
        comment="log-ins that have begun and are not done",
    )
    op.create_index(op.f("ix_log_ins_expires_at"), "log_ins", ["expires_at"])
    op.create_table(
        "login_failures",
        sa.Column(
            "bucket", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 of an account or an address"
        ),
        sa.Column("failures", sa.BigInteger(), nullable=False, comment="in a row"),
        sa.Column("failed_at", sa.BigInteger(), nullable=False),
        sa.Column("free_at", sa.BigInteger(), nullable=False, comment="before which nothing is tried"),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_login_failures")),
    )
    op.create_index(op.f("ix_login_failures_failed_at"), "login_failures", ["failed_at"])


def downgrade() -> None:
    for table in (
        "login_failures",
        "log_ins",
        "sessions",
        "recovery_codes",
        "passkeys",
        "totp_secrets",
        "invitations",
        "accounts",
    ):
        op.drop_table(table)
