"""Which subscriptions can be asked for, and granted. No I/O."""

from catalog.calendar.entries import EstateView
from catalog.publishing.published import Published
from catalog.refusal import Refusal
from catalog.subscriptions.request import SubscriptionRequest, subscription_to, text_of
from contracts.access import Application
from contracts.asked_scopes import version_scopes
from contracts.operations import ApiVersion


def fault_of_request(
    wanted: SubscriptionRequest, application: Application, view: EstateView, published: Published
) -> Refusal | None:
    """Why this is granted to nobody: each reason at the member of the body that it is about."""
    version = _version(published, wanted.api, wanted.api_version)
    if version is None:
        return _wrong("/version", "version", "must be a version of the API that is published and not retired")
    granted = subscription_to(application, wanted.api, wanted.api_version)
    if version.lifecycle.state == "deprecated" and granted is None:
        successor = version.lifecycle.successor
        instead = f"; ask for {successor}" if successor else ""
        return _wrong("/version", "deprecated", f"must not be deprecated already{instead}")
    if wanted.plan not in plans_of(view, wanted.api):
        return _wrong("/plan", "plan", "must be a plan that the API offers")
    asked = version_scopes(version)
    if not set(wanted.scopes) <= asked:
        return _wrong("/scopes", "scope", "must be scopes that the version asks for")
    if not wanted.scopes and asked:
        return _wrong("/scopes", "required", "must be at least one: without a scope it opens nothing")
    if text_of(granted) == text_of(wanted.subscription):
        return _wrong("/version", "unique", "is granted to the application already, just so")
    return None


def plans_of(view: EstateView, api: str) -> tuple[str, ...]:
    """The plans that an API offers: those that it names, else all."""
    entry = view.apis.get(api)
    return tuple(view.file.plans) if entry is None or not entry.plans else entry.plans


def _version(published: Published, api: str, version: str) -> ApiVersion | None:
    for each in published.contracts.versions:
        if (each.api, each.version) == (api, version):
            return each if each.lifecycle.state in ("published", "deprecated") else None
    return None


def _wrong(pointer: str, rule: str, message: str) -> Refusal:
    violation = {"in": "body", "pointer": pointer, "rule": rule, "message": message}
    return Refusal("schema-violation", "It cannot be granted so.", {"violations": [violation]})
