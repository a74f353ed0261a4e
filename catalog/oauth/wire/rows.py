"""Values of the authorisation server as rows: lists of texts are JSON arrays there."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

S = TypeVar("S", bound=msgspec.Struct)

_LISTS: Final = ("scopes", "resources")


def values_of(value: msgspec.Struct) -> dict[str, Any]:
    """The columns of a value."""
    values = msgspec.structs.asdict(value)
    return {name: msgspec.json.encode(each).decode() if name in _LISTS else each for name, each in values.items()}


def struct_of(kind: type[S], row: Mapping[Any, Any]) -> S:
    """The value of a row, whatever other columns that has."""
    members = {name: row[name] for name in kind.__struct_fields__}
    for name in _LISTS:
        members[name] = msgspec.json.decode(members[name], type=tuple[str, ...])
    return kind(**members)
