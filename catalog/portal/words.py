"""Words of the admin API that pages show as they are: states, severities, verdicts. Each is a gettext message."""

from typing import Final

WORDS: Final[frozenset[str]] = frozenset(
    (
        # Where a version is, and how far its end has come.
        *("draft", "published", "deprecated", "retired", "announced", "brown-out", "ended"),
        # What became of changes, waivers, extensions and requests.
        *("open", "proposed", "approved", "rejected", "withdrawn", "requested", "granted", "refused", "revoked"),
        *("replaced", "commented", "emergency", "reviewed"),
        # What is found about a contract, and what that makes of its version.
        *("error", "warning", "info", "breaking", "undecided", "compatible", "none", "patch", "minor", "major"),
        *("added", "removed", "changed"),
        # Credentials, keys, registrations and sessions; how far a gateway is.
        *("active", "expired", "idle", "pending", "deleted", "current", "signing", "next", "retiring"),
        *("enforcing", "behind", "silent"),
    )
)
