"""A YAML text's value by libyaml's events, where nothing in it is out of the ordinary."""

import re
from collections.abc import Iterable
from math import isfinite
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

from contracts.documents.builder import MAX_DEPTH, MAX_NODES
from contracts.documents.yaml_reader import plain

# What a plain scalar begins with that is no string.
_NOT_TEXT: Final = frozenset("+-.0123456789tTfFnN~")
_CODE: Final = re.compile(r"0|[1-9][0-9]*")
_SLIGHT: Final = (StreamStartEvent, StreamEndEvent, DocumentEndEvent)


class Unusual(Exception):
    """The text needs the careful reader."""


def read_events(text: str, depth: int = 0) -> Any:
    """The value of a text that stands `depth` levels deep. Raises Unusual, or YAMLError for what is no YAML."""
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
                raise Unusual
            value = event.value
            plainly = event.implicit[0]
            if type(holder) is dict and key is None:
                if plainly and value not in keys:
                    check_key(value)
                    keys.add(value)
                key = value
                if key in holder:
                    raise Unusual
                continue
            if plainly:
                value = plain_value(value)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            holder = stack.pop()
            continue
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            if event.anchor is not None or event.tag is not None or depth + len(stack) >= MAX_DEPTH:
                raise Unusual
            if type(holder) is dict and key is None:
                raise Unusual
            value = {} if kind is MappingStartEvent else []
        elif kind is DocumentStartEvent:
            documents += 1
            if documents > 1:
                raise Unusual
            continue
        elif kind in _SLIGHT:
            continue
        else:
            raise Unusual
        count += 1
        if count > MAX_NODES // 2:
            raise Unusual
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
        raise Unusual
    return root


def plain_value(text: str) -> Any:
    """What a plain scalar means. Raises Unusual for a number that JSON cannot hold."""
    if text and text[0] not in _NOT_TEXT:
        return text
    value = plain(text)
    if type(value) is float and not isfinite(value):
        raise Unusual
    return value


def check_key(text: str) -> None:
    """Refuses a plain key that is no string, but for response codes, which the careful reader takes as such."""
    if text == "<<" or not (isinstance(plain(text), str) or _CODE.fullmatch(text)):
        raise Unusual
