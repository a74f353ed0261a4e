"""Reads a sound file in a fraction of the time: its value at once, the places only when somebody asks for one.

Noting the place of every value takes four fifths of a reading, and whoever compares two large documents that are
sound needs few places or none. Whatever is out of the ordinary here (a fault, a tag, an alias, a great depth) is
left to the careful reader, so that the value and the findings are always the careful reader's.
"""

import json
import re
from collections.abc import Callable
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any, Final

import yaml

from contracts.documents.block_places import block_places
from contracts.documents.block_reader import STRANGE, read_blocks, with_one_line_break
from contracts.documents.builder import MAX_DEPTH, MAX_NODES
from contracts.documents.document import MAX_BYTES, Document, load, parse
from contracts.documents.event_reader import Unusual, read_events
from contracts.documents.json_places import json_places
from contracts.documents.spot import Spot
from contracts.findings import Finding

# A value takes at least two bytes of text (`1,`), so that a text below this holds fewer than MAX_NODES values.
_FEW_ENOUGH: Final = MAX_NODES * 2
# A key between quotes that libyaml takes has up to 1,024 characters, and of those six may stand for one.
_LONGEST_KEY: Final = 160
_FAR_COLON: Final = re.compile(r"\n[ \r]*:")


class _Unplaced(Document):
    """A document whose places are looked for in its text when the first one is asked for."""

    def __init__(self, file: str, value: Any, text: str, places: Callable[[str], Spot]) -> None:
        self.__dict__.update(file=file, value=value, _text=text, _places=places)

    @cached_property
    def spot(self) -> Spot:
        places: Callable[[str], Spot] = self.__dict__["_places"]
        return places(self.__dict__["_text"])


def load_quickly(path: Path, file: str) -> tuple[Document | None, list[Finding]]:
    """As `load`, with the same value and the same findings."""
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b""
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return load(path, file)
    return parse_quickly(text, file) if data else load(path, file)


def parse_quickly(text: str, file: str) -> tuple[Document | None, list[Finding]]:
    """As `parse`, with the same value and the same findings."""
    try:
        value, places = (_json(text), json_places) if file.endswith(".json") else _yaml(text)
    except (Unusual, ValueError, RecursionError, yaml.YAMLError):
        return parse(text, file)
    return _Unplaced(file, value, text, places), []


def _json(text: str, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    if len(text) > _FEW_ENOUGH and text.count(",") + text.count("{") + text.count("[") > MAX_NODES // 2:
        raise Unusual
    # Only a text that spells a surrogate can hold a lone one.
    if "\\ud" in text or "\\uD" in text:
        raise Unusual
    value = json.loads(text, object_pairs_hook=pairs or _unique, parse_constant=_refuse, parse_float=_finite)
    _check_depth(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unusual
    return found


def _unique_and_short(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for key, _ in pairs:
        if len(key) > _LONGEST_KEY:
            raise Unusual
    return _unique(pairs)


def _refuse(_: str) -> Any:
    raise Unusual


def _finite(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise Unusual
    return value


def _check_depth(value: Any) -> None:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return
    raise Unusual


def _yaml(text: str) -> tuple[Any, Callable[[str], Spot]]:
    if text.startswith(("{", "[")):
        try:
            return _json_in_yaml(text), json_places
        except (Unusual, ValueError):
            pass  # flow collections of YAML's own
    try:
        return read_blocks(text), block_places
    except (Unusual, yaml.YAMLError):
        return read_events(text), _read_places


def _json_in_yaml(text: str) -> Any:
    """The value of a JSON text as YAML has it. YAML 1.2 is meant to hold JSON (§1.3). libyaml does, but for tabs,
    characters that are not printable, long keys, and keys whose colon stands on another line."""
    if "\t" in text or STRANGE.search(with_one_line_break(text)) or _FAR_COLON.search(text):
        raise Unusual
    return _json(text, _unique_and_short)


def _read_places(text: str) -> Spot:
    document, _ = parse(text, "")
    assert document is not None
    return document.spot
