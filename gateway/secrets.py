"""The gateway's own credentials for upstreams: named in the estate, held in the environment or in files."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

ENVIRONMENT_PREFIX: Final = "OSTIARY_SECRET_"


class FoundSecrets:
    """Some credentials as they were at one moment. A name without one is not among them."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def find(self, name: str) -> str | None:
        return self._values.get(name)


class UpstreamSecrets:
    """Finds a credential by name: `odoo-key` is the file of that name, else `OSTIARY_SECRET_ODOO_KEY`.

    A file that was replaced is taken up within a few seconds. The values never appear in a repr, a log line or an
    error.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    def find(self, name: str) -> str | None:
        """The credential, without the newline that editors leave; None where there is none. Raises OSError and
        UnicodeError for a file that cannot be read."""
        if self._directory is not None:
            path = self._directory / name
            if path.is_file():
                return path.read_text(encoding="utf-8").strip()
        return os.environ.get(ENVIRONMENT_PREFIX + name.upper().replace("-", "_"))

    def read(self, names: Iterable[str]) -> FoundSecrets:
        """Those of the names. One file that cannot be read is one that is not there."""
        values: dict[str, str] = {}
        for name in names:
            try:
                value = self.find(name)
            except (OSError, UnicodeError):
                continue
            if value is not None:
                values[name] = value
        return FoundSecrets(values)

    def state(self) -> object:
        """What tells one state of the files from another: a Secret in Kubernetes changes by its links."""
        if self._directory is None:
            return None
        state: list[tuple[str, int, int, int]] = []
        try:
            for path in self._directory.iterdir():
                found = path.stat()
                state.append((path.name, found.st_mtime_ns, found.st_ino, found.st_size))
        except OSError:
            return None  # a file went while it was looked at: the next look will see how it ended
        return sorted(state)
