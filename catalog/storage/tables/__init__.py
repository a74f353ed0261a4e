"""The tables, a module for each room of the catalog. Whoever compares or copies the whole schema takes `metadata`
from here, where every module was imported."""

from catalog.storage.tables import (
    audit,
    calendar,
    changes,
    credentials,
    gateway_reports,
    lint,
    login,
    oauth,
    odoo_drift,
    people,
    purges,
    revisions,
    security,
    signing,
    snapshots,
    subscriptions,
    upstream_credentials,
    usage,
    used_ids,
)
from catalog.storage.tables.base import metadata

__all__ = [
    "audit",
    "calendar",
    "changes",
    "credentials",
    "gateway_reports",
    "lint",
    "login",
    "metadata",
    "oauth",
    "odoo_drift",
    "people",
    "purges",
    "revisions",
    "security",
    "signing",
    "snapshots",
    "subscriptions",
    "upstream_credentials",
    "usage",
    "used_ids",
]
