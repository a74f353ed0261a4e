"""The ledger, grown: what a credential was used for, when it ends, and since when what is granted is granted.

Revision: 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ORDERS = {
    "ix_credentials_order": ["ends_at", "key_id"],
    "ix_credentials_order_of_application": ["application", "ends_at", "key_id"],
    "ix_credentials_order_of_team": ["team", "ends_at", "key_id"],
}


def upgrade() -> None:
    used_from = sa.Column(
        "last_used_from", sa.String(43), nullable=True, comment="the network, CIDR; as a gateway saw it"
    )
    used_for = sa.Column(
        "last_used_for", sa.String(511), nullable=True, comment="API and version, as a gateway saw it"
    )
    op.add_column("credentials", used_from)
    op.add_column("credentials", used_for)
    environment = sa.Column(
        "environment", sa.String(16), nullable=False, server_default="", comment="that it was issued in"
    )
    op.add_column("credentials", environment)
    ends = sa.Column(
        "ends_at", sa.BigInteger(), nullable=False, server_default="0", comment="the earlier of its ends"
    )
    op.add_column("credentials", ends)
    op.execute("UPDATE credentials SET ends_at = COALESCE(overlap_until, expires_at)")
    for name, columns in _ORDERS.items():
        op.create_index(name, "credentials", columns)
    op.create_table(
        "credential_uses",
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("api", sa.String(255), nullable=False),
        sa.Column("version", sa.String(255), nullable=False),
        sa.Column(
            "scope", sa.String(255), nullable=False, comment="that operations asked for; empty: the API itself"
        ),
        sa.Column("first_used_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "api", "version", "scope", name=op.f("pk_credential_uses")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "granted_scopes",
        sa.Column("application", sa.String(63), nullable=False),
        sa.Column("api", sa.String(255), nullable=False),
        sa.Column("version", sa.String(255), nullable=False),
        sa.Column("scope", sa.String(255), nullable=False, comment="empty: the subscription itself"),
        sa.Column(
            "since", sa.BigInteger(), nullable=False, comment="when it was first seen in the estate in force"
        ),
        sa.PrimaryKeyConstraint("application", "api", "version", "scope", name=op.f("pk_granted_scopes")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("granted_scopes")
    op.drop_table("credential_uses")
    for name in _ORDERS:
        op.drop_index(name, "credentials")
    op.drop_column("credentials", "ends_at")
    op.drop_column("credentials", "environment")
    op.drop_column("credentials", "last_used_for")
    op.drop_column("credentials", "last_used_from")
