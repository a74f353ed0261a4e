"""The keys that sign access tokens, by their public halves, and tokens that were revoked one by one."""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

signing_keys = sa.Table(
    "signing_keys",
    metadata,
    sa.Column("kid", sa.String(64), primary_key=True, comment="RFC 7638 thumbprint"),
    sa.Column("number", sa.BigInteger, nullable=False, unique=True, comment="in the order of their making"),
    sa.Column("algorithm", sa.String(8), nullable=False),
    sa.Column("jwk", sa.Text, nullable=False, comment="JSON object (RFC 7517): the public half"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("created_by", sa.String(255), nullable=False),
    sa.Column("signs_from", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger, nullable=True, comment="since when it verifies nothing any more"),
    sa.Column("ended_by", sa.String(255), nullable=False),
    sa.Column("ended_reason", sa.Text, nullable=False),
    sa.Column("withdrawn", sa.Boolean, nullable=False, comment="in an emergency: gateways name it as refused"),
)

revoked_tokens = sa.Table(
    "revoked_tokens",
    metadata,
    sa.Column("jti", sa.String(64), primary_key=True),
    sa.Column("client_id", sa.String(63), nullable=False, index=True),
    sa.Column("revoked_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
)
