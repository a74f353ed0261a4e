"""The rules for an estate's own files: stable id, severity, and why each exists.

The wording of a finding stands where it is checked. Contracts (OpenAPI documents) have rules of their own.
"""

from collections.abc import Mapping
from typing import Final

from contracts.findings import Finding, Place, Rule

_ROWS: tuple[Rule, ...] = (
    # What every file must be.
    Rule("file-missing", "error", "An estate without this file cannot be enforced."),
    Rule("file-unreadable", "error", "A file that cannot be read cannot be checked."),
    Rule("unknown-key", "error", "A misspelt key would silently do nothing."),
    Rule("missing-key", "error", "The key has no default that would be right for everyone."),
    Rule("wrong-type", "error", "The value is of another kind than the key takes."),
    Rule("invalid-value", "error", "The value is of the right kind but outside of what the key admits."),
    Rule("invalid-name", "error", "Names become URLs, scopes and metric labels; they keep to one safe form."),
    Rule("outside-estate", "error", "A link out of the estate would publish a file that nobody reviewed."),
    # Ownership and upstreams.
    Rule("api-folder-name", "error", "The folder's name is the API's name in URLs and subscriptions."),
    Rule("unknown-owner", "error", "An API whose owner is no team has nobody to approve or to answer."),
    Rule("unknown-upstream", "error", "A call cannot be sent to an upstream that nobody declared."),
    Rule("unused-upstream", "info", "An upstream that serves nothing is perhaps a leftover."),
    Rule("odoo-login-missing", "error", "Odoo's JSON-RPC authenticates with a database, a login and a key."),
    Rule("odoo-credential-missing", "warning", "Odoo answers no call without a key."),
    Rule("upstream-key-unused", "warning", "The key means nothing for this kind of upstream."),
    Rule("secret-in-url", "error", "An estate is reviewed, copied and kept in git: no secret stands in it."),
    Rule("credential-in-clear", "warning", "A credential over plain HTTP can be read on the way."),
    # Members.
    Rule("member-ambiguous", "error", "Two people under one name would act with each other's roles."),
    Rule("member-name-reserved", "error", "What the catalog does of itself must not look like a member's doing."),
    Rule("unknown-consumer-team", "error", "A consumer whose team is none has nobody who may act for it."),
    # Contracts and versions.
    Rule("version-without-contract", "error", "A version is its contract; without one there is nothing to serve."),
    Rule("contract-without-version", "error", "A contract that `api.yaml` does not declare has no lifecycle."),
    Rule("contract-twice", "error", "Two files for one version: which of them holds?"),
    Rule("path-claimed-twice", "error", "A request must have exactly one operation that governs it."),
    Rule(
        "versioning-invalid",
        "error",
        "A request must lead to exactly one version, and a client must be able to choose.",
    ),
    Rule("path-reserved", "error", "The gateway answers under this path itself."),
    # Lifecycle.
    Rule("invalid-date", "error", "The date is not in the calendar."),
    Rule("deprecated-without-date", "error", "Partners must be told since when a version is deprecated."),
    Rule("sunset-before-deprecation", "error", "RFC 9745 §4: a sunset is never earlier than the deprecation."),
    Rule("sunset-without-successor", "warning", "Partners who must leave a version need to know where to."),
    Rule("unknown-successor", "error", "The successor is a version of the same API."),
    Rule("successor-not-served", "error", "Partners cannot move to a version that is not served."),
    Rule("brown-out-empty", "error", "A brown-out that ends before it begins refuses nothing."),
    Rule("brown-out-outside", "error", "A brown-out is announced by the deprecation and prepares for the sunset."),
    Rule("brown-outs-overlap", "error", "Two windows at once were announced as two and are felt as one."),
    Rule("brown-outs-not-rising", "warning", "Brown-outs that grow shorter tell partners that the end is far."),
    # Plans and subscriptions.
    Rule("limit-unusable", "error", "A limit admits at least one call in each window."),
    Rule("unknown-policy", "error", "Settings of a policy that is not installed would silently do nothing."),
    Rule("policy-invalid", "error", "A policy is enforced as it was written, or not at all."),
    Rule("policy-unproved", "warning", "What could not be proved of a policy shows when it is enforced."),
    Rule("unknown-consumer", "error", "A mode for a consumer that does not exist holds for nobody."),
    Rule("unused-plan", "info", "A plan without a subscription meters nothing."),
    Rule("unknown-api", "error", "A subscription to an API that does not exist grants nothing."),
    Rule("unknown-version", "error", "A subscription to a version that does not exist grants nothing."),
    Rule("unknown-plan", "error", "A subscription without a plan has no limits."),
    Rule("subscription-twice", "error", "Two subscriptions to one version: which plan holds?"),
    Rule("subscription-not-served", "warning", "A draft or retired version refuses every call."),
    Rule(
        "pin-unusable",
        "error",
        "A pin that leads to no version, or to one without a subscription, refuses every call.",
    ),
    Rule("unknown-scope", "error", "A scope that the contract does not declare grants nothing."),
    Rule("scope-unused", "warning", "A granted scope that no operation asks for is a leftover."),
    Rule("application-twice", "error", "An application's name is its client id: it belongs to one consumer."),
    # What tokens say of a consumer.
    Rule("claim-reserved", "error", "A claim that says who calls is written by the catalog alone."),
    Rule(
        "claim-unfit", "warning", "Where a claim holds callers to their own records, those without it are refused."
    ),
    # Other issuers of tokens.
    Rule("issuer-unsafe", "error", "Keys and answers that decide who calls are not fetched over plain HTTP."),
    Rule("issuer-accepts-nothing", "error", "An issuer of which no token is accepted is there by mistake."),
    Rule("issuer-twice", "error", "A token names its issuer by the URL: two entries for it say two things."),
    Rule("issuer-key-unused", "warning", "The key means nothing for this issuer."),
    Rule("issuer-unused", "info", "An issuer of which no client is an application opens nothing."),
    Rule("introspection-ambiguous", "error", "An opaque token goes to the one issuer that can be asked about it."),
    Rule("unknown-issuer", "error", "A client of an issuer that nobody declared is nobody."),
    Rule("identity-twice", "error", "A client of an issuer is one application: whose calls are they?"),
    # Applications as OAuth clients.
    Rule("oauth-method-conflict", "error", "A client proves itself in one way: of several the weakest decides."),
    Rule("oauth-key-missing", "error", "A client that has no key for its method can never authenticate."),
    Rule("oauth-key-conflict", "error", "Keys in two places: which of them hold?"),
    Rule("oauth-key-unusable", "error", "A key or certificate that is malformed or weak proves nothing."),
    Rule("oauth-key-unused", "warning", "The key means nothing for this client."),
    Rule("oauth-uri-unsafe", "error", "Keys that decide who calls are not fetched over plain HTTP."),
    Rule("oauth-grant-unusable", "error", "A grant that this client cannot use, or must not, gives no token."),
    Rule("oauth-redirect-unusable", "error", "A code that goes to another address is another's token."),
    Rule("oauth-profile-broken", "error", "A security profile holds as a whole or not at all."),
    # How changes are decided.
    Rule("approval-rule-twice", "error", "Conditions name the rule that asks for them: which one is it?"),
    Rule("approver-missing", "warning", "What too few people may decide is never decided."),
    Rule("freeze-window-empty", "error", "A freeze that ends before it begins holds nothing back."),
)

ESTATE_RULES: Final[Mapping[str, Rule]] = {row.id: row for row in _ROWS}


def finding(rule: str, place: Place, message: str) -> Finding:
    """A finding of a rule in the table, with the table's severity. Raises KeyError for any other id."""
    return Finding(place, rule, message, ESTATE_RULES[rule].severity)
