"""What the authorisation server keeps. Of codes, request URIs and tokens only digests are stored."""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

authorization_codes = sa.Table(
    "authorization_codes",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True, comment="SHA-256 of the code"),
    sa.Column("client_id", sa.String(63), nullable=False),
    sa.Column("member", sa.String(63), nullable=False, comment="who gave it: the tokens' subject"),
    sa.Column("consent", sa.String(24), nullable=False, comment="by which it was given"),
    sa.Column("authenticated_at", sa.BigInteger, nullable=False, comment="when the member logged in"),
    sa.Column("redirect_uri", sa.Text, nullable=False, comment="as the request had it; empty: it had none"),
    sa.Column("challenge", sa.String(43), nullable=False, comment="PKCE, S256"),
    sa.Column("scopes", sa.Text, nullable=False, comment="JSON array"),
    sa.Column("resources", sa.Text, nullable=False, comment="JSON array; empty: all"),
    sa.Column("bound_to", sa.String(48), nullable=False, comment="the key that redeems it, or empty"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("grant_id", sa.String(24), nullable=False, comment="that it was redeemed for; empty: not yet"),
)

pushed_requests = sa.Table(
    "pushed_requests",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True, comment="SHA-256 of the request URI"),
    sa.Column("client_id", sa.String(63), nullable=False),
    sa.Column("parameters", sa.Text, nullable=False, comment="JSON array of name and value pairs"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("opened_at", sa.BigInteger, nullable=True, comment="when a browser came with it first"),
    sa.Column("browser", sa.LargeBinary(32), nullable=True, comment="SHA-256 of that browser's cookie"),
    sa.Column("answered_at", sa.BigInteger, nullable=True, comment="when the client got its answer"),
)

grants = sa.Table(
    "oauth_grants",
    metadata,
    sa.Column("id", sa.String(24), primary_key=True, comment="named by the access tokens of the grant"),
    sa.Column("client_id", sa.String(63), nullable=False, index=True),
    sa.Column("member", sa.String(63), nullable=False, index=True),
    sa.Column("consent", sa.String(24), nullable=False, index=True, comment="by which it was given"),
    sa.Column("authenticated_at", sa.BigInteger, nullable=False, comment="when the member logged in"),
    sa.Column("scopes", sa.Text, nullable=False, comment="JSON array"),
    sa.Column("resources", sa.Text, nullable=False, comment="JSON array; empty: all"),
    sa.Column("bound_to", sa.String(48), nullable=False, comment="the key that refreshing needs, or empty"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True, comment="the absolute end"),
    sa.Column("last_used_at", sa.BigInteger, nullable=False, comment="the idle end counts from here"),
    sa.Column("generation", sa.BigInteger, nullable=False, comment="of the refresh tokens that are good"),
    sa.Column("ended_at", sa.BigInteger, nullable=True, index=True),
    sa.Column("ended_by", sa.String(255), nullable=False),
    sa.Column("ended_reason", sa.Text, nullable=False),
)

refresh_tokens = sa.Table(
    "refresh_tokens",
    metadata,
    sa.Column("key_id", sa.String(32), primary_key=True, comment="the public part of the token's text"),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 of the text under a pepper"),
    sa.Column(
        "grant_id",
        sa.String(24),
        sa.ForeignKey("oauth_grants.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Column("issued_at", sa.BigInteger, nullable=False),
    sa.Column("used_at", sa.BigInteger, nullable=True, comment="when it was exchanged for its successor"),
)

consents = sa.Table(
    "oauth_consents",
    metadata,
    sa.Column("id", sa.String(24), primary_key=True),
    sa.Column("client_id", sa.String(63), nullable=False, index=True),
    sa.Column("member", sa.String(63), nullable=False, index=True),
    sa.Column("scopes", sa.Text, nullable=False, comment="JSON array"),
    sa.Column("resources", sa.Text, nullable=False, comment="JSON array; empty: all"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("withdrawn_at", sa.BigInteger, nullable=True),
    sa.Column("withdrawn_by", sa.String(255), nullable=False),
)

registrations = sa.Table(
    "registrations",
    metadata,
    sa.Column("client_id", sa.String(63), primary_key=True),
    sa.Column("token_id", sa.String(32), nullable=False, unique=True, comment="of the registration access token"),
    sa.Column("token_digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 under a pepper"),
    sa.Column("metadata", sa.Text, nullable=False, comment="JSON object (RFC 7591 §2), as it was checked"),
    sa.Column("wanted", sa.Text, nullable=False, comment="JSON object that waits for approval, or empty"),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("team", sa.String(63), nullable=False, comment="that answers for it"),
    sa.Column("owner", sa.String(63), nullable=False, comment="the member of the team who does"),
    sa.Column("consumer", sa.String(63), nullable=False, comment="of the estate; empty until it is approved"),
    sa.Column("profile", sa.String(16), nullable=False, comment="of security: baseline or fapi-2"),
    sa.Column("subscriptions", sa.Text, nullable=False, comment="JSON array: what was granted"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, comment="when the client ends"),
    sa.Column("decided_at", sa.BigInteger, nullable=True),
    sa.Column("decided_by", sa.String(255), nullable=False),
    sa.Column("decided_reason", sa.Text, nullable=False),
)

initial_access_tokens = sa.Table(
    "initial_access_tokens",
    metadata,
    sa.Column("key_id", sa.String(32), primary_key=True, comment="the public part of the token's text"),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 of the text under a pepper"),
    sa.Column("team", sa.String(63), nullable=False, comment="that answers for what is registered by it"),
    sa.Column("owner", sa.String(63), nullable=False, comment="the member of the team who does"),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("uses_left", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("created_by", sa.String(255), nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("revoked_at", sa.BigInteger, nullable=True),
)
