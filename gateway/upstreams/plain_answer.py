"""The head of a plain answer, read line by line: a status, fields, and a length. Pure.

Servers send the same lines with each answer, but for a few, so that most are looked up. Whatever is not plain is
left to llhttp, which judges it from its first byte: an interim answer, a coding, no length or two, a connection
that closes, a body that a status forbids, a line that is odd in any way. What is read here, llhttp reads alike.
"""

import re
from typing import Final

from gateway.wire.names import NameTable
from gateway.wire.recent import Recent
from policies.exchange import Header
from policies.field_names import HOP_BY_HOP

PASSES: Final = 0
LENGTH: Final = 1
CODING: Final = 2
CONNECTION: Final = 3
UPGRADE: Final = 4
DROPPED: Final = 5
_ROLES: Final = dict.fromkeys(HOP_BY_HOP, DROPPED) | {
    b"content-length": LENGTH,
    b"transfer-encoding": CODING,
    b"connection": CONNECTION,
    b"upgrade": UPGRADE,
}


def _role_of(name: bytes) -> int:
    return _ROLES.get(name.lower(), PASSES)


roles: Final = NameTable(_role_of)
"""What the field of a name does to an answer."""

_MAX_HEAD: Final = 8_192
_MAX_FIELDS: Final = 100
_STATUS: Final = re.compile(rb"HTTP/1\.1 ([2-5][0-9]{2}) [ -~]*\Z")
_BARE: Final = frozenset({204, 205, 304})
# A value neither begins nor ends with a space: the parsers differ in what they make of one.
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([!-~](?:[\t -~]*[!-~])?)\Z")
_DIGITS: Final = re.compile(rb"[0-9]{1,15}\Z")
_HELD: Final = 1024
_LONGEST: Final = 128
_SECRET: Final = b"set-cookie"


class PlainAnswer:
    """`fields` are those that pass this hop, `length` the body's in bytes, `body` what has come of it."""

    __slots__ = ("body", "fields", "length", "status")

    def __init__(self, status: int, fields: list[Header], length: int, body: bytes) -> None:
        self.status = status
        self.fields = fields
        self.length = length
        self.body = body


class _Line:
    """A line by itself. `number` is the status or the length that it tells."""

    __slots__ = ("header", "number", "role")

    def __init__(self, role: int, header: Header, number: int) -> None:
        self.role = role
        self.header = header
        self.number = number


_START: Final = -1
_ODD: Final = _Line(CODING, (b"", b""), 0)
_lines: Final[Recent[bytes, _Line]] = Recent(_HELD)


def plain_answer(data: bytes) -> PlainAnswer | None:
    """The head that `data` begins with, if it is whole and plain."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end or len(head) > _MAX_HEAD:
        return None
    status, length = 0, -1
    fields: list[Header] = []
    for text in head.split(b"\r\n"):
        line = _lines.get(text)
        if line is None:
            line = _read(text)
        role = line.role
        if (role == _START) is (status > 0):
            return None
        if role == PASSES:
            fields.append(line.header)
        elif role == LENGTH:
            if length >= 0:
                return None
            length = line.number
        elif role == _START:
            status = line.number
        elif role == CODING:
            return None
    if length < 0 or len(fields) > _MAX_FIELDS:
        return None
    return PlainAnswer(status, fields, length, body)


def _read(text: bytes) -> _Line:
    """What a line says; `_ODD` where it is not plain."""
    field = _FIELD.match(text)
    if field is None:
        start = _STATUS.match(text)
        if start is None or int(start[1]) in _BARE:
            return _ODD
        return _hold(text, _Line(_START, (b"", b""), int(start[1])))
    name, value = field.groups()
    role = roles[name]
    number = 0
    if role == LENGTH:
        if _DIGITS.match(value) is None:
            return _ODD
        number = int(value)
    elif role in (CODING, UPGRADE) or (role == CONNECTION and value.lower() != b"keep-alive"):
        return _ODD
    line = _Line(role, (name, value), number)
    return line if name.lower() == _SECRET else _hold(text, line)


def _hold(text: bytes, line: _Line) -> _Line:
    if len(text) <= _LONGEST:
        _lines.put(text, line)
    return line
