"""The ledger of credentials, what they were used for, and what was revoked beside single ones.

Of a secret only its digest is stored, and of an address that one was used from only the network.
"""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

credentials = sa.Table(
    "credentials",
    metadata,
    sa.Column("key_id", sa.String(64), primary_key=True, comment="the public part of its text, or a thumbprint"),
    sa.Column(
        "kind", sa.String(16), nullable=False, comment="client-secret, api-key, hmac-key, jwk, jwks or certificate"
    ),
    sa.Column("application", sa.String(63), nullable=False, index=True),
    sa.Column(
        "digest",
        sa.LargeBinary(),
        nullable=False,
        comment="HMAC-SHA-256 under a pepper; of what is public SHA-256; of an hmac-key its text, sealed",
    ),
    sa.Column("environment", sa.String(16), nullable=False, server_default="", comment="that it was issued in"),
    sa.Column("team", sa.String(63), nullable=False, index=True, comment="that answers for it; empty: none yet"),
    sa.Column("owner", sa.String(255), nullable=False, comment="the person: a member, or who issued it locally"),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False, comment="JSON array; empty: what the subscriptions grant"),
    sa.Column("networks", sa.Text, nullable=False, comment="JSON array of CIDR; empty: any"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("created_by", sa.String(255), nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("ends_at", sa.BigInteger, nullable=False, server_default="0", comment="the earlier of its ends"),
    sa.Column("last_used_at", sa.BigInteger, nullable=True),
    sa.Column("last_used_from", sa.String(43), nullable=True, comment="the network, CIDR; as a gateway saw it"),
    sa.Column("last_used_for", sa.String(511), nullable=True, comment="API and version, as a gateway saw it"),
    sa.Column("predecessor", sa.String(32), nullable=False, comment="that it was issued to replace, or empty"),
    sa.Column("successor", sa.String(32), nullable=False, comment="that was issued to replace it, or empty"),
    sa.Column(
        "overlap_until", sa.BigInteger, nullable=True, comment="when a replaced one ends, if before it expires"
    ),
    sa.Column("revoked_at", sa.BigInteger, nullable=True, index=True),
    sa.Column("revoked_by", sa.String(255), nullable=False),
    sa.Column("revoked_reason", sa.Text, nullable=False),
    # One text belongs to one application, and so to one consumer.
    sa.UniqueConstraint("digest"),
    # The orders in which the ledger is read.
    sa.Index("ix_credentials_order", "ends_at", "key_id"),
    sa.Index("ix_credentials_order_of_application", "application", "ends_at", "key_id"),
    sa.Index("ix_credentials_order_of_team", "team", "ends_at", "key_id"),
    sa.Index("ix_credentials_order_of_owner", "owner", "key_id"),
    sa.Index("ix_credentials_order_of_issue", "created_at", "key_id"),
)

credential_uses = sa.Table(
    "credential_uses",
    metadata,
    sa.Column("key_id", sa.String(64), primary_key=True),
    sa.Column("api", sa.String(255), primary_key=True),
    sa.Column("version", sa.String(255), primary_key=True),
    sa.Column(
        "scope", sa.String(255), primary_key=True, comment="that operations asked for; empty: the API itself"
    ),
    sa.Column("first_used_at", sa.BigInteger, nullable=False),
    sa.Column("last_used_at", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

granted_scopes = sa.Table(
    "granted_scopes",
    metadata,
    sa.Column("application", sa.String(63), primary_key=True),
    sa.Column("api", sa.String(255), primary_key=True),
    sa.Column("version", sa.String(255), primary_key=True),
    sa.Column("scope", sa.String(255), primary_key=True, comment="empty: the subscription itself"),
    sa.Column("since", sa.BigInteger, nullable=False, comment="when it was first seen in the estate in force"),
    sqlite_with_rowid=False,
)

revocations = sa.Table(
    "revocations",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(16), nullable=False, comment="application, consumer or issued-before"),
    sa.Column("application", sa.String(63), nullable=False, comment="or empty"),
    sa.Column("consumer", sa.String(63), nullable=False, comment="or empty"),
    sa.Column("issued_before", sa.BigInteger, nullable=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.String(255), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("lifted_at", sa.BigInteger, nullable=True),
    sa.Column("lifted_by", sa.String(255), nullable=False),
)
