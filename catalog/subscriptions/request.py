"""A subscription that a partner asks for beside the estate, and what the estate says about the same. No I/O.

An approved one is in force beside `consumers.yaml` for as long as that says what it said when it was approved.
Whoever changes the file later decides anew, and the file holds.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from contracts.access import Application, Subscription

RequestState = Literal["requested", "approved", "refused", "withdrawn", "replaced", "ended"]


class SubscriptionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request. Times are Unix seconds; `version` counts what happened to it, from 1.

    `base` is what was granted otherwise for the same version of the API when it was approved, as `text_of` writes
    it. An approved one becomes `replaced` by the next that is approved, and `ended` by whom it is taken back.
    """

    number: int
    consumer: str
    application: str
    api: str
    api_version: str
    plan: str
    scopes: tuple[str, ...]
    reason: str
    requested_by: str
    requested_at: int
    state: RequestState = "requested"
    decided_by: str = ""
    decided_at: int | None = None
    decision: str = ""
    base: str = ""
    version: int = 1

    @property
    def about(self) -> str:
        """Its name for machines."""
        return f"subscription-request/{self.number}"

    @property
    def subscription(self) -> Subscription:
        """What is granted once it is approved."""
        return Subscription(self.api, self.api_version, self.plan, self.scopes)


def text_of(subscription: Subscription | None) -> str:
    """What a subscription grants, to be compared: its plan and its scopes; empty for none."""
    if subscription is None:
        return ""
    return " ".join((subscription.plan, *sorted(subscription.scopes)))


def subscription_to(application: Application, api: str, version: str) -> Subscription | None:
    """The application's subscription to a version."""
    found = (each for each in application.subscriptions if (each.api, each.version) == (api, version))
    return next(found, None)


def with_approved(
    applications: Iterable[Application], approved: Mapping[str, Iterable[SubscriptionRequest]]
) -> tuple[Application, ...]:
    """The applications with what was approved for each, by client id."""
    return tuple(
        _with(each, approved[each.client_id]) if each.client_id in approved else each for each in applications
    )


def _with(application: Application, approved: Iterable[SubscriptionRequest]) -> Application:
    granted = {(each.api, each.version): each for each in application.subscriptions}
    for request in approved:
        name = (request.api, request.api_version)
        if text_of(granted.get(name)) == request.base:
            granted[name] = request.subscription
    return msgspec.structs.replace(application, subscriptions=tuple(granted.values()))
