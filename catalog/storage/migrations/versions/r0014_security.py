"""What security members work with: saved views, which snapshot gateways enforce, and more orders of the ledger.

Revision: 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ORDERS = {
    "ix_credentials_order_of_owner": ["owner", "key_id"],
    "ix_credentials_order_of_issue": ["created_at", "key_id"],
}


def upgrade() -> None:
    op.create_table(
        "saved_views",
        sa.Column("member", sa.String(63), nullable=False, comment="whose it is"),
        sa.Column("room", sa.String(16), nullable=False, comment="ledger or audit"),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("query", sa.Text(), nullable=False, comment="JSON object of parameters"),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member", "room", "name", name=op.f("pk_saved_views")),
    )
    op.create_table(
        "gateway_polls",
        sa.Column("gateway", sa.String(255), nullable=False, comment="a process, by the name that it says"),
        sa.Column(
            "manifest", sa.String(71), nullable=False, comment="digest of the one that it enforces, or empty"
        ),
        sa.Column("since", sa.BigInteger(), nullable=False, comment="when it was first heard of with it"),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", name=op.f("pk_gateway_polls")),
    )
    op.create_index(op.f("ix_gateway_polls_seen_at"), "gateway_polls", ["seen_at"])
    for name, columns in _ORDERS.items():
        op.create_index(name, "credentials", columns)


def downgrade() -> None:
    for name in _ORDERS:
        op.drop_index(name, "credentials")
    op.drop_index(op.f("ix_gateway_polls_seen_at"), "gateway_polls")
    op.drop_table("gateway_polls")
    op.drop_table("saved_views")
