"""The wheel with compiled modules in it: a build hook of hatchling, switched on by `OSTIARY_COMPILE`.

Unset or `0`, the wheel is pure Python and fits every machine. With `1` it holds the extension modules too, for
this Python and platform alone, and building fails where they cannot be made; with `auto` it is pure there, with a
warning. With `quick` it is as with `1`, but the compiler is not shown what runs often.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledWheel(BuildHookInterface[Any]):
    """Adds what `hot_path.py` makes to the wheel."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return ["mypy>=2.4", "setuptools>=65"] if _wanted() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        wanted = _wanted()
        if not wanted or version == "editable":
            return
        script = Path(self.root, "gateway", "compiling", "hot_path.py")
        options = ["--untrained"] if wanted == "quick" else []
        done = subprocess.run([sys.executable, script, *options], capture_output=True, text=True)
        if done.returncode:
            reason = done.stderr.strip()
            if wanted != "auto":
                raise RuntimeError(f"{reason}\nWithout OSTIARY_COMPILE the wheel is pure Python, and slower.")
            self.app.display_warning(f"The wheel is pure Python, and slower: {reason}")
            return
        packages = Path(done.stdout.strip())
        for extension in packages.rglob("*.so"):
            build_data["force_include"][str(extension)] = str(extension.relative_to(packages))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True


def _wanted() -> str:
    value = os.environ.get("OSTIARY_COMPILE", "")
    return "" if value == "0" else value
