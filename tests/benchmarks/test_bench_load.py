"""The load generators count every failure, and a fixed rate charges for waiting."""

import asyncio
import contextlib
import socket
import threading

import pytest

from tests.benchmarks import fixed_rate_load, http2_load, load, world
from tests.benchmarks.processes import PeerError

REQUEST = b"GET / HTTP/1.1\r\nhost: bench\r\n\r\n"
ANSWER = b"HTTP/1.1 %d X\r\ncontent-length: 2\r\n\r\nok"


@pytest.fixture
def server():
    """Starts servers that answer each request by a function of its number; None says nothing and closes."""
    listeners = []

    def serve(answer):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def accept():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        def talk(connection):
            with connection, contextlib.suppress(OSError):
                number = 0
                while connection.recv(65_536):
                    data = answer(number)
                    if data is None:
                        return
                    connection.sendall(data)
                    number += 1

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]

    yield serve
    for listener in listeners:
        listener.close()


def test_a_fixed_rate_sends_as_many_as_it_should(server):
    found = fixed_rate_load.run([REQUEST], server(lambda _: ANSWER % 200), 4, 0.25, 200)
    assert found["requests"] == 50
    assert found["errors"] == 0
    assert found["bytes"] == 50 * len(ANSWER % 200)
    assert found["p99_ms"] >= found["p50_ms"] > 0


def test_who_had_to_wait_for_a_connection_waited(server):
    """One stall of the only connection is in the latency of each request that was due meanwhile."""
    release = threading.Event()

    def answer(number):
        if number == 0:
            threading.Timer(0.3, release.set).start()
            release.wait(5)
        return ANSWER % 200

    found = fixed_rate_load.run([REQUEST], server(answer), 1, 0.2, 100)
    assert found["requests"] == 20
    assert found["p50_ms"] > 50  # a closed loop would have found one slow request and nineteen quick ones


@pytest.mark.parametrize("answer", [lambda _: ANSWER % 503, lambda _: None, lambda _: b"HTTP/1.1 200 X\r\n\r\n"])
def test_a_refusal_a_closed_connection_and_an_endless_answer_are_errors(server, answer):
    assert fixed_rate_load.run([REQUEST], server(answer), 2, 0.05, 100)["errors"] > 0


def test_an_answer_in_pieces_is_one(server):
    text = ANSWER % 200

    def answer(_):
        return text

    port = server(answer)
    wire = fixed_rate_load.Wire(port)
    ours, theirs = socket.socketpair()
    wire.socket.close()
    wire.socket = ours
    with ours, theirs:
        theirs.sendall(text[:-1])
        assert wire.answer() is None
        theirs.sendall(text[-1:])
        assert wire.answer() == 200


async def test_short_answers_make_no_figure(server, tmp_path, monkeypatch):
    monkeypatch.setattr(load.shutil, "which", lambda tool: None)
    made = world.build(applications=1, tokens_each=1)
    large = load.large_gets(made, tmp_path)
    large.write()
    port = server(lambda _: ANSWER % 200)
    with pytest.raises(PeerError, match="answers are short"):
        await asyncio.to_thread(load.measure, large, port, None, connections=1, seconds=0.2)


def test_a_large_post_is_held_by_the_generator_in_few_copies(tmp_path):
    made = world.build(applications=20, tokens_each=1)
    large = load.large_posts(made, tmp_path)
    assert len(large.body) == world.LARGE
    assert len(large.tokens) <= 16
    assert large.content_type != "application/json"


@pytest.mark.parametrize(
    ("block", "ok"),
    [
        (b"\x88\x5f", True),
        (b"\x20\x88", True),  # the table's size is 0 from here on
        (b"\x3f\xe1\x1f\x88", True),  # 4096, in three bytes
        (b"\x8d", False),  # 404
        (b"\x48\x03201", False),
        (b"\x3f\xe1", False),
        (b"", False),
    ],
)
def test_the_status_of_an_answer_over_http_2_is_read(block, ok):
    assert http2_load.is_ok(block) is ok
