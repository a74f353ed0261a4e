"""Where contracts do not fit their Odoo: what was found, and when each Odoo was looked at."""

import sqlalchemy as sa

from catalog.storage.tables.base import metadata

odoo_drift = sa.Table(
    "odoo_drift",
    metadata,
    sa.Column(
        "id", sa.String(64), primary_key=True, comment="digest of what it is of: version, rule, place, subject"
    ),
    sa.Column("api", sa.String(63), nullable=False, index=True),
    sa.Column("version", sa.String(8), nullable=False),
    sa.Column("upstream", sa.String(63), nullable=False),
    sa.Column("operation", sa.String(255), nullable=False, comment="rpc: the guard of them all"),
    sa.Column("rule", sa.String(63), nullable=False),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("column", sa.Integer, nullable=False),
    sa.Column("pointer", sa.Text, nullable=False),
    sa.Column("model", sa.String(255), nullable=False),
    sa.Column("subject", sa.String(255), nullable=False, comment="field, method, right or model"),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("fix", sa.Text, nullable=False),
    sa.Column("first_seen", sa.BigInteger, nullable=False, comment="since it was there again, if it was gone"),
    sa.Column("last_seen", sa.BigInteger, nullable=False),
    sa.Column("gone_at", sa.BigInteger, nullable=True, comment="when it was not found any more"),
)

odoo_looks = sa.Table(
    "odoo_looks",
    metadata,
    sa.Column("upstream", sa.String(63), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, comment="of the contracts that were held against it"),
    sa.Column("begun_at", sa.BigInteger, nullable=False),
    sa.Column("looked_at", sa.BigInteger, nullable=True, comment="when a look last came to an end"),
    sa.Column("odoo", sa.Integer, nullable=True, comment="its major version"),
    sa.Column("error", sa.Text, nullable=False, comment="why the last look saw nothing; empty if it did"),
)
