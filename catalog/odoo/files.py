"""Binary fields in a contract: each is a resource below its record, whose body is the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from catalog.odoo.facts import ModelFacts
from catalog.odoo.wanted import WantedField

MOST_BYTES: Final = 10_485_760
"""Of a file that is sent."""
_UNKNOWN: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class File:
    """One binary field. `path` is its segment, `noun` what it is called."""

    field: str
    path: str
    noun: str
    about: str
    readable: bool
    writable: bool
    told_type: bool
    """The record has a field with its media type, and one with its name."""

    @property
    def media_type(self) -> str:
        return "*/*" if self.told_type else _UNKNOWN

    def content(self, *, reading: bool) -> Any:
        """`content` of the mapping."""
        if not self.told_type:
            return self.field
        return {"field": self.field, "media-type": "mimetype", **({"file-name": "name"} if reading else {})}


def files_of(model: ModelFacts, fields: Sequence[WantedField]) -> tuple[File, ...]:
    """Those of a model."""
    told = {"mimetype", "name"} <= model.fields.keys()
    return tuple(
        File(
            each.facts.name,
            each.facts.name.replace("_", "-").lower(),
            each.facts.label.lower(),
            each.facts.help or f"{each.facts.label}, as it is.",
            each.shown,
            each.taken and not each.facts.readonly,
            told,
        )
        for each in fields
        if each.facts.type == "binary"
    )
