"""Policies that have a say in answers, through the running gateway."""

import asyncio
import gzip
import json
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.policy_settings import PolicyUse
from contracts.problems import problem
from policies.answer import MOST_HELD, Answer, Wish
from policies.exchange import Exchange, Forward
from policies.policy import NoConfig, Phase, Policy
from policies.verdict import ALLOW, AnswerFilter, Deny, Reply
from tests.gateway.gateway_world import gateway, operations, orders, problem_of, snapshot
from tests.gateway.http_harness import SeenRequest
from tests.support.plugins import plugged_in

DENY = Deny("guard", problem("scope-insufficient", "Not this."))


class Filter:
    """Does as it is told, and remembers what it saw."""

    def __init__(self, wish: Wish | Deny = Wish.WHOLE, said: Any = None) -> None:
        self.wish = wish
        self.said = said
        self.seen: list[bytes] = []

    def head(self, exchange: Exchange, answer: Answer) -> Wish | Deny:
        answer.headers.append((b"x-seen", b"yes"))
        return self.wish

    def body(self, exchange: Exchange, answer: Answer) -> Deny | Awaitable[Deny | None] | None:
        self.seen.append(answer.body)
        answer.body = answer.body.upper()
        if isinstance(self.said, type):
            raise self.said("x")  # a new one: a kept exception keeps all that its traceback names
        return self._later() if self.said == "later" else self.said

    async def _later(self) -> None:
        await asyncio.sleep(0)


def guard(filtered: AnswerFilter | None, stage: Any = None) -> Policy[NoConfig]:
    return Policy(
        id="guard",
        why="For a test.",
        failure="It cannot fail.",
        config=NoConfig,
        phase=Phase.BODY,
        bind=(lambda *_: stage) if stage else None,
        bind_answer=(lambda *_: filtered) if filtered else None,
    )


class Say:
    """An upstream's script: one answer, in pieces."""

    def __init__(self, *pieces: bytes, fields: bytes = b"") -> None:
        self.pieces = pieces
        self.fields = fields
        self.requests: list[SeenRequest] = []

    async def __call__(
        self, request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        self.requests.append(request)
        length = sum(map(len, self.pieces))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n" % (length, self.fields))
        for piece in self.pieces:
            writer.write(piece)
            await writer.drain()
        return True


def with_guard(port: int, **settings: Any) -> Any:
    named = tuple(
        msgspec.structs.replace(each, policies=(PolicyUse("guard", **settings),)) for each in operations()
    )
    return snapshot(orders(*named), port=port, serial=2)


async def asked(
    directory: Path, patch: pytest.MonkeyPatch, policy: Policy[Any], say: Say, method: str = "GET", **settings: Any
) -> tuple[Any, dict[str, Any]]:
    with plugged_in(patch, policy):
        async with gateway(directory, say) as running:
            running.adopt(with_guard(running.upstream.port, **settings))
            answer = await running.ask(method, "/orders/v1/orders/7", Accept_Encoding="gzip", Range="bytes=0-1")
            running.access_log.flush()
            (line,) = await running.logged()
            return answer, line


async def test_an_answer_that_is_held_is_what_the_filter_makes_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say, filtered = Say(b"ab", b"c", fields=b'ETag: "1"\r\n'), Filter()
    answer, line = await asked(tmp_path, monkeypatch, guard(filtered), say)
    assert (answer.status, answer.body, filtered.seen) == (200, b"ABC", [b"abc"])
    assert answer.fields[b"content-length"] == b"3"
    assert answer.fields[b"etag"] == b'"1"'
    assert answer.fields[b"x-seen"] == b"yes"
    assert b"ratelimit" in answer.fields
    assert line["bytes_out"] == 3
    # Whoever looks into answers asks for them whole and in no encoding.
    (request,) = say.requests
    assert request.fields[b"accept-encoding"] == b"identity"
    assert b"range" not in request.fields


async def test_an_encoding_that_came_all_the_same_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say = Say(gzip.compress(b"abc"), fields=b"Content-Encoding: gzip\r\n")
    answer, _ = await asked(tmp_path, monkeypatch, guard(Filter()), say)
    assert (answer.status, answer.body) == (200, b"ABC")
    assert b"content-encoding" not in answer.fields


@pytest.mark.parametrize(
    "say",
    [
        Say(b"abc", fields=b"Content-Encoding: br\r\n"),
        Say(b"abc", fields=b"Content-Encoding: gzip\r\n"),
        Say(gzip.compress(bytes(MOST_HELD + 1)), fields=b"Content-Encoding: gzip\r\n"),
        Say(*[bytes(65_536)] * (MOST_HELD // 65_536 + 1)),
    ],
    ids=["unknown", "malformed", "bomb", "too-long"],
)
async def test_what_cannot_be_seen_whole_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, say: Say
) -> None:
    answer, line = await asked(tmp_path, monkeypatch, guard(Filter()), say)
    assert answer.status == 502
    assert problem_of(answer)["policy"] == "guard"
    assert line["policy"] == "guard"


@pytest.mark.parametrize("filtered", [Filter(DENY), Filter(said=DENY)], ids=["head", "body"])
async def test_a_filter_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filtered: Filter) -> None:
    answer, line = await asked(tmp_path, monkeypatch, guard(filtered), Say(b"secret"))
    assert answer.status == 403
    assert b"secret" not in answer.body
    assert (line["decision"], line["policy"]) == ("refused", "guard")


@pytest.mark.parametrize("filtered", [Filter(DENY), Filter(said=DENY)], ids=["head", "body"])
async def test_one_that_reports_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filtered: Filter
) -> None:
    answer, line = await asked(tmp_path, monkeypatch, guard(filtered), Say(b"abc"), mode="report")
    assert (answer.status, answer.body) == (200, b"abc")
    assert b"x-seen" not in answer.fields
    assert line["decision"] == "allowed"


