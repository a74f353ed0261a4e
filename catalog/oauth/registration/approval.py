"""An approval of a registration, and why it is not given so. No I/O."""

import msgspec

from catalog.calendar.entries import EstateView
from catalog.oauth.registration.metadata import ClientMetadata
from catalog.publishing.published import Published
from catalog.refusal import Refusal
from contracts.access import Subscription
from contracts.asked_scopes import version_scopes
from contracts.oauth_client import Profile


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """What is granted: to which consumer the client belongs, what it may call, by which profile, for how long."""

    consumer: str
    subscriptions: tuple[Subscription, ...]
    expires_days: int
    reason: str
    profile: Profile = "baseline"


def fault_of_approval(approval: Approval, view: EstateView | None, published: Published | None) -> Refusal | None:
    """Why nothing can be granted so, whichever client it is."""
    if view is None or published is None:
        return Refusal("state-conflict", "There is no estate in force.")
    if approval.consumer not in view.consumers.consumers:
        return _wrong("/consumer", "consumer", "must be a consumer of the estate")
    if approval.expires_days > view.file.credentials.max_days:
        days = view.file.credentials.max_days
        return _wrong("/expires_days", "maximum", f"the estate lets nothing live longer than {days} days")
    versions = {(each.api, each.version): each for each in published.contracts.versions}
    seen = set()
    for index, each in enumerate(approval.subscriptions):
        pointer, name = f"/subscriptions/{index}", (each.api, each.version)
        version = versions.get(name)
        if version is None or version.lifecycle.state == "retired":
            return _wrong(pointer, "version", "must be of a version of an API that is published and not retired")
        if name in seen:
            return _wrong(pointer, "unique", "must be the only one of its version")
        seen.add(name)
        entry = view.apis.get(each.api)
        offered = view.file.plans.keys() if entry is None or not entry.plans else set(entry.plans)
        if each.plan not in offered:
            return _wrong(f"{pointer}/plan", "plan", "must be a plan that the API offers")
        if not set(each.scopes) <= version_scopes(version):
            return _wrong(f"{pointer}/scopes", "scope", "must be scopes that the version asks for")
    return None


def fault_of_metadata(approval: Approval, metadata: ClientMetadata) -> Refusal | None:
    """Why it is not granted to this client."""
    if approval.profile == "fapi-2" and not _fits_fapi(metadata):
        return _wrong("/profile", "profile", "needs a key or a certificate, and redirect URIs of https")
    asked = set(metadata.scope.split())
    for index, each in enumerate(approval.subscriptions):
        if asked and not set(each.scopes) <= asked:
            return _wrong(f"/subscriptions/{index}/scopes", "asked", "must be scopes that the client asks for")
    return None


def _fits_fapi(metadata: ClientMetadata) -> bool:
    by_key = metadata.token_endpoint_auth_method in ("private_key_jwt", "tls_client_auth")
    return by_key and all(each.startswith("https://") for each in metadata.redirect_uris)


def _wrong(pointer: str, rule: str, message: str) -> Refusal:
    violation = {"in": "body", "pointer": pointer, "rule": rule, "message": message}
    return Refusal("schema-violation", "It cannot be granted so.", {"violations": [violation]})
