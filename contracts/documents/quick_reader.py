"""Reads a sound file in a fraction of the time: its value at once, the places only when somebody asks for one.

Noting the place of every value takes four fifths of a reading, and whoever compares two large documents that are
sound needs few places or none. Whatever is out of the ordinary here (a fault, a tag, an alias, a great depth) is
left to the careful reader, so that the value and the findings are always the careful reader's.
"""

import json
import re
from collections.abc import Iterable
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any, Final

import yaml
from yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from contracts.documents.builder import MAX_DEPTH, MAX_NODES, Spot
from contracts.documents.document import MAX_BYTES, Document, load, parse
from contracts.documents.yaml_reader import plain
from contracts.findings import Finding

# A value takes at least two bytes of text (`1,`), so that a text below this holds fewer than MAX_NODES values.
_FEW_ENOUGH: Final = MAX_NODES * 2
# What a plain scalar begins with that is no string.
_NOT_TEXT: Final = frozenset("+-.0123456789tTfFnN~")
_CODE: Final = re.compile(r"0|[1-9][0-9]*")
_SLIGHT: Final = (StreamStartEvent, StreamEndEvent, DocumentEndEvent)


class _Unusual(Exception):
    """The text needs the careful reader."""


class _Unplaced(Document):
    """A document whose places are read from its text when the first one is asked for."""

    def __init__(self, file: str, value: Any, text: str) -> None:
        self.__dict__.update(file=file, value=value, _text=text)

    @cached_property
    def spot(self) -> Spot:
        document, _ = parse(self.__dict__["_text"], self.file)
        assert document is not None
        return document.spot


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
        value = _json(text) if file.endswith(".json") else _yaml(text)
    except (_Unusual, ValueError, RecursionError, yaml.YAMLError):
        return parse(text, file)
    return _Unplaced(file, value, text), []


def _json(text: str) -> Any:
    if len(text) > _FEW_ENOUGH and text.count(",") + text.count("{") + text.count("[") > MAX_NODES // 2:
        raise _Unusual
    # Only a text that spells a surrogate can hold a lone one.
    if "\\ud" in text or "\\uD" in text:
        raise _Unusual
    value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)
    _check_depth(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Unusual
    return found


def _refuse(_: str) -> Any:
    raise _Unusual


def _finite(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise _Unusual
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
    raise _Unusual


def _yaml(text: str) -> Any:
    root: Any = None
    holder: Any = None  # the innermost mapping or array that is open
    key: str | None = None  # of a mapping: the key that waits for its value
    stack: list[Any] = []
    keys: set[str] = set()  # plain keys that are known to be strings
    count = documents = 0
    events: Iterable[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
    for event in events:
        kind = type(event)
        value: Any
        if kind is ScalarEvent:
            if event.anchor is not None or event.tag is not None:
                raise _Unusual
            value = event.value
            plainly = event.implicit[0]
            if type(holder) is dict and key is None:
                if plainly and value not in keys:
                    _check_key(value)
                    keys.add(value)
                key = value
                if key in holder:
                    raise _Unusual
                continue
            if plainly and (not value or value[0] in _NOT_TEXT):
                value = plain(value)
                if type(value) is float and not isfinite(value):
                    raise _Unusual
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            holder = stack.pop()
            continue
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            if event.anchor is not None or event.tag is not None or len(stack) >= MAX_DEPTH:
                raise _Unusual
            if type(holder) is dict and key is None:
                raise _Unusual
            value = {} if kind is MappingStartEvent else []
        elif kind is DocumentStartEvent:
            documents += 1
            if documents > 1:
                raise _Unusual
            continue
        elif kind in _SLIGHT:
            continue
        else:
            raise _Unusual
        count += 1
        if count > MAX_NODES // 2:
            raise _Unusual
        if type(holder) is dict:
            assert key is not None
            holder[key] = value
            key = None
        elif type(holder) is list:
            holder.append(value)
        else:
            root = value
        if type(value) is dict or type(value) is list:
            stack.append(holder)
            holder = value
    if not documents:
        raise _Unusual
    return root


def _check_key(text: str) -> None:
    """Refuses a plain key that is no string, but for response codes, which the careful reader takes as such."""
    if text == "<<" or not (isinstance(plain(text), str) or _CODE.fullmatch(text)):
        raise _Unusual
