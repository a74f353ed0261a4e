"""The rules for plans and subscriptions: what is granted is there, is metered, and can be called."""

from collections.abc import Iterable, Iterator

from contracts.asked_scopes import version_scopes
from contracts.documents.document import escape
from contracts.estate.catalogue import finding
from contracts.estate.decode import declared, suggestion
from contracts.estate.granted_scopes import check_granted
from contracts.estate.loading import Sources
from contracts.estate_files import VersionEntry
from contracts.findings import Finding
from contracts.limits_text import parse_limit


def plan_rules(sources: Sources) -> Iterator[Finding]:
    """All findings about plans."""
    file = sources.estate
    used: dict[str, set[tuple[str, str]]] = {}
    for consumer in sources.consumers.value.consumers.values():
        for application in consumer.applications.values():
            for each in application.subscriptions:
                used.setdefault(each.plan, set()).add((each.api, each.version))
    for name, plan in file.value.plans.items():
        if name not in used:
            message = f"plan {name!r} has no subscription"
            yield finding("unused-plan", file.place_of_key(f"/plans/{escape(name)}"), message)
        for limit, text in plan.limits.items():
            try:
                why = _never_gives(sources, parse_limit(limit, text).most, used.get(name, ()))
            except ValueError as error:
                why = f": {error}"
            if why:
                place = file.place(f"/plans/{escape(name)}/limits/{escape(limit)}")
                yield finding("limit-unusable", place, f"limit {limit!r} of plan {name!r}{why}")


def _never_gives(sources: Sources, most: int, versions: Iterable[tuple[str, str]]) -> str:
    """Of calls under a plan, those that cost more than one of its limits ever gives; empty where there is none."""
    dear = [
        (operation.cost, f"{operation.method} {version.base_path}{operation.path}")
        for api, name in sorted(versions)
        if api in sources.apis and (version := sources.apis[api].compiled.get(name)) is not None
        for operation in version.operations
        if operation.cost > most and not operation.public
    ]
    if not dear:
        return ""
    more = f" and {len(dear) - 1} more" if len(dear) > 1 else ""
    return f" never gives the {dear[0][0]} units that one call costs (on {dear[0][1]}{more})"


def subscription_rules(sources: Sources) -> Iterator[Finding]:
    """All findings about subscriptions."""
    file = sources.consumers
    owners: dict[str, str] = {}
    for consumer, entry in file.value.consumers.items():
        for name, application in entry.applications.items():
            pointer = f"/consumers/{escape(consumer)}/applications/{escape(name)}"
            if (first := owners.setdefault(name, consumer)) != consumer:
                other = file.place_of_key(f"/consumers/{escape(first)}/applications/{escape(name)}")
                message = f"application {name!r} of {consumer!r} is already one of {first!r} ({other})"
                yield finding("application-twice", file.place_of_key(pointer), message)
            seen = set()
            for index, subscription in enumerate(application.subscriptions):
                place = f"{pointer}/subscriptions/{index}"
                key = (subscription.api, subscription.version)
                if all(key) and key in seen:
                    message = f"application {name!r} is subscribed to {key[0]!r} {key[1]} twice"
                    yield finding("subscription-twice", file.place(place), message)
                seen.add(key)
                yield from _subscription(sources, name, index, place)


def _subscription(sources: Sources, application: str, index: int, pointer: str) -> Iterator[Finding]:
    file = sources.consumers
    consumer = pointer.split("/")[2]
    subscription = file.value.consumers[consumer].applications[application].subscriptions[index]
    plans = declared(sources.estate.document, "plans")
    if subscription.plan and subscription.plan not in plans:
        message = f"plan {subscription.plan!r} is not declared{suggestion(subscription.plan, plans)}"
        yield finding("unknown-plan", file.place(f"{pointer}/plan"), message)
    if not subscription.api or subscription.api in sources.held:
        return
    api = sources.apis.get(subscription.api)
    if api is None:
        message = f"there is no API {subscription.api!r}{suggestion(subscription.api, sources.apis)}"
        yield finding("unknown-api", file.place(f"{pointer}/api"), message)
        return
    versions = declared(api.file.document, "versions") | api.contracts.keys()
    if subscription.version and subscription.version not in versions:
        message = (
            f"{api.name!r} has no version {subscription.version!r}{suggestion(subscription.version, versions)}"
        )
        yield finding("unknown-version", file.place(f"{pointer}/version"), message)
        return
    state = api.file.value.versions.get(subscription.version, VersionEntry()).state
    if state in ("draft", "retired"):
        message = f"{api.name!r} {subscription.version} is {state}: every call of {application!r} is refused"
        yield finding("subscription-not-served", file.place(f"{pointer}/version"), message)
    if compiled := api.compiled.get(subscription.version):
        asked, contract = version_scopes(compiled), sources.documents.get(api.contracts[compiled.version])
        for position, scope in enumerate(subscription.scopes):
            place = file.place(f"{pointer}/scopes/{position}")
            yield from check_granted(scope, place, f"{api.name!r} {compiled.version}", asked, contract)
