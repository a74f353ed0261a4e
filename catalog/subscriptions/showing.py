"""An application as its people see it: what it may call, by whose word, and how it proves who it is. No I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from catalog.calendar.entries import EstateView
from catalog.publishing.published import Published
from catalog.subscriptions.request import SubscriptionRequest, text_of
from catalog.subscriptions.rights import team_of
from contracts.access import Application, Subscription
from contracts.oauth_client import OAuthSettings
from contracts.operations import ApiVersion

Origin: TypeAlias = Literal["estate", "registration", "request"]


@dataclass(frozen=True, slots=True)
class Granted:
    """A subscription in force. `request` is the number of the one that was approved for it; `version` is None
    where it is not served any more."""

    subscription: Subscription
    origin: Origin
    request: int | None
    version: ApiVersion | None


@dataclass(frozen=True, slots=True)
class Shown:
    """`cut_off`: the application, or its consumer as a whole, was revoked. With `api_keys` some of its plans admit
    API keys."""

    application: Application
    team: str | None
    registered: bool
    cut_off: bool
    api_keys: bool
    oauth: OAuthSettings
    granted: tuple[Granted, ...]


def shown(
    application: Application, view: EstateView, published: Published, approved: Iterable[SubscriptionRequest]
) -> Shown:
    """The application. `approved` are the requests for it that were."""
    requests = {(each.api, each.api_version): each for each in approved}
    versions = {(each.api, each.version): each for each in published.contracts.versions}
    consumer = view.consumers.consumers.get(application.consumer)
    registered = consumer is None or application.client_id not in consumer.applications
    with_keys = {each.name for each in published.contracts.plans if each.api_keys}
    return Shown(
        application=application,
        team=team_of(view, application.consumer),
        registered=registered,
        cut_off=published.cuts_off(application),
        api_keys=any(each.plan in with_keys for each in application.subscriptions),
        oauth=application.oauth or OAuthSettings(),
        granted=tuple(
            _granted(each, application, view, registered, requests, versions) for each in application.subscriptions
        ),
    )


def _granted(
    subscription: Subscription,
    application: Application,
    view: EstateView,
    registered: bool,
    requests: Mapping[tuple[str, str], SubscriptionRequest],
    versions: Mapping[tuple[str, str], ApiVersion],
) -> Granted:
    name = (subscription.api, subscription.version)
    request = requests.get(name)
    in_force = request is not None and text_of(subscription) == text_of(request.subscription)
    if in_force and request is not None and not registered:
        in_force = request.base == _of_file(application, view, name)
    origin: Origin = "request" if in_force else "registration" if registered else "estate"
    number = request.number if in_force and request is not None else None
    return Granted(subscription, origin, number, versions.get(name))


def _of_file(application: Application, view: EstateView, name: tuple[str, str]) -> str:
    """What the estate grants of the version, as `text_of` writes it."""
    entry = view.consumers.consumers[application.consumer].applications[application.client_id]
    found = (each for each in entry.subscriptions if (each.api, each.version) == name)
    return next((text_of(Subscription(*name, each.plan, each.scopes)) for each in found), "")
