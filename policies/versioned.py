"""APIs whose versions share a base path: each version has its own routes, and a request is for one of them."""

from collections.abc import Generator, Mapping
from typing import Final, Generic, TypeVar

from contracts.operations import ApiVersion, VersionChoice
from contracts.problems import Problem, problem
from policies import cors
from policies.api_version import POLICY
from policies.exchange import Exchange
from policies.routing import Router
from policies.version_choice import Chooser

T = TypeVar("T")

_NOWHERE: Final = "No version of the API has this path."


class VersionedApi(Generic[T]):
    """The versions of one API at one base path. Filled before it is put in force; only read afterwards."""

    def __init__(self, api: str, choice: VersionChoice) -> None:
        self.api = api
        self._choice = choice
        self._routers: dict[str, Router[T]] = {}
        self._retired: set[str] = set()
        self._chooser = Chooser(choice, ())

    def add(self, version: ApiVersion, router: Router[T]) -> None:
        """Raises ValueError for a version of another API, or one that is chosen in another way."""
        if (version.api, version.choice) != (self.api, self._choice):
            raise ValueError(
                f"{version.base_path} is where {self.api} is served, whose versions are chosen otherwise"
            )
        self._routers[version.version] = router
        if version.lifecycle.state == "retired":
            self._retired.add(version.version)
        self._chooser = Chooser(self._choice, self._routers, self._retired)

    def match(self, exchange: Exchange) -> tuple[dict[str, T], tuple[str, ...]] | Problem:
        """What the version that a request is for has at its path, as `Router.match`."""
        asked = cors.asked_method(exchange)
        if asked is not None:  # a browser that asks whether it may send the header does not send it
            return self.at(self._having_operation("", asked, exchange.path), exchange)
        chosen = self._chooser.choose(exchange.fields)
        if isinstance(chosen, Problem):
            exchange.answer_headers.append(self._chooser.vary)
            return chosen
        if self._choice.by == "date" and not chosen.said:
            # The version under which it is found out who calls, and so to which date they are pinned.
            standing_in = self._having_operation(chosen.version, exchange.method, exchange.path)
            if standing_in != chosen.version:
                exchange.note(POLICY, chosen.version)
            return self.at(standing_in, exchange)
        return self.at(chosen.version, exchange)

    def at(self, version: str, exchange: Exchange) -> tuple[dict[str, T], tuple[str, ...]] | Problem:
        """What a version has at the request's path. The client is told that it is served by this one."""
        found = self.routes(version, exchange.path)
        exchange.answer_headers.append(self._chooser.vary)
        if found is None:
            others = self._having(exchange.path)
            named = ", ".join(others)
            detail = f"The path is not in {version}; it is in {named}." if others else _NOWHERE
            return problem("path-not-in-version", detail, version=version, versions=others)
        exchange.answer_headers.append(self._chooser.told(version))
        return found

    def routes(self, version: str, path: str) -> tuple[dict[str, T], tuple[str, ...]] | None:
        """As `Router.match`, of one version; None where that is not served."""
        router = self._routers.get(version)
        return None if router is None else router.match(path)

    def _having_operation(self, first: str, method: str, path: str) -> str:
        """A version with that operation: the `first` if it has, or else the newest that does."""
        dates = dict(self._choice.released)
        newest = sorted(self._routers, key=lambda name: (dates.get(name, 0), int(name[1:])), reverse=True)
        for version in (first, *newest):
            found = self.routes(version, path)
            if found is not None and (method in found[0] or (method == "HEAD" and "GET" in found[0])):
                return version
        return first or newest[0]

    def _having(self, path: str) -> list[str]:
        """Those that have a path; retired ones are recommended to nobody."""
        names = (name for name in self._routers if name not in self._retired)
        having = (name for name in names if self.routes(name, path) is not None)
        return sorted(having, key=lambda name: int(name[1:]))

    def dismantle(self) -> Generator[None, None, None]:
        """As `Router.dismantle`."""
        for router in self._routers.values():
            yield from router.dismantle()


class VersionedApis(Generic[T]):
    """All of them, by base path."""

    def __init__(self) -> None:
        self._by_base: dict[str, VersionedApi[T]] = {}

    def add(self, version: ApiVersion, choice: VersionChoice, router: Router[T]) -> None:
        """Raises ValueError as `VersionedApi.add`; nothing is changed then."""
        there = self._by_base.get(version.base_path) or VersionedApi(version.api, choice)
        there.add(version, router)
        self._by_base[version.base_path] = there

    def find(self, path: str) -> VersionedApi[T] | None:
        """The one with the longest base path that leads to `path`."""
        by_base: Mapping[str, VersionedApi[T]] = self._by_base
        while by_base and path:
            path = path.rpartition("/")[0]
            found = by_base.get(path)
            if found is not None:
                return found
        return None

    def dismantle(self) -> Generator[None, None, None]:
        """As `Router.dismantle`."""
        for each in self._by_base.values():
            yield from each.dismantle()
