"""The gateway's credentials for upstreams: named in the estate, held in files or in the environment, or delivered
by the catalog."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal, TypeAlias

from gateway.delivered_secrets import DeliveredSecrets

ENVIRONMENT_PREFIX: Final = "OSTIARY_SECRET_"


Source: TypeAlias = Literal["file", "environment", "catalog"]


class FoundSecrets:
    """Some credentials as they were at one moment. A name without one is not among them; of the `withdrawn` it is
    known that there is to be none."""

    def __init__(self, values: Mapping[str, str], withdrawn: frozenset[str] = frozenset()) -> None:
        self._values = values
        self._withdrawn = withdrawn

    def withdrawn(self, name: str) -> bool:
        return name in self._withdrawn

    def find(self, name: str) -> str | None:
        return self._values.get(name)


class UpstreamSecrets:
    """Finds a credential by name: `odoo-key` is the file of that name, else `OSTIARY_SECRET_ODOO_KEY`, else what
    the catalog has delivered: what stands on this machine was put there by who runs it, and wins.

    A file that was replaced, and what is delivered anew, is taken up within a few seconds. The values never appear
    in a repr, a log line or an error.
    """

    def __init__(self, directory: Path | None, delivered: DeliveredSecrets | None = None) -> None:
        self._directory = directory
        self._delivered = delivered

    def find(self, name: str) -> str | None:
        """The credential, without the newline that editors leave; None where there is none. Raises OSError and
        UnicodeError for a file that cannot be read."""
        match self.source(name):
            case "file":
                assert self._directory is not None
                return (self._directory / name).read_text(encoding="utf-8").strip()
            case "environment":
                return os.environ[_variable(name)]
            case _:
                return None if self._delivered is None else self._delivered.find(name)

    def source(self, name: str) -> Source | None:
        """Where a name is found: what is delivered and not used has something local before it."""
        if self._directory is not None and (self._directory / name).is_file():
            return "file"
        if _variable(name) in os.environ:
            return "environment"
        return "catalog" if self._delivered is not None and self._delivered.find(name) is not None else None

    def read(self, names: Iterable[str]) -> FoundSecrets:
        """Those of the names. One file that cannot be read is one that is not there."""
        values: dict[str, str] = {}
        withdrawn: set[str] = set()
        for name in names:
            try:
                value = self.find(name)
            except (OSError, UnicodeError):
                continue
            if value is not None:
                values[name] = value
            elif self._delivered is not None and self._delivered.withdrew(name):
                withdrawn.add(name)
        return FoundSecrets(values, frozenset(withdrawn))

    def state(self) -> object:
        """What tells one state of the files from another: a Secret in Kubernetes changes by its links."""
        delivered = "" if self._delivered is None else self._delivered.state
        if self._directory is None:
            return delivered
        state: list[tuple[str, int, int, int]] = []
        try:
            for path in self._directory.iterdir():
                found = path.stat()
                state.append((path.name, found.st_mtime_ns, found.st_ino, found.st_size))
        except OSError:
            return None  # a file went while it was looked at: the next look will see how it ended
        return delivered, sorted(state)


def _variable(name: str) -> str:
    return ENVIRONMENT_PREFIX + name.upper().replace("-", "_")
