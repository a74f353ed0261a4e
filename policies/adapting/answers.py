"""An answer of one version as one of another."""

from http import HTTPStatus
from typing import Any, Final

import msgspec

from contracts.operations import AdaptedTo, ApiVersion, Operation
from contracts.problems import CONTENT_TYPE, problem
from policies.adapting.names import renaming
from policies.adapting.requests import POLICY
from policies.answer import Answer, Wish
from policies.exchange import Exchange
from policies.field_names import DIGESTS
from policies.mapping.exact_json import NotJsonError, read_exact, write_exact
from policies.mapping.mapping import Mapping, MappingError
from policies.response_schema import ResponseCheck
from policies.validation.media_types import Entry, is_json, parse_content_type
from policies.validation.validators import validators_of
from policies.verdict import Deny

_FIRST_ERROR: Final = 400
_WITHOUT_CONTENT: Final = frozenset({204, 205, 304})
_UNMAPPED: Final = "The answer is no JSON, and of no type that the version has."
_DETAIL: Final = "The version that serves this one has refused the request."


class AnswerAdapter:
    """What it makes of an answer the policy `response-schema` holds to the old contract; of an error that this one
    does not know, it makes one that says nothing more."""

    __slots__ = ("_check", "_errors", "_mapping", "_reads", "_rename", "_statuses")

    def __init__(
        self,
        version: ApiVersion,
        operation: Operation,
        target: AdaptedTo,
        mapping: Mapping,
        errors: Mapping,
        statuses: dict[int, int],
    ) -> None:
        self._mapping = mapping
        self._errors = errors
        self._statuses = statuses
        self._check = ResponseCheck(operation, validators_of(version)) if operation.responses else None
        self._rename = renaming(version.choice, target.version, version.version)
        self._reads = target.method == "GET"

    def head(self, exchange: Exchange, answer: Answer, /) -> Wish | Deny:
        answer.status = self._statuses.get(answer.status, answer.status)
        answer.headers = [self._rename(header) for header in answer.headers]
        if self._mapping and _is_json(answer):
            answer.without(*DIGESTS)
            if self._bare(exchange):
                answer.length = None  # that of other content (RFC 9110 §8.6)
        if self._bare(exchange) or answer.status in _WITHOUT_CONTENT or answer.status < HTTPStatus.OK:
            return Wish.PASS
        if answer.status >= _FIRST_ERROR:
            return Wish.WHOLE
        if not self._mapping:
            return Wish.PASS
        return Wish.WHOLE if _is_json(answer) else self._as_it_is(answer)

    def _as_it_is(self, answer: Answer) -> Wish | Deny:
        """Of content that cannot be mapped, what the contract of the version that was called has too."""
        if self._check is not None:
            found = self._check.by_head(answer.status, answer.field(b"content-type"), answer.length or 0)
            if isinstance(found, tuple):
                return Deny(POLICY, problem("answer-not-adaptable", _UNMAPPED))
        return Wish.PASS

    def _bare(self, exchange: Exchange) -> bool:
        return exchange.method == "HEAD" and self._reads

    def body(self, exchange: Exchange, answer: Answer, /) -> Deny | None:
        error = answer.status >= _FIRST_ERROR
        mapping = self._errors if error else self._mapping
        try:
            if mapping and _is_json(answer):
                self._map(mapping, answer)
        except (NotJsonError, MappingError) as fault:
            if not error:
                return Deny(POLICY, problem("answer-not-adaptable", _told(fault)))
            _plain(answer)
            return None
        if error and not self._is_known(answer):
            _plain(answer)
        return None

    def _map(self, mapping: Mapping, answer: Answer) -> None:
        whole: dict[str, Any] = {"body": read_exact(answer.body)}
        mapping.apply(whole)
        answer.without(*DIGESTS)
        answer.body = write_exact(whole["body"]) if "body" in whole else b""
        answer.value = msgspec.UNSET

    def _is_known(self, answer: Answer) -> bool:
        """Whether an error is one of those that the contract of the version that was called has."""
        if self._check is None:
            return False
        found = self._check.by_head(answer.status, answer.field(b"content-type"), len(answer.body))
        return found is None or (isinstance(found, Entry) and not self._check.by_body(found, answer.body))


def _told(fault: Exception) -> str:
    return f"{fault}." if isinstance(fault, MappingError) else "The answer is no JSON."


def _is_json(answer: Answer) -> bool:
    content_type = parse_content_type(answer.field(b"content-type") or b"")
    return content_type is not None and is_json(content_type.essence)


def _plain(answer: Answer) -> None:
    """An error as a problem document that says no more than the status (RFC 9457 §4.2.1)."""
    status = answer.status
    title = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
    document = {"type": "about:blank", "title": title, "status": status, "detail": _DETAIL}
    answer.without(*DIGESTS, b"content-type")
    answer.headers.append((b"content-type", CONTENT_TYPE.encode("ascii")))
    answer.body = msgspec.json.encode(document)
    answer.value = msgspec.UNSET
