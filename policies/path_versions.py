"""Paths that no version has, for APIs whose versions have base paths of their own: they may be the default's, or
those of a version that the caller did not mean.

Asked only where nothing was found at a path: who names a version, and the right one, pays nothing.
"""

from typing import Any, Final, TypeVar

from contracts.operations import ApiVersion
from contracts.problems import Problem, problem
from policies.exchange import Exchange
from policies.routing import Router

T = TypeVar("T")

_NOTED: Final = "routing"


def path_called(exchange: Exchange) -> str:
    """The path that the client called, which names no version where the default serves."""
    noted: str | None = exchange.noted(_NOTED)
    return exchange.path if noted is None else noted


class PathVersions:
    """The base paths of such versions. Filled before it is put in force; only read afterwards."""

    def __init__(self) -> None:
        self._api_at: dict[str, tuple[str, str]] = {}
        self._by_api: dict[str, dict[str, str]] = {}
        self._apis_below: dict[str, str] = {}
        self._defaults: dict[str, str] = {}

    def add(self, version: ApiVersion) -> None:
        """A version that is retired has a place, and is recommended to nobody."""
        base = version.base_path
        self._api_at[base] = version.api, version.version
        if version.lifecycle.state != "retired":
            self._by_api.setdefault(version.api, {})[version.version] = base
        stem, _, last = base.rpartition("/")
        if last == version.version:
            self._apis_below[stem] = version.api
        if version.default_path is not None:
            self._defaults[version.default_path] = base

    def find(self, exchange: Exchange, router: Router[T]) -> tuple[dict[str, T], tuple[str, ...]] | Problem | None:
        """What is to be said of a path that `router` does not have: what the default version has there, whose path
        then is the exchange's, or which versions have it; None where none has."""
        path = exchange.path
        default = self._by_default(path)
        found = router.match(default) if default else None
        if found is None:
            return self._elsewhere(default or path, router)
        exchange.note(_NOTED, path)
        exchange.path = default
        return found

    def _by_default(self, path: str) -> str:
        base = path
        while base:
            base, _, segment = base.rpartition("/")
            there = self._defaults.get(base)
            if there is not None:
                return "" if _is_version(segment) else there + path[len(base) :]
        return ""

    def _elsewhere(self, path: str, router: Router[T]) -> Problem | None:
        api, named, rest = self._meant(path)
        having = [version for version, base in self._by_api.get(api, {}).items() if router.match(base + rest)]
        if not having:
            return None
        having.sort(key=lambda name: int(name[1:]))
        members: dict[str, Any] = {"version": named} if named else {}
        missed = f"is not in {named}" if named else "names no version"
        detail = f"The path {missed}; it is in {', '.join(having)}."
        return problem("path-not-in-version", detail, **members, versions=having)

    def _meant(self, path: str) -> tuple[str, str, str]:
        """The API and the version that a path names, and what stands behind them; empty where it names none."""
        base = path
        while base:
            base, _, segment = base.rpartition("/")
            there = self._api_at.get(base)
            if there is not None:
                return *there, path[len(base) :]
            api = self._apis_below.get(base)
            if api is not None:
                named = segment if _is_version(segment) else ""
                return api, named, path[len(base) + len(named and f"/{named}") :]
        return "", "", ""


def _is_version(segment: str) -> bool:
    return segment[:1] == "v" and segment[1:].isdigit()
