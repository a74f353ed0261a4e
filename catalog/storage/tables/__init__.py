"""The tables, a module for each room of the catalog. Whoever compares or copies the whole schema takes `metadata`
from here, where every module was imported."""

from catalog.storage.tables import (
    audit,
    calendar,
    changes,
    credentials,
    login,
    oauth,
    people,
    purges,
    revisions,
    signing,
    snapshots,
    upstream_credentials,
    usage,
    subscriptions,
    used_ids,
)
from catalog.storage.tables.base import metadata

__all__ = [
    "audit",
    "calendar",
    "changes",
    "credentials",
    "login",
    "metadata",
    "oauth",
    "people",
    "purges",
    "revisions",
    "signing",
    "snapshots",
    "upstream_credentials",
    "usage",
    "used_ids",
]
    "subscriptions",
