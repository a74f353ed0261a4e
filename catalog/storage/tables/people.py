"""Members' tokens and what members delegate. Who the members are, `teams.yaml` of the estate says."""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

member_tokens = sa.Table(
    "member_tokens",
    metadata,
    sa.Column("key_id", sa.String(32), primary_key=True, comment="the public part of the token's text"),
    sa.Column("member", sa.String(63), nullable=False, index=True),
    sa.Column("label", sa.String(255), nullable=False, comment="what it is for, in its owner's words"),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 of the text under the pepper"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("last_used_at", sa.BigInteger, nullable=True),
    sa.Column("revoked_at", sa.BigInteger, nullable=True),
)

delegations = sa.Table(
    "delegations",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("giver", sa.String(63), nullable=False, index=True),
    sa.Column("receiver", sa.String(63), nullable=False, index=True),
    sa.Column("role", sa.String(32), nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("revoked_at", sa.BigInteger, nullable=True),
)
