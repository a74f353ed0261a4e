"""What the policies do to one answer: all heads first, then the bodies of those that asked for it.

An answer that some policy needs whole is held, up to a bound, and the client gets what became of it. Where
policies only want to see it, it goes on as it comes, and they see a copy when the client has it.
"""

import zlib
from collections.abc import Awaitable, Sequence
from typing import Final

import structlog

from contracts.policy_settings import Mode
from contracts.problems import problem
from policies.answer import LONG, MOST_HELD, Answer, Wish
from policies.exchange import Exchange, Header
from policies.modes import BoundFilter
from policies.piecewise import Piecewise, Rewriting
from policies.verdict import AnswerFilter, Deny

log = structlog.get_logger()

_ENCODINGS: Final = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}
"""Window bits of zlib, by content coding (RFC 9110 §8.4.1)."""

_OF_THE_BODY: Final = (b"content-length", b"content-encoding", b"transfer-encoding", b"trailer")


class Answering:
    """One answer on its way through the `filters`. `held` says that the client gets nothing until `finish`, or, of
    an answer that `streams`, until it is too long and its filter can do without the rest."""

    __slots__ = (
        "_copies",
        "_encoding",
        "_exchange",
        "_filters",
        "_pieces",
        "_rewriting",
        "_size",
        "_streams",
        "_wishes",
        "answer",
        "held",
    )

    def __init__(
        self, exchange: Exchange, filters: Sequence[BoundFilter], answer: Answer, *, streams: bool = False
    ) -> None:
        self.answer = answer
        self.held = False
        self._streams = streams
        self._rewriting: tuple[str, Rewriting] | None = None
        self._exchange = exchange
        self._filters = filters
        self._wishes: list[tuple[str, AnswerFilter, Mode, Wish]] = []
        self._copies = False
        self._pieces: list[bytes] = []
        self._size = 0
        self._encoding = b""

    def head(self) -> Deny | None:
        """Shows the head to all filters; the first that denies has the word."""
        exchange = self._exchange
        for bound in self._filters:
            chosen, mode = bound.choose(exchange)
            if chosen is None:
                continue
            try:
                wish = chosen.head(exchange, self.answer if mode == "enforce" else self.answer.copy())
            except Exception as fault:
                return self._failed(bound.policy, fault)
            if isinstance(wish, Deny):
                if mode == "enforce":
                    return wish
                self._note(bound.policy)
            elif wish is not Wish.PASS:
                self._wishes.append((bound.policy, chosen, mode, wish))
                self.held = self.held or (wish is Wish.WHOLE and mode == "enforce")
                self._copies = True
        if not self._wishes:
            return None
        encoding = (self.answer.field(b"content-encoding") or b"identity").strip().lower()
        if encoding == b"identity":
            return None
        self._encoding = encoding
        if encoding not in _ENCODINGS:
            if self.held:
                return self._unreadable(f"The upstream's answer is encoded as {encoding.decode('latin-1')!r}.")
            self._copies = False
        return None

    def data(self, data: bytes) -> Deny | bytes | None:
        """A piece of the body, and what the client gets now: None while it is held. What is held is bounded; of
        what is only watched, the rest is forgotten."""
        if self._rewriting is not None:
            return self._rewritten(data)
        if not self._copies:
            return data
        self._size += len(data)
        self._pieces.append(data)
        if self.held and self._size > LONG and self._streams:
            self._streams = False  # asked once
            self._rewriting = self._piecewise()
            if self._rewriting is not None:
                data, self._pieces, self._copies, self.held = b"".join(self._pieces), [], False, False
                self.answer.headers, self.answer.length = framed_anew(self.answer.headers), None
                return self._rewritten(data)
        if self._size > MOST_HELD:
            self._pieces, self._copies = [], False
            if self.held:
                return self._unreadable(f"The upstream's answer is longer than {MOST_HELD} bytes.")
        return None if self.held else data

    def _piecewise(self) -> tuple[str, Rewriting] | None:
        """The one that has the answer held, where it can do without: with the name of its policy."""
        holding = [each for each in self._wishes if each[3] is Wish.WHOLE and each[2] == "enforce"]
        policy, chosen, _, _ = holding[0]
        if len(holding) > 1 or self._encoding or not isinstance(chosen, Piecewise):
            return None
        rewriting = chosen.pieces(self._exchange, self.answer)
        return None if rewriting is None else (policy, rewriting)

    def _rewritten(self, data: bytes) -> Deny | bytes:
        assert self._rewriting is not None
        policy, rewriting = self._rewriting
        try:
            return rewriting.feed(data)
        except Exception as fault:
            return self._failed(policy, fault)

    @property
    def rewritten(self) -> bool:
        """Whether the client gets another content, piece by piece."""
        return self._rewriting is not None

    def end(self) -> Deny | bytes:
        """There are no more pieces, where it is rewritten by pieces: what the client gets last."""
        assert self._rewriting is not None
        policy, rewriting = self._rewriting
        try:
            return rewriting.end()
        except Exception as fault:
            return self._failed(policy, fault)

    @property
    def watched(self) -> bool:
        """Whether there is a whole body to be shown to anybody."""
        return self._copies

    def finish(self) -> Deny | Awaitable[Deny | None] | None:
        """Shows the whole body to those that asked for it; `answer` is then what the client gets."""
        body = b"".join(self._pieces)
        if self._encoding:
            decoded = _decoded(body, _ENCODINGS[self._encoding])
            if decoded is None:
                if self.held:
                    return self._unreadable("The upstream's answer could not be decoded.")
                return None
            body = decoded
            self.answer.without(b"content-encoding")
        self.answer.body = body
        return self._from(0)

    def _from(self, index: int) -> Deny | Awaitable[Deny | None] | None:
        for place in range(index, len(self._wishes)):
            policy, chosen, mode, wish = self._wishes[place]
            changes = mode == "enforce" and wish is Wish.WHOLE
            try:
                said = chosen.body(self._exchange, self.answer if changes else self.answer.copy())
            except Exception as fault:
                said = self._failed(policy, fault)
            if isinstance(said, Awaitable):
                return self._later(said, place)
            if said is not None:
                if changes:
                    return said
                self._note(policy)
        return None

    async def _later(self, pending: Awaitable[Deny | None], place: int) -> Deny | None:
        policy, _, mode, wish = self._wishes[place]
        try:
            said = await pending
        except Exception as fault:
            said = self._failed(policy, fault)
        if said is not None:
            if mode == "enforce" and wish is Wish.WHOLE:
                return said
            self._note(policy)
        rest = self._from(place + 1)
        return await rest if isinstance(rest, Awaitable) else rest

    def _note(self, policy: str) -> None:
        if policy not in self._exchange.would_refuse:
            self._exchange.would_refuse = (*self._exchange.would_refuse, policy)

    def _failed(self, policy: str, fault: Exception) -> Deny:
        log.error("policy failed", policy=policy, request_id=self._exchange.request_id, exc_info=fault)
        return Deny(policy, problem("policy-failed", f"The policy {policy!r} failed.", policy=policy))

    def _unreadable(self, detail: str) -> Deny:
        policy = next(each[0] for each in self._wishes if each[3] is Wish.WHOLE and each[2] == "enforce")
        return Deny(policy, problem("upstream-answer-unusable", detail, policy=policy))


def framed_anew(headers: list[Header]) -> list[Header]:
    """Header fields of an answer whose body the gateway has whole: its framing and coding are ours now."""
    return [header for header in headers if header[0].lower() not in _OF_THE_BODY]


def _decoded(body: bytes, bits: int) -> bytes | None:
    """None where it is no such thing, or longer than may be held."""
    reader = zlib.decompressobj(bits)
    try:
        text = reader.decompress(body, MOST_HELD)
    except zlib.error:
        return None
    return text if reader.eof else None
