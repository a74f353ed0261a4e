"""The requests about one subject: its kind's values as its style writes them, drawn ones, and odd texts.

The draw is fixed by the subject's name: the same requests every time, on every machine.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

from tests.conformance.openapi.corpus import Case
from tests.conformance.openapi.generated import styles
from tests.conformance.openapi.generated.bodies import Body, mutated
from tests.conformance.openapi.generated.kinds import Kind
from tests.conformance.openapi.generated.subjects import MULTIPART, URLENCODED, Subject

EACH: Final = 30
"""Requests about each subject."""

_LISTS: Final = ("", ",", "1,", ",1", "1,,2", "1%2C2", "1%7C2", "1%202", "1|2", "1+2", "a", "1;2", "1.2")
_OBJECTS: Final = (
    "",
    "R",
    "R,1,name",
    "R,1,R,2",
    "R=1",
    "R=1,name=a",
    "R=1=2",
    "R,1,name,a",
    "%52,1",
    "R%2C1",
    "{}",
)
_JSONS: Final = ("", "{", "null", "1", '{"R":1,"R":2}', '{"R":1}x', "[1,2]", '["a"', "NaN", '{"R":1e400}', "[01]")
_BOUNDARY: Final = "boundary"


@dataclass(frozen=True)
class Request(Case):
    """`made` says how: `good` or `bad` (a value of the kind's), `drawn`, `text`, `twice`, `absent`, `unknown`
    (with one more name) or `mutated`."""

    made: str = ""
    raw: str = ""
    """What stands in place of the value, still encoded."""

    def __str__(self) -> str:
        return f"{self.operation} {self.made} {self.raw!r}"


def requests(subject: Subject) -> list[Request]:
    """EACH of them, the fixed ones first."""
    found: dict[str, Request] = {}
    for made, value in _given(subject):
        request = _request(subject, made, value)
        if request is not None:
            found.setdefault(request.raw, request)
        if len(found) == EACH:
            break
    return list(found.values())


def _given(subject: Subject) -> Iterator[tuple[str, Any]]:
    source = random.Random(subject.operation)
    kind = subject.kind
    yield from (("good", value) for value in kind.good)
    if isinstance(kind, Body):
        yield from (("text", text) for text in _JSONS)
        for _ in range(40 * EACH):
            yield "mutated", mutated(source.choice(kind.good), source)
        return
    yield from (("bad", value) for value in kind.bad)
    yield from ((made, kind.good[0]) for made in ("absent", "twice", "unknown"))
    # An equal share for texts and for drawn values, where there are more of the former.
    texts = list(_texts(subject, kind))
    source.shuffle(texts)
    yield from (("text", text) for text in texts[: (EACH - len(kind.good) - len(kind.bad)) // 2])
    for _ in range(40 * EACH):
        yield "drawn", kind.draw(source)


def _texts(subject: Subject, kind: Kind) -> tuple[str, ...]:
    if subject.style == "content":
        return tuple(quote(text, safe="") if subject.place == "query" else text for text in _JSONS)
    if kind.composite == "array":
        return _LISTS
    return _OBJECTS if kind.composite == "object" else kind.texts


def _request(subject: Subject, made: str, value: Any) -> Request | None:
    """None for what another rule than the contract's refuses: no path, and no header field."""
    match subject.place:
        case "body":
            text = value if made == "text" else json.dumps(value)
            return _with_body(subject, made, text, text.encode(), "application/json")
        case "parts":
            return _in_parts(subject, made, value)
        case "path":
            return _in_path(subject, made, value)
        case "header" | "cookie":
            return _in_head(subject, made, value)
        case _:
            return _in_pairs(subject, made, value)


def _with_body(subject: Subject, made: str, raw: str, body: bytes, content_type: str) -> Request:
    headers = (("Content-Type", content_type),)
    return Request(subject.operation, "x", raw, headers=headers, body=body, made=made, raw=raw)


def _in_pairs(subject: Subject, made: str, value: Any) -> Request:
    if made == "absent":
        raw = ""
    elif made == "twice":
        one, other = (styles.in_query("x", each, subject.style, subject.explode) for each in subject.kind.good[:2])
        raw = f"{one}&{other}"
    elif made == "text":
        raw = f"x={value}" if subject.style != "deepObject" else f"x[R]={value}"
    else:
        raw = styles.in_query("x", value, subject.style or "form", subject.explode)
        if not subject.style and isinstance(value, dict):
            raw = styles.in_query("x", value, "content", False)
        if made == "unknown":
            raw += "&unknown=1"
    if subject.place == "form":
        return _with_body(subject, made, raw, raw.encode(), URLENCODED)
    return Request(subject.operation, "x", raw, query=raw, made=made, raw=raw)


def _in_path(subject: Subject, made: str, value: Any) -> Request | None:
    if made in ("absent", "twice", "unknown"):
        return None
    raw = value if made == "text" else styles.in_path("x", value, subject.style, subject.explode)
    if made == "text" and subject.style != "simple":
        raw = ("." if subject.style == "label" else ";x=") + raw
    # What the target's normalisation refuses, or no path can have.
    if not raw or raw in (".", "..") or any(each in unquote(raw) for each in "/\\?#\x00\n") or not raw.isascii():
        return None
    return Request(subject.operation, "x", raw, value=raw, made=made, raw=raw)


def _in_head(subject: Subject, made: str, value: Any) -> Request | None:
    if made in ("twice", "unknown") or (made == "text" and subject.place == "header" and "%" in value):
        return None
    if made == "absent":
        raw = ""
    elif subject.place == "cookie":
        raw = f"x={value}" if made == "text" else styles.in_query("x", value, subject.style, subject.explode)
    else:
        raw = value if made == "text" else styles.in_header(value, subject.style, subject.explode)
    if not raw.isascii() or not raw.isprintable() or raw != raw.strip():
        return None
    name = "Cookie" if subject.place == "cookie" else "x" if subject.style == "content" else "X-X"
    headers = () if made == "absent" else ((name, raw),)
    return Request(subject.operation, "x", raw, headers=headers, made=made, raw=raw)


def _in_parts(subject: Subject, made: str, value: Any) -> Request:
    if made == "absent":
        given: list[Any] = []
    elif made == "twice":
        given = list(subject.kind.good[:2])
    elif isinstance(value, list):
        given = value
    else:
        given = [value]
    text = ""
    for each in given:
        head = 'Content-Disposition: form-data; name="x"'
        if isinstance(each, dict | list):
            head, each = f"{head}\r\nContent-Type: application/json", json.dumps(each)
        text += f"--{_BOUNDARY}\r\n{head}\r\n\r\n{styles.plain(each)}\r\n"
    if made == "unknown":
        text += f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="unknown"\r\n\r\n1\r\n'
    text += f"--{_BOUNDARY}--\r\n"
    return _with_body(subject, made, text, text.encode(), f"{MULTIPART}; boundary={_BOUNDARY}")
