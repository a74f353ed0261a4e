"""Where else a path is that a version has not, for APIs whose versions have base paths of their own.

Asked only where nothing was found: who has mistaken a version is told those that have the path.
"""

from typing import Any

from contracts.operations import ApiVersion
from contracts.problems import Problem, problem
from policies.routing import Router


class PathVersions:
    """The base paths of such versions. Filled before it is put in force; only read afterwards."""

    def __init__(self) -> None:
        self._api_at: dict[str, tuple[str, str]] = {}
        self._by_api: dict[str, dict[str, str]] = {}
        self._apis_below: dict[str, str] = {}

    def add(self, version: ApiVersion) -> None:
        """A version that is retired has a place, and is recommended to nobody."""
        base = version.base_path
        self._api_at[base] = version.api, version.version
        if version.lifecycle.state != "retired":
            self._by_api.setdefault(version.api, {})[version.version] = base
        stem, _, last = base.rpartition("/")
        if last == version.version:
            self._apis_below[stem] = version.api

    def elsewhere(self, path: str, router: Router[Any]) -> Problem | None:
        """What is to be said of a path that `router` does not have; None where no other version has it either."""
        api, named, rest = self._meant(path)
        having = [version for version, base in self._by_api.get(api, {}).items() if router.match(base + rest)]
        if not having:
            return None
        having.sort(key=lambda name: int(name[1:]))
        detail = f"The path is not in {named}; it is in {', '.join(having)}."
        return problem("path-not-in-version", detail, version=named, versions=having)

    def _meant(self, path: str) -> tuple[str, str, str]:
        """The API and the version that a path names, and what stands behind them; no API where it names none."""
        base = path
        while base:
            base, _, segment = base.rpartition("/")
            there = self._api_at.get(base)
            if there is not None:
                return *there, path[len(base) :]
            api = self._apis_below.get(base)
            if api is not None and segment[:1] == "v" and segment[1:].isdigit():
                return api, segment, path[len(base) + 1 + len(segment) :]
        return "", "", ""
