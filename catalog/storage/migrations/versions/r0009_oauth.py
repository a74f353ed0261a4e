"""What the authorisation server keeps: codes, pushed requests, refresh tokens, registrations, consents.

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _codes()
    _grants()
    _registrations()
    _used_ids()
    _signing()


def _codes() -> None:
    op.create_table(
        "authorization_codes",
        sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="SHA-256 of the code"),
        sa.Column("client_id", sa.String(63), nullable=False),
        sa.Column("member", sa.String(63), nullable=False, comment="who gave it: the tokens' subject"),
        sa.Column("consent", sa.String(24), nullable=False, comment="by which it was given"),
        sa.Column("authenticated_at", sa.BigInteger(), nullable=False, comment="when the member logged in"),
        sa.Column("redirect_uri", sa.Text(), nullable=False, comment="as the request had it; empty: it had none"),
        sa.Column("challenge", sa.String(43), nullable=False, comment="PKCE, S256"),
        sa.Column("scopes", sa.Text(), nullable=False, comment="JSON array"),
        sa.Column("resources", sa.Text(), nullable=False, comment="JSON array; empty: all"),
        sa.Column("bound_to", sa.String(48), nullable=False, comment="the key that redeems it, or empty"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("grant_id", sa.String(24), nullable=False, comment="that it was redeemed for; empty: not yet"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_authorization_codes")),
    )
    op.create_index(op.f("ix_authorization_codes_expires_at"), "authorization_codes", ["expires_at"])
    op.create_table(
        "pushed_requests",
        sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="SHA-256 of the request URI"),
        sa.Column("client_id", sa.String(63), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False, comment="JSON array of name and value pairs"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True, comment="when a browser came with it first"),
        sa.Column("browser", sa.LargeBinary(32), nullable=True, comment="SHA-256 of that browser's cookie"),
        sa.Column("answered_at", sa.BigInteger(), nullable=True, comment="when the client got its answer"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_pushed_requests")),
    )
    op.create_index(op.f("ix_pushed_requests_expires_at"), "pushed_requests", ["expires_at"])


def _grants() -> None:
    op.create_table(
        "oauth_grants",
        sa.Column("id", sa.String(24), nullable=False, comment="named by the access tokens of the grant"),
        sa.Column("client_id", sa.String(63), nullable=False),
        sa.Column("member", sa.String(63), nullable=False),
        sa.Column("consent", sa.String(24), nullable=False, comment="by which it was given"),
        sa.Column("authenticated_at", sa.BigInteger(), nullable=False, comment="when the member logged in"),
        sa.Column("scopes", sa.Text(), nullable=False, comment="JSON array"),
        sa.Column("resources", sa.Text(), nullable=False, comment="JSON array; empty: all"),
        sa.Column("bound_to", sa.String(48), nullable=False, comment="the key that refreshing needs, or empty"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False, comment="the absolute end"),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False, comment="the idle end counts from here"),
        sa.Column("generation", sa.BigInteger(), nullable=False, comment="of the refresh tokens that are good"),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(255), nullable=False),
        sa.Column("ended_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_grants")),
    )
    op.create_index(op.f("ix_oauth_grants_client_id"), "oauth_grants", ["client_id"])
    op.create_index(op.f("ix_oauth_grants_consent"), "oauth_grants", ["consent"])
    op.create_index(op.f("ix_oauth_grants_ended_at"), "oauth_grants", ["ended_at"])
    op.create_index(op.f("ix_oauth_grants_expires_at"), "oauth_grants", ["expires_at"])
    op.create_index(op.f("ix_oauth_grants_member"), "oauth_grants", ["member"])
    op.create_table(
        "refresh_tokens",
        sa.Column("key_id", sa.String(32), nullable=False, comment="the public part of the token's text"),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 of the text under a pepper"),
        sa.Column("grant_id", sa.String(24), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True, comment="when it was exchanged for its successor"),
        sa.ForeignKeyConstraint(
            ["grant_id"],
            ["oauth_grants.id"],
            name=op.f("fk_refresh_tokens_grant_id_oauth_grants"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_refresh_tokens")),
    )
    op.create_index(op.f("ix_refresh_tokens_grant_id"), "refresh_tokens", ["grant_id"])
    op.create_table(
        "oauth_consents",
        sa.Column("id", sa.String(24), nullable=False),
        sa.Column("client_id", sa.String(63), nullable=False),
        sa.Column("member", sa.String(63), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False, comment="JSON array"),
        sa.Column("resources", sa.Text(), nullable=False, comment="JSON array; empty: all"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_consents")),
    )
    op.create_index(op.f("ix_oauth_consents_client_id"), "oauth_consents", ["client_id"])
    op.create_index(op.f("ix_oauth_consents_member"), "oauth_consents", ["member"])


def _registrations() -> None:
    op.create_table(
        "registrations",
        sa.Column("client_id", sa.String(63), nullable=False),
        sa.Column("token_id", sa.String(32), nullable=False, comment="of the registration access token"),
        sa.Column("token_digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 under a pepper"),
        sa.Column("metadata", sa.Text(), nullable=False, comment="JSON object (RFC 7591 §2), as it was checked"),
        sa.Column("wanted", sa.Text(), nullable=False, comment="JSON object that waits for approval, or empty"),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("team", sa.String(63), nullable=False, comment="that answers for it"),
        sa.Column("owner", sa.String(63), nullable=False, comment="the member of the team who does"),
        sa.Column("consumer", sa.String(63), nullable=False, comment="of the estate; empty until it is approved"),
        sa.Column("profile", sa.String(16), nullable=False, comment="of security: baseline or fapi-2"),
        sa.Column("subscriptions", sa.Text(), nullable=False, comment="JSON array: what was granted"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False, comment="when the client ends"),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.String(255), nullable=False),
        sa.Column("decided_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("token_id", name=op.f("uq_registrations_token_id")),
    )
    op.create_index(op.f("ix_registrations_state"), "registrations", ["state"])
    op.create_table(
        "initial_access_tokens",
        sa.Column("key_id", sa.String(32), nullable=False, comment="the public part of the token's text"),
        sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 of the text under a pepper"),
        sa.Column("team", sa.String(63), nullable=False, comment="that answers for what is registered by it"),
        sa.Column("owner", sa.String(63), nullable=False, comment="the member of the team who does"),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("uses_left", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_initial_access_tokens")),
    )


def _used_ids() -> None:
    op.create_table(
        "used_ids",
        sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="SHA-256 of whose id it is, and the id"),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_used_ids")),
    )
    op.create_index(op.f("ix_used_ids_expires_at"), "used_ids", ["expires_at"])


def _signing() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(64), nullable=False, comment="RFC 7638 thumbprint"),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="in the order of their making"),
        sa.Column("algorithm", sa.String(8), nullable=False),
        sa.Column("jwk", sa.Text(), nullable=False, comment="JSON object (RFC 7517): the public half"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.Column("signs_from", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True, comment="since when it verifies nothing any more"),
        sa.Column("ended_by", sa.String(255), nullable=False),
        sa.Column("ended_reason", sa.Text(), nullable=False),
        sa.Column(
            "withdrawn", sa.Boolean(), nullable=False, comment="in an emergency: gateways name it as refused"
        ),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_keys")),
        sa.UniqueConstraint("number", name=op.f("uq_signing_keys_number")),
    )
    op.create_table(
        "revoked_tokens",
        sa.Column("jti", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(63), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("jti", name=op.f("pk_revoked_tokens")),
    )
    op.create_index(op.f("ix_revoked_tokens_client_id"), "revoked_tokens", ["client_id"])
    op.create_index(op.f("ix_revoked_tokens_expires_at"), "revoked_tokens", ["expires_at"])


def downgrade() -> None:
    op.drop_table("revoked_tokens")
    op.drop_table("signing_keys")
    op.drop_table("used_ids")
    op.drop_table("initial_access_tokens")
    op.drop_table("registrations")
    op.drop_table("oauth_consents")
    op.drop_table("refresh_tokens")
    op.drop_table("oauth_grants")
    op.drop_table("pushed_requests")
    op.drop_table("authorization_codes")
