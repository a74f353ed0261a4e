"""Formats: which documents a rule is for."""

import re
from typing import Any, Final

OPENAPI_FORMATS: Final = ("oas2", "oas3", "oas3_0", "oas3_1", "oas3_2")
_SPELT: Final = {"oas3.0": "oas3_0", "oas3.1": "oas3_1", "oas3.2": "oas3_2"}
# Spectral knows these too; what we lint is never of them.
_OTHER: Final = re.compile(r"(?:asyncapi|aas|json-?schema|arazzo)[A-Za-z0-9._-]*")
_PATCH: Final = re.compile(r"3\.([012])(?:\.[0-9]*)?")


def format_of(name: str) -> str | None:
    """The format by one of its names; None for a name that nobody knows."""
    name = _SPELT.get(name, name)
    return name if name in OPENAPI_FORMATS or _OTHER.fullmatch(name) else None


def formats_of(value: Any) -> frozenset[str]:
    """The formats that a document is of; none for what is no OpenAPI document."""
    if not isinstance(value, dict):
        return frozenset()
    if "openapi" in value:
        text = str(value["openapi"])
        if not text.startswith("3"):
            return frozenset()
        match = _PATCH.fullmatch(text)
        return frozenset(("oas3", f"oas3_{match[1]}")) if match else frozenset(("oas3",))
    return frozenset(("oas2",)) if str(value.get("swagger", "")).startswith("2") else frozenset()
