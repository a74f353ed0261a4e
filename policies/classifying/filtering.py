"""The filter of one operation's answers: each is read by what the contract declares for it, or not let through.

What is not as declared (the status, the media type, the JSON) cannot be classified. A success of that kind is
refused. An error keeps its status and gets other words: `about:blank` (RFC 9457 §4.2.1) says no more than that.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from http import HTTPStatus
from typing import Final, TypeAlias

import msgspec

from contracts.openapi.classification import LEVELS
from contracts.problems import CONTENT_TYPE, problem
from policies.answer import LONG, Answer, Wish
from policies.classifying.array_pieces import ArrayPieces
from policies.classifying.clearance import FULL, Clearances
from policies.classifying.entity_tags import of_a_part
from policies.classifying.places import Place
from policies.classifying.sharing import for_one_caller
from policies.classifying.views import Effect, UnreadableError, View, effect_on_items, rewritten
from policies.exchange import Exchange
from policies.piecewise import Rewriting
from policies.validation.by_status import ByStatus
from policies.validation.media_types import Content
from policies.verdict import Deny

POLICY: Final = "classification"

_NOT_MODIFIED: Final = 304
_NO_CONTENT: Final = frozenset({204, 205})
_UNREADABLE: Final = Deny(
    POLICY,
    problem("answer-unclassifiable", "The upstream's answer is not of the form that the contract declares."),
)
_AT_ONCE: Final = 262_144
"""Bytes of an answer that are rewritten in one go, in about four milliseconds; longer ones go to a thread."""
_Result: TypeAlias = tuple[bytes | None, int]
_WOULD_TAKE: Final = Deny(POLICY, problem("answer-classified", "Not all of the answer is for the caller."))


class DeclaredAnswer:
    """What a contract declares for a status: media types, and by their range the place of the whole body, where it
    has a schema. `concerned` says that there may be something in it to be taken out."""

    __slots__ = ("concerned", "content", "places")

    def __init__(self, content: Content, places: Mapping[str, Place], concerned: bool) -> None:
        self.content = content
        self.places = places
        self.concerned = concerned


class ClassificationFilter:
    """Implements `policies.verdict.AnswerFilter`. Between head and body it notes what becomes of the body: the
    place that it is of, or None where it cannot be read."""

    __slots__ = ("_clearances", "_declared", "_touched", "_views")

    def __init__(
        self,
        declared: Mapping[str, DeclaredAnswer],
        clearances: Clearances,
        views: Mapping[int, View],
    ) -> None:
        """`views` are by clearance."""
        self._declared = ByStatus(declared)
        self._clearances = clearances
        self._views = views
        places = [place for each in declared.values() for place in each.places.values()]
        # Clearances with which something is taken out of some answer, so that entity tags are the caller's own.
        self._touched = {
            level for level, view in views.items() if any(view.effect(place) is not None for place in places)
        }

    def head(self, exchange: Exchange, answer: Answer) -> Wish | Deny:
        level = self._clearances.of(exchange)
        self._clearances.exercise(exchange, level)
        if exchange.principal is not None:
            answer.headers = for_one_caller(answer.headers)
        if level == FULL:
            return Wish.PASS
        status = answer.status
        if status == _NOT_MODIFIED or exchange.method == "HEAD":
            if level in self._touched:
                answer.headers, answer.length = of_a_part(answer.headers, level), None
            return Wish.PASS
        if status in _NO_CONTENT:
            return Wish.PASS
        declared, content_type = self._declared.find(status), answer.field(b"content-type")
        entry = None if declared is None or content_type is None else declared.content.find(content_type)
        if declared is None or entry is None:
            return self._unknown(answer, content_type)
        place = declared.places.get(entry.range)
        if place is None:
            return self._unknown(answer, content_type) if declared.concerned else Wish.PASS
        effect = self._views[level].effect(place)
        if effect is None:
            return Wish.PASS
        answer.headers = of_a_part(answer.headers, level)
        exchange.note(POLICY, (place, effect))
        return Wish.WHOLE

    def _unknown(self, answer: Answer, content_type: bytes | None) -> Wish | Deny:
        """What becomes of an answer that is not as declared. What has no content has nothing to be classified."""
        if answer.length == 0:
            return Wish.PASS
        return Wish.WHOLE if content_type is None or answer.status >= 300 else _UNREADABLE

    def body(self, exchange: Exchange, answer: Answer) -> Deny | Awaitable[Deny | None] | None:
        if not answer.body:
            return None
        noted: tuple[Place, Effect] | None = exchange.noted(POLICY)
        if noted is None:
            return _unreadable(answer)
        place, effect = noted
        if len(answer.body) > _AT_ONCE:
            return self._later(exchange, answer, place, effect)
        return self._left(exchange, answer, place, _rewritten(effect, answer.body))

    def pieces(self, exchange: Exchange, answer: Answer) -> Rewriting | None:
        """A long list goes through item by item."""
        noted: tuple[Place, Effect] | None = exchange.noted(POLICY)
        effect = None if noted is None else effect_on_items(noted[1])
        return None if effect is None else _List(effect)

    async def _later(self, exchange: Exchange, answer: Answer, place: Place, effect: Effect) -> Deny | None:
        result = await asyncio.to_thread(_rewritten, effect, answer.body)
        return self._left(exchange, answer, place, result)

    def _left(self, exchange: Exchange, answer: Answer, place: Place, result: _Result | None) -> Deny | None:
        """Puts what is left in the answer's place; None for one that cannot be read."""
        if result is None:
            return _unreadable(answer)
        text, taken = result
        if text is None:
            return self._withheld(place) if place.level > self._clearances.of(exchange) else _unreadable(answer)
        answer.body, answer.value = text, msgspec.UNSET
        return _WOULD_TAKE if taken and answer.trial else None

    def _withheld(self, place: Place) -> Deny:
        level = LEVELS[place.level]
        scope = self._clearances.scope(place.level)
        detail = f"The answer is {level}, which no scope of this operation opens."
        if scope is not None:
            detail = f"The answer is {level}; a token with the scope {scope} opens it."
        return Deny(POLICY, problem("answer-classified", detail))


class _List:
    """Implements `policies.piecewise.Rewriting`."""

    __slots__ = ("_pieces",)

    def __init__(self, effect: Effect) -> None:
        self._pieces = ArrayPieces(effect, LONG)

    def feed(self, data: bytes) -> bytes | Deny:
        try:
            return self._pieces.feed(data)
        except UnreadableError:
            return _UNREADABLE

    def end(self) -> bytes | Deny:
        try:
            return self._pieces.end()
        except UnreadableError:
            return _UNREADABLE


def _rewritten(effect: Effect, text: bytes) -> _Result | None:
    try:
        return rewritten(effect, text)
    except UnreadableError:
        return None


def _unreadable(answer: Answer) -> Deny | None:
    """A success is refused; of anything else the status alone is told."""
    if answer.status < 300 or answer.trial:
        return _UNREADABLE
    answer.without(b"content-type", b"content-language", b"etag")
    answer.body, answer.value = b"", msgspec.UNSET
    if answer.status >= 400:
        answer.headers.append((b"content-type", CONTENT_TYPE.encode()))
        answer.body = msgspec.json.encode(
            {"type": "about:blank", "title": _phrase(answer.status), "status": answer.status}
        )
    return None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
