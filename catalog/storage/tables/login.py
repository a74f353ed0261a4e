"""How people log in: local accounts, second factors, sessions, and how often somebody failed.

Who the members are, `teams.yaml` of the estate says; here stands by what they prove it. Of what opens something
a digest under the pepper is stored, and of a TOTP secret, which has to be read again, a sealed form.
"""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("member", sa.String(63), primary_key=True),
    sa.Column("password", sa.Text, nullable=False, comment="argon2id, encoded with its parameters; empty: none"),
    sa.Column("password_set_at", sa.BigInteger, nullable=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("disabled_at", sa.BigInteger, nullable=True),
    sa.Column("disabled_reason", sa.Text, nullable=False),
)

invitations = sa.Table(
    "invitations",
    metadata,
    sa.Column("member", sa.String(63), primary_key=True, comment="a new one takes the place of the old"),
    sa.Column("digest", sa.LargeBinary(32), nullable=False, comment="HMAC-SHA-256 of the code under the pepper"),
    sa.Column("resets_factors", sa.Boolean, nullable=False, comment="second factors end when it is used"),
    sa.Column("issued_by", sa.String(255), nullable=False),
    sa.Column("issued_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
)

totp_secrets = sa.Table(
    "totp_secrets",
    metadata,
    sa.Column("member", sa.String(63), primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False, comment="AES-256-GCM: nonce, ciphertext, tag"),
    sa.Column(
        "last_step", sa.BigInteger, nullable=False, comment="of the last code that was taken; none is again"
    ),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

passkeys = sa.Table(
    "passkeys",
    metadata,
    sa.Column("credential_id", sa.String(1400), primary_key=True, comment="base64url of at most 1023 bytes"),
    sa.Column("member", sa.String(63), nullable=False, index=True),
    sa.Column("public_key", sa.LargeBinary, nullable=False, comment="COSE"),
    sa.Column("sign_count", sa.BigInteger, nullable=False, comment="0 where the authenticator does not count"),
    sa.Column("label", sa.String(64), nullable=False, comment="in its owner's words"),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("last_used_at", sa.BigInteger, nullable=True),
)

recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True, comment="HMAC-SHA-256 under the pepper"),
    sa.Column("member", sa.String(63), nullable=False, index=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True, comment="HMAC-SHA-256 of the cookie"),
    sa.Column("reference", sa.String(16), nullable=False, unique=True, comment="names it in lists; opens nothing"),
    sa.Column("member", sa.String(63), nullable=False, index=True),
    sa.Column("methods", sa.Text, nullable=False, comment="JSON array of RFC 8176 values"),
    sa.Column("address", sa.String(45), nullable=False),
    sa.Column("agent", sa.String(255), nullable=False, comment="the User-Agent at log-in"),
    sa.Column(
        "created_at", sa.BigInteger, nullable=False, comment="the log-in; the absolute end counts from here"
    ),
    sa.Column("authenticated_at", sa.BigInteger, nullable=False, comment="when its member last proved itself"),
    sa.Column("seen_at", sa.BigInteger, nullable=False, index=True, comment="to within a minute"),
)

log_ins = sa.Table(
    "log_ins",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True, comment="HMAC-SHA-256 of the cookie"),
    sa.Column("member", sa.String(63), nullable=False, comment="empty until it is known"),
    sa.Column("methods", sa.Text, nullable=False, comment="JSON array: what was proved so far"),
    sa.Column("return_to", sa.Text, nullable=False, comment="a path of ours"),
    sa.Column(
        "sealed", sa.LargeBinary, nullable=False, comment="AES-256-GCM: what the step in hand has to remember"
    ),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
    comment="log-ins that have begun and are not done",
)

login_failures = sa.Table(
    "login_failures",
    metadata,
    sa.Column("bucket", sa.LargeBinary(32), primary_key=True, comment="HMAC-SHA-256 of an account or an address"),
    sa.Column("failures", sa.BigInteger, nullable=False, comment="in a row"),
    sa.Column("failed_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("free_at", sa.BigInteger, nullable=False, comment="before which nothing is tried"),
)
