"""JSON Schemas (2020-12) of an estate's files, for editors: completion, documentation and red underlines."""

from typing import Any, Final

import msgspec

from contracts.estate_files import ApiFile, ConsumersFile, EstateFile, TeamsFile

KINDS: Final[dict[str, type[msgspec.Struct]]] = {
    "estate": EstateFile,
    "teams": TeamsFile,
    "consumers": ConsumersFile,
    "api": ApiFile,
}
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema_of(kind: str) -> dict[str, Any]:
    """The schema of one kind of file. Raises KeyError for a kind that is not in `KINDS`."""
    return {"$schema": DIALECT, "$id": f"urn:ostiary:schema:{kind}", **msgspec.json.schema(KINDS[kind])}


def schema_file(kind: str) -> str:
    """The name of the schema's file, to which a scaffold's modeline points."""
    return f"{kind}.schema.json"
