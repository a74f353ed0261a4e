"""What the linter says of what is in force."""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

lint_looks = sa.Table(
    "lint_looks",
    metadata,
    sa.Column(
        "publication",
        sa.BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="the last one that was in force then",
    ),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("apis", sa.Integer, nullable=False, comment="how many were in force"),
    sa.Column("errors", sa.Integer, nullable=False),
    sa.Column("warnings", sa.Integer, nullable=False),
    sa.Column("infos", sa.Integer, nullable=False),
    sa.Column(
        "waived", sa.Integer, nullable=False, comment="findings that a waiver lets pass, in none of the others"
    ),
)

lint_counts = sa.Table(
    "lint_counts",
    metadata,
    sa.Column("unit", sa.String(63), primary_key=True),
    sa.Column("rule", sa.String(255), primary_key=True),
    sa.Column("severity", sa.String(15), primary_key=True),
    sa.Column("findings", sa.Integer, nullable=False),
    comment="of the last look alone",
)
