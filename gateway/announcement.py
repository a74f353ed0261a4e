"""Says where a gateway listens, to whoever started it on port 0."""

import json
import os
from pathlib import Path


def announce(path: Path | None, ports: dict[str, int]) -> None:
    """Writes the bound ports and the process id as JSON; the file appears whole or not at all."""
    if path is not None:
        temporary = path.with_suffix(".part")
        temporary.write_text(json.dumps({**ports, "pid": os.getpid()}), encoding="utf-8")
        temporary.replace(path)
