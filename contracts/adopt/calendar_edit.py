"""Puts a version's calendar into the text of its `api.yaml`, or takes it out, and leaves the rest as it is."""

from collections.abc import Mapping
from typing import Any, Final

from contracts.adopt.yaml_edit import YamlEdit
from contracts.documents.document import Document, escape

CALENDAR_KEYS: Final = ("deprecation", "sunset", "successor", "migration-guide", "brown-outs")
"""What `without_calendar` takes out."""


def with_calendar(document: Document, text: str, version: str, members: Mapping[str, Any]) -> tuple[str, bool]:
    """The text of an `api.yaml` with these members in a version's entry; None takes a member out.

    Also says whether comments and layout stayed. `text` is what `document` was parsed from, which has the version.
    """
    edit = YamlEdit(document, text)
    pointer = f"/versions/{escape(version)}"
    entry: dict[str, Any] = dict(document.value["versions"][version] or {})
    if not entry or _is_flow(document, pointer, entry):
        merged = {**entry, **members}
        whole = {key: value for key, value in merged.items() if value is not None}
        edit.put("/versions", version, whole)
        return edit.result()
    for key, value in members.items():
        if value is not None:
            if entry.get(key) != value:  # a line that says it already keeps its comment
                edit.put(pointer, key, value)
        elif key in entry:
            edit.remove(pointer, key)
    return edit.result()


def without_calendar(document: Document, text: str, version: str) -> tuple[str, bool]:
    """The text with the version published, and no end to it."""
    return with_calendar(document, text, version, {"state": "published", **dict.fromkeys(CALENDAR_KEYS)})


def _is_flow(document: Document, pointer: str, entry: Mapping[str, Any]) -> bool:
    """Whether the entry is written in braces: it begins on its key's own line."""
    first = document.place_of_key(f"{pointer}/{escape(next(iter(entry)))}")
    return first.line == document.place_of_key(pointer).line
