"""The upstream's answer against the contract: reported, or refused before the client gets any of it.

An undeclared status or content type, malformed JSON, and a body that its schema does not admit are violations. To
a refused answer the client gets 502, and nothing of what the upstream said; the log has what was wrong.

Where the policy only reports, for everybody, answers go on as they come and are looked at afterwards (`Sight`);
very long and encoded ones are not. Where it enforces for anybody, each is held until it was judged.
"""

import random
from collections.abc import Iterable
from typing import Final

from contracts.operations import ApiVersion, Operation
from contracts.problems import problem
from policies.answer import Answer, Wish
from policies.exchange import Exchange, Header, Violation
from policies.ports import Ports
from policies.request_schema import can_list_all
from policies.validation.by_status import ByStatus
from policies.validation.json_text import Malformed, parse_lax
from policies.validation.media_types import Content, Entry, content_of
from policies.validation.settings import ResponseSchemaConfig
from policies.validation.validators import Validators, validators_of
from policies.validation.violations import violations_of
from policies.verdict import AnswerFilter, AnswerReport, Deny

POLICY: Final = "response-schema"

EXAMPLE: Final = """\
mode: report
sample: 0.1
consumers: {acme: enforce}
"""

CHECKED_BYTES: Final = 262_144
"""A longer answer is not judged where the policy only reports; it is in bytes."""

_UNDECLARED_STATUS: Final = (
    Violation("status", "", "undeclared-status", "the contract does not declare this status"),
)
_UNDECLARED_TYPE: Final = (
    Violation("header", "/content-type", "undeclared-media-type", "the contract does not declare this media type"),
)
_REFUSED: Final = Deny(
    POLICY, problem("upstream-answer-invalid", "The upstream's answer does not match the contract.")
)
_NO_CONTENT: Final = frozenset({204, 205, 304})
_KNOWN_TYPES: Final = 8
_LONGEST_TYPE: Final = 64
_NOT_MODIFIED: Final = 304
_random: Final = random.random


class ResponseCheck:
    """The check of one operation's answers."""

    __slots__ = ("_declared", "_known")

    def __init__(self, operation: Operation, validators: Validators) -> None:
        # Upstreams write few types, so each is sought once under a status; a full table only stops learning.
        self._known: dict[int, dict[bytes, tuple[Violation, ...] | Entry | None]] = {}
        self._declared: ByStatus[Content] = ByStatus(
            {one.status: content_of(one.content, validators) for one in operation.responses}
        )

    def by_head(
        self, status: int, content_type: bytes | None, length: int
    ) -> tuple[Violation, ...] | Entry | None:
        """What is wrong with an answer's head, or the entry by which its body is to be judged; None for an answer
        that has no body (`length` is 0), or one that may be anything."""
        if content_type is None:
            return self._by_head(status, content_type, length)
        known = self._known.get(status)
        if known is None:
            known = self._known[status] = {}
        if content_type in known:
            return known[content_type]
        found = self._by_head(status, content_type, length)
        if len(known) < _KNOWN_TYPES and len(content_type) <= _LONGEST_TYPE:
            known[content_type] = found
        return found

    def _by_head(
        self, status: int, content_type: bytes | None, length: int
    ) -> tuple[Violation, ...] | Entry | None:
        """The length decides nothing where there is a type."""
        content = self._declared.find(status)
        if content is None:
            # RFC 9110 §15.4.5: it stands for an answer that the client has, and any reading may be answered so.
            return None if status == _NOT_MODIFIED else _UNDECLARED_STATUS
        if not content.ranges or status in _NO_CONTENT:
            return None
        if content_type is None:
            return _UNTYPED if length else None
        entry = content.find(content_type)
        if entry is None:
            return _UNDECLARED_TYPE
        return entry if entry.json and entry.check is not None else None

    def by_body(self, entry: Entry, body: bytes) -> tuple[Violation, ...]:
        """What is wrong with a body."""
        if entry is _UNTYPED:
            return _UNDECLARED_TYPE if body else ()
        assert entry.check is not None
        value = parse_lax(body)
        if type(value) is Malformed:
            return (Violation("body", "", "malformed-json", str(value)),)
        if entry.check.is_valid(value):
            return ()
        return tuple(violations_of(entry.check, value, "body", all_of_them=can_list_all(body)))

    def check(self, status: int, headers: Iterable[Header], body: bytes | None) -> tuple[Violation, ...]:
        """What is wrong with an answer; with a `body` of None, with its head."""
        content_type, encoded, length = _head(headers)
        found = self.by_head(status, content_type, length)
        if isinstance(found, Entry):
            return () if encoded or body is None else self.by_body(found, body)
        return found or ()


