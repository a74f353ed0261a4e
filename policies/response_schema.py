"""The upstream's answer against the contract, in report mode: what is found is recorded, the answer goes on.

An undeclared status or content type, malformed JSON, and a body that its schema does not admit are reported.
"""

from collections.abc import Iterable
from typing import Final

from contracts.operations import ApiVersion, Operation
from policies.exchange import Header, Violation
from policies.ports import Ports
from policies.request_schema import can_list_all
from policies.validation.json_text import Malformed, parse_lax
from policies.validation.media_types import Content, content_of
from policies.validation.validators import Validators, validators_of
from policies.validation.violations import violations_of

POLICY: Final = "response-schema"

CHECKED_BYTES: Final = 262_144
"""A longer answer passes unchecked; it is in bytes."""

_UNDECLARED_STATUS: Final = (
    Violation("status", "", "undeclared-status", "the contract does not declare this status"),
)
_UNDECLARED_TYPE: Final = (
    Violation("header", "/content-type", "undeclared-media-type", "the contract does not declare this media type"),
)
_NO_CONTENT: Final = frozenset({204, 205, 304})


class ResponseCheck:
    """The check of one operation's answers."""

    __slots__ = ("_by_range", "_by_status", "_default")

    def __init__(self, operation: Operation, validators: Validators) -> None:
        declared = {one.status.upper(): content_of(one.content, validators) for one in operation.responses}
        self._default = declared.pop("DEFAULT", None)
        self._by_status = {int(status): content for status, content in declared.items() if status.isdigit()}
        self._by_range = {int(status[0]): content for status, content in declared.items() if status.endswith("XX")}

    def _content(self, status: int) -> Content | None:
        content = self._by_status.get(status)
        if content is None:
            content = self._by_range.get(status // 100, self._default)
        return content

    def wants(self, status: int, headers: Iterable[Header]) -> bool:
        """Whether `check` has anything to say or to look at: JSON with a schema, or an undeclared answer."""
        content = self._content(status)
        if content is None:
            return True
        if not content.ranges or status in _NO_CONTENT:
            return False
        content_type, encoded, length = _head(headers)
        if content_type is None:
            return False
        entry = content.find(content_type)
        if entry is None:
            return True
        return entry.json and entry.check is not None and not encoded and length <= CHECKED_BYTES

    def check(self, status: int, headers: Iterable[Header], body: bytes | None) -> tuple[Violation, ...]:
        """What is wrong with an answer. A `body` of None was not kept; only its head is judged."""
        content = self._content(status)
        if content is None:
            return _UNDECLARED_STATUS
        content_type, encoded, _ = _head(headers)
        if not content.ranges or status in _NO_CONTENT or content_type is None:
            return ()
        entry = content.find(content_type)
        if entry is None:
            return _UNDECLARED_TYPE
        if not entry.json or entry.check is None or encoded or body is None or len(body) > CHECKED_BYTES:
            return ()
        value = parse_lax(body)
        if type(value) is Malformed:
            return (Violation("body", "", "malformed-json", str(value)),)
        if entry.check.is_valid(value):
            return ()
        return tuple(violations_of(entry.check, value, "body", all_of_them=can_list_all(body)))


def bind(version: ApiVersion, operation: Operation, ports: Ports | None = None) -> ResponseCheck | None:
    """None where the contract declares no responses: then there is nothing to hold an answer to."""
    return ResponseCheck(operation, validators_of(version)) if operation.responses else None


def _head(headers: Iterable[Header]) -> tuple[bytes | None, bool, int]:
    """Content-Type, whether the content is encoded, and its declared length (0 where there is none)."""
    content_type: bytes | None = None
    encoded = False
    length = 0
    for name, value in headers:
        size = len(name)
        if size == 12 and name.lower() == b"content-type":
            content_type = value
        elif size == 14 and name.lower() == b"content-length":
            length = int(value) if value.isdigit() else 0
        elif size == 16 and name.lower() == b"content-encoding":
            encoded = value.strip().lower() != b"identity"
    return content_type, encoded, length
