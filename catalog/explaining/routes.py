"""The router of an estate, as a gateway fills it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from contracts.operations import ApiVersion, Operation
from contracts.problems import Problem, problem
from policies import cors
from policies.exchange import Exchange
from policies.path_versions import PathVersions
from policies.routing import Router, template_of
from policies.versioned import VersionedApis


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """An operation, and the version that it is of."""

    version: ApiVersion
    operation: Operation


Found: TypeAlias = tuple[dict[str, Target], tuple[str, ...]]


class Routes:
    """Where the operations of `versions` are served."""

    def __init__(self, versions: Iterable[ApiVersion]) -> None:
        self._router: Router[Target] = Router()
        self._versioned: VersionedApis[Target] = VersionedApis()
        self._by_path = PathVersions()
        for version in versions:
            router: Router[Target] = self._router if version.choice is None else Router()
            for operation in version.operations:
                router.add(operation.method, template_of(version, operation), Target(version, operation))
            if version.choice is None:
                self._by_path.add(version)
            else:
                self._versioned.add(version, version.choice, router)

    def find(self, exchange: Exchange) -> Target | Problem:
        """Sets the exchange's path values, its version and its operation."""
        return _entered(exchange, self._at_its_path(exchange))

    def at(self, version: str, exchange: Exchange) -> Target | Problem:
        """As `find`, where the exchange turned out to be another version's."""
        there = self._versioned.find(exchange.path)
        return _entered(exchange, None if there is None else there.at(version, exchange))

    def asked_about(self, exchange: Exchange) -> Target | None:
        """The operation of the request that a CORS preflight is about; None where this is none."""
        method = cors.asked_method(exchange)
        found = None if method is None else self._at_its_path(exchange)
        if method is None or found is None or isinstance(found, Problem):
            return None
        return found[0].get(method) or (found[0].get("GET") if method == "HEAD" else None)

    def _at_its_path(self, exchange: Exchange) -> Found | Problem | None:
        found = self._router.match(exchange.path)
        if found is None:
            there = self._versioned.find(exchange.path)
            return self._by_path.find(exchange, self._router) if there is None else there.match(exchange)
        return found


def _entered(exchange: Exchange, found: Found | Problem | None) -> Target | Problem:
    if found is None:
        return problem("route-not-found", "No published contract has this path.")
    if isinstance(found, Problem):
        return found
    methods, exchange.path_values = found
    target = methods.get(exchange.method)
    if target is None and exchange.method == "HEAD":
        target = methods.get("GET")
    if target is None:
        allowed = sorted({*methods, "HEAD"} if "GET" in methods else methods)
        detail = f"The contract has no {exchange.method} here; it has {', '.join(allowed)}."
        return problem("method-not-allowed", detail, allowed=allowed)
    exchange.version, exchange.operation = target.version, target.operation
    return target
