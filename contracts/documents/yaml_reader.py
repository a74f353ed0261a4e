"""Reads YAML into a builder: libyaml's events, resolved by the core schema of YAML 1.2.2 (§10.3.2)."""

import math
import re
from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from contracts.documents.builder import Builder, Refused, quote

_NULL: Final = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEANS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_BASED: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_STATUS: Final = re.compile(r"0|[1-9][0-9]*")
_TAG: Final = "tag:yaml.org,2002:"


def read_yaml(text: str, builder: Builder) -> None:
    """Raises Refused for text that is no YAML, or holds more than one document."""
    documents = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            start = event.start_mark
            assert start is not None
            line, column = start.line + 1, start.column + 1
            if isinstance(event, ScalarEvent):
                _scalar(event, builder, line, column)
            elif isinstance(event, MappingStartEvent | SequenceStartEvent):
                _check_collection(event, builder, line, column)
                mapping = isinstance(event, MappingStartEvent)
                builder.open({} if mapping else [], line, column, event.anchor)
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                builder.close()
            elif isinstance(event, AliasEvent):
                if builder.wants_key:
                    raise Refused("yaml-syntax", f"the alias `*{event.anchor}` stands as a key", line, column)
                builder.alias(event.anchor or "", line, column)
            elif isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise Refused("yaml-syntax", "a second document starts here; a file holds one", line, column)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.problem, error.context) if part)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise Refused("yaml-syntax", f"this is not YAML: {problem}", line, column) from None
    except yaml.reader.ReaderError as error:
        # The C reader counts bytes of its UTF-8 input.
        before = text.encode()[: error.position].decode(errors="replace")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        raise Refused("yaml-syntax", f"this is not YAML: {error.reason}", line, column) from None
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise Refused("yaml-syntax", "a lone surrogate is no character", line, 1) from None


def _check_collection(
    event: MappingStartEvent | SequenceStartEvent, builder: Builder, line: int, column: int
) -> None:
    kind = "map" if isinstance(event, MappingStartEvent) else "seq"
    if event.tag not in (None, "!", _TAG + kind):
        raise Refused("yaml-syntax", f"the tag {quote(str(event.tag))} is not allowed", line, column)
    if builder.wants_key:
        raise Refused("key-not-string", "a key is a mapping or a sequence; keys are strings", line, column)


def _scalar(event: ScalarEvent, builder: Builder, line: int, column: int) -> None:
    text: str = event.value
    value: Any = text
    if event.tag not in (None, "!"):
        value = _tagged(event.tag, text, line, column)
    elif event.tag is None and event.implicit[0]:
        value = plain(text)
    if not builder.wants_key:
        if isinstance(value, float) and not math.isfinite(value):
            builder.finding("yaml-syntax", f"{quote(text)} is a number that JSON cannot hold", line, column)
            value = None
        builder.scalar(value, line, column, event.anchor)
    elif value is text or isinstance(value, str):
        if text == "<<" and event.implicit[0]:
            builder.refuse_key("merge-key", "merge keys (`<<`) are not YAML 1.2; write the keys out", line, column)
        else:
            builder.key(text, line, column)
    elif isinstance(value, int) and not isinstance(value, bool) and _STATUS.fullmatch(text):
        builder.key(text, line, column)  # `200:`, as everybody writes response codes
    else:
        builder.refuse_key("key-not-string", f"the key {quote(text)} is not a string; quote it", line, column)


def plain(text: str) -> Any:
    """What a plain scalar means; an infinity for every number that JSON cannot hold."""
    if text in _NULL:
        return None
    if text[0] not in "+-.0123456789tTfF":
        return text
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    try:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _BASED.fullmatch(text):
            return int(text, 0)
    except ValueError:
        return math.inf  # beyond the digits that Python converts; refused with the other numbers
    if _FLOAT.fullmatch(text):
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return math.inf
    return text


def _tagged(tag: str | None, text: str, line: int, column: int) -> Any:
    wanted = {"str": str, "int": int, "float": float, "bool": bool, "null": type(None)}.get(
        (tag or "").removeprefix(_TAG)
    )
    if wanted is None:
        raise Refused("yaml-syntax", f"the tag {quote(str(tag))} is not allowed", line, column)
    if wanted is str:
        return text
    value = plain(text)
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise Refused("yaml-syntax", f"{quote(text)} does not fit its tag {quote(str(tag))}", line, column)
    return value
