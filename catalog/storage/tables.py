"""The tables. Times are Unix seconds (UTC). One rule names the constraints, so migrations can refer to them."""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

parts = sa.Table(
    "parts",
    metadata,
    sa.Column("digest", sa.String(71), primary_key=True, comment="sha256:<hex> of the data"),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("serial", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("issued_at", sa.BigInteger, nullable=False),
    sa.Column("contracts", sa.ForeignKey("parts.digest"), nullable=False),
    sa.Column("access", sa.ForeignKey("parts.digest"), nullable=False),
    sa.Column("manifest", sa.LargeBinary, nullable=False, comment="the exact bytes that were signed"),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Column("key_id", sa.String(64), nullable=False),
)

client_secrets = sa.Table(
    "client_secrets",
    metadata,
    sa.Column("key_id", sa.String(32), primary_key=True, comment="the public part of the secret's text"),
    sa.Column("client_id", sa.String(63), nullable=False, index=True),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 of the text under the pepper"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("last_used_at", sa.BigInteger, nullable=True),
)

audit_entries = sa.Table(
    "audit_entries",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False, comment="from 1, without a gap"),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
    sa.Column("subject", sa.String(63), nullable=False),
    sa.Column("action", sa.String(63), nullable=False),
    sa.Column("object", sa.String(255), nullable=False, index=True),
    sa.Column("actor", sa.String(255), nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("before", sa.String(255), nullable=False),
    sa.Column("after", sa.String(255), nullable=False),
    sa.Column("request_id", sa.String(255), nullable=False),
    sa.Column("previous", sa.LargeBinary(32), nullable=False, comment="the digest of the entry before"),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="SHA-256 of previous and of this entry"),
    comment="append-only: triggers refuse any other change",
)

audit_checkpoints = sa.Table(
    "audit_checkpoints",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False, comment="of the entry"),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("signature", sa.LargeBinary(64), nullable=False, comment="Ed25519"),
    comment="append-only: triggers refuse any other change",
)
