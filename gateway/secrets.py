"""The gateway's own credentials for upstreams: named in the estate, held in the environment or in files."""

import os
from pathlib import Path
from typing import Final

ENVIRONMENT_PREFIX: Final = "OSTIARY_SECRET_"


class UpstreamSecrets:
    """Finds a credential by name: `odoo-key` is the file of that name, else `OSTIARY_SECRET_ODOO_KEY`.

    The values never appear in a repr, a log line or an error.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    def find(self, name: str) -> str | None:
        """The credential, without the newline that editors leave; None where there is none."""
        if self._directory is not None:
            path = self._directory / name
            if path.is_file():
                return path.read_text(encoding="utf-8").strip()
        return os.environ.get(ENVIRONMENT_PREFIX + name.upper().replace("-", "_"))
