"""The structure of OpenAPI documents, by the schemas that the OpenAPI Initiative publishes for it.

They come with openapi-spec-validator and are read from its files: importing the package takes a third of a second,
as it brings its settings, HTTP handlers and other validators along.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from contracts.openapi.errors import StructureCheck

_PACKAGE: Final = "openapi_spec_validator"


@cache
def structure(minor: str) -> StructureCheck:
    """The check for a version of OpenAPI: `2.0`, `3.0`, `3.1` or `3.2`."""
    return StructureCheck(_schema(minor))


def _schema(minor: str) -> Mapping[str, Any]:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"No module named {_PACKAGE!r}", name=_PACKAGE)
    file = Path(spec.origin).parent / "resources" / "schemas" / f"v{minor}" / "schema.json"
    schema: dict[str, Any] = json.loads(file.read_bytes())
    return schema