async def test_a_filter_that_raises_refuses_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, line = await asked(tmp_path, monkeypatch, guard(Filter(said=KeyError)), Say(b"secret"))
    assert answer.status == 500
    assert problem_of(answer)["policy"] == line["policy"] == "guard"


async def test_a_filter_may_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, _ = await asked(tmp_path, monkeypatch, guard(Filter(said="later")), Say(b"abc"))
    assert (answer.status, answer.body) == (200, b"ABC")


@pytest.mark.parametrize("said", [None, DENY, KeyError], ids=["nothing", "denial", "fault"])
async def test_who_wants_a_copy_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Any
) -> None:
    filtered = Filter(Wish.COPY, said)
    answer, _ = await asked(tmp_path, monkeypatch, guard(filtered), Say(b"ab", b"c"))
    assert (answer.status, answer.body, filtered.seen) == (200, b"abc", [b"abc"])


async def test_the_answer_to_a_head_has_a_head_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Say):
        async def __call__(
            self, request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> bool:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")
            return True

    answer, _ = await asked(tmp_path, monkeypatch, guard(Filter()), Silent(), "HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.fields[b"x-seen"] == b"yes"


async def test_a_stage_answers_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []

    def stage(exchange: Exchange) -> Reply:
        exchange.when_ended(lambda each: ended.append(each.status))
        return Reply("guard", Answer(203, [(b"content-type", b"text/plain")], b"kept"))

    filtered, say = Filter(), Say(b"never")
    answer, line = await asked(tmp_path, monkeypatch, guard(filtered, stage), say)
    assert (answer.status, answer.body) == (203, b"kept")
    assert answer.fields[b"x-request-id"]
    assert (say.requests, filtered.seen, ended) == ([], [], [203])
    assert line["decision"] == "allowed"


async def test_a_stage_sends_another_request_upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stage(exchange: Exchange) -> Any:
        forward = Forward("POST", "/elsewhere", b"a=1", [(b"x-kept", b"1"), (b"authorization", b"no")])
        forward.body = b'{"b":2}'
        exchange.forward = forward
        return ALLOW

    say = Say(b"ok")
    answer, _ = await asked(tmp_path, monkeypatch, guard(None, stage), say)
    assert answer.body == b"ok"
    (request,) = say.requests
    assert request.line == b"POST /backend/elsewhere?a=1 HTTP/1.1"
    assert json.loads(request.body) == {"b": 2}
    assert request.fields[b"x-kept"] == b"1"
    assert b"authorization" not in request.fields
