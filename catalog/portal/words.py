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
        *("used-up",),
        # What kind of credential it is, what may be found of them in a leak, and what became of one.
        *("client-secret", "api-key", "hmac-key", "member-token", "jwk", "jwks", "certificate", "signing-key"),
        *("refresh-token", "registration-token", "initial-access-token"),
        *("application", "consumer", "issued-before"),
        *("issued", "rotated", "extended", "handed-over", "lifted", "leaked", "narrowed"),
        # How a revision came to be published, and of which class an API's data are.
        *("directory", "change", "rollback"),
        *("public", "internal", "confidential", "restricted"),
        # Roles of members, and their second factors.
        *("partner-developer", "api-owner", "architect", "security", "operator"),
        *("totp", "passkey"),
        *("enforcing", "behind", "silent"),
    )
)