_UNTYPED: Final = Entry(json=False, check=None, range="")
"""An answer of no media type: where it has a body, that is of no declared one."""


class Sight:
    """Looks at answers on their way. Implements `policies.verdict.AnswerReport`."""

    __slots__ = ("_check", "_sample")

    def __init__(self, check: ResponseCheck, sample: float) -> None:
        self._check = check
        self._sample = sample

    def look(self, exchange: Exchange, status: int, headers: Iterable[Header]) -> Entry | None:
        if self._sample < 1.0 and _random() >= self._sample:
            return None
        content_type, encoded, length = _head(headers)
        found = self._check.by_head(status, content_type, length)
        if isinstance(found, Entry):
            return None if encoded or length > CHECKED_BYTES else found
        if found is not None:
            note(exchange, found)
        return None

    def report(self, exchange: Exchange, found: Entry, body: bytes) -> None:
        violations = self._check.by_body(found, body) if len(body) <= CHECKED_BYTES else ()
        if violations:
            note(exchange, violations)


class ResponseFilter:
    """Holds each answer until it was judged. Implements `policies.verdict.AnswerFilter`."""

    __slots__ = ("_check",)

    def __init__(self, check: ResponseCheck) -> None:
        self._check = check

    def head(self, exchange: Exchange, answer: Answer) -> Wish | Deny:
        if exchange.method == "HEAD":
            return Wish.PASS
        length = -1 if answer.length is None else answer.length
        found = self._check.by_head(answer.status, answer.field(b"content-type"), length)
        if found is None:
            return Wish.PASS
        if not isinstance(found, Entry):
            return _refused(exchange, found)
        exchange.note(POLICY, found)
        return Wish.WHOLE

    def body(self, exchange: Exchange, answer: Answer) -> Deny | None:
        entry: Entry = exchange.noted(POLICY)
        found = self._check.by_body(entry, answer.body)
        return _refused(exchange, found) if found else None


def bind_answer(
    config: ResponseSchemaConfig, version: ApiVersion, operation: Operation, ports: Ports
) -> AnswerFilter | None:
    """The policy where it enforces, and where it reports for some and not for others."""
    check = check_of(version, operation)
    return None if check is None else ResponseFilter(check)


def report_answer(
    config: ResponseSchemaConfig, version: ApiVersion, operation: Operation, ports: Ports
) -> AnswerReport | None:
    """The policy where it does no more than report."""
    check = check_of(version, operation)
    return None if check is None or config.sample == 0 else Sight(check, config.sample)


def _refused(exchange: Exchange, violations: tuple[Violation, ...]) -> Deny:
    exchange.violations = violations
    return _REFUSED


def check_of(version: ApiVersion, operation: Operation) -> ResponseCheck | None:
    """None where the contract declares no responses: then there is nothing to hold an answer to."""
    return ResponseCheck(operation, validators_of(version)) if operation.responses else None


def note(exchange: Exchange, violations: tuple[Violation, ...]) -> None:
    """What was found, where that changes nothing for the client."""
    exchange.violations = violations
    exchange.would_refuse = (*exchange.would_refuse, POLICY)


def _head(headers: Iterable[Header]) -> tuple[bytes | None, bool, int]:
    """Content-Type, whether the content is encoded, and its declared length; -1 where there is none."""
    content_type: bytes | None = None
    encoded = False
    length = -1
    for name, value in headers:
        size = len(name)
        if size == 12 and name.lower() == b"content-type":
            content_type = value
        elif size == 14 and name.lower() == b"content-length":
            length = int(value) if value.isdigit() else -1
        elif size == 16 and name.lower() == b"content-encoding":
            encoded = value.strip().lower() != b"identity"
    return content_type, encoded, length
