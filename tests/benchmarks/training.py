"""What the compiler is shown of a gateway's life: `training.py PACKAGES`, run by `gateway.compiling` on a build of
the packages that counts.

The common requests come most often, the others as often as it takes for them to be no surprise.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))
if len(sys.argv) > 1:
    os.environ["OSTIARY_BENCH_ROOT"] = sys.argv[1]

import aiohttp  # noqa: E402

from gateway.adapters.limiter import InProcessLimiter  # noqa: E402
from gateway.adapters.shared_limiter import SharedLimiter  # noqa: E402
from gateway.adapters.shared_store import Answer, Argument, SharedStore  # noqa: E402
from tests.benchmarks import world  # noqa: E402
from tests.benchmarks.pipeline_cost import ANSWERS as PLAIN  # noqa: E402
from tests.benchmarks.pipeline_cost import Bench  # noqa: E402

ROUNDS: Final = 8
EACH: Final = 8
"""Times that a common request comes for each other one."""

_JSON: Final = b"Content-Type: application/json\r\n"
_DATE: Final = b"Date: Sun, 22 Nov 2026 10:15:30 GMT\r\n"
_BARE: Final = (b"HTTP/1.1 304 Not Modified\r\nETag: a\r\n\r\n",)
ANSWERS: Final[tuple[tuple[bytes, ...], ...]] = (
    (PLAIN[0][:100], PLAIN[0][100:]),
    (b"HTTP/1.1 200 OK\r\n" + _JSON + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\n[]\r\n0\r\n\r\n"),
    (b"HTTP/1.1 404 Not Found\r\n" + _DATE + _JSON + b"Content-Length: 2\r\n\r\n{}",),
    _BARE,
    (b"HTTP/1.1 200 OK\r\n" + _JSON + b"Content-Length: 65536\r\n\r\n", *[bytes(16_384)] * 4),
)


class Granting(SharedStore):
    """In place of a server: of every limit all is granted that is asked for, for a minute."""

    def run_over(self, keys: tuple[str, ...], arguments: tuple[Argument, ...]) -> asyncio.Future[Answer]:
        told: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        wanted = [int(str(call).split()[8]) for call in arguments]
        told.set_result([b"0" + b"".join([b" %d 1000 60000 60000 0 0 a" % want for want in wanted])])
        return told


def others(made: world.World, token: bytes) -> Iterator[bytes]:
    """Requests that are less common, or refused."""
    get, post = made.get_paths[0].encode(), made.post_paths[0].encode()
    host = b"Host: 127.0.0.1:8080\r\n"
    fields = host + b"User-Agent: training/1\r\nAccept: */*\r\n"
    bearer = b"Authorization: Bearer " + token + b"\r\n"
    sized = _JSON + b"Content-Length: %d\r\n\r\n" % len(made.body)
    traced = (
        b"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\nX-Request-Id: 0123456789\r\n"
    )
    yield b"GET %b HTTP/1.1\r\n%b%b%b\r\n" % (get, fields, bearer, traced)
    yield b"GET %b HTTP/1.1\r\n%b%bConnection: keep-alive\r\nTE: trailers\r\n\r\n" % (get, fields, bearer)
    yield b"HEAD %b HTTP/1.1\r\n%b%b\r\n" % (get, fields, bearer)
    yield b"GET %b&limit=21 HTTP/1.1\r\n%b%b\r\n" % (get, fields, bearer)
    yield b"GET %b%%41 HTTP/1.1\r\n%b%b\r\n" % (get, fields, bearer)
    yield b"GET /nowhere HTTP/1.1\r\n%b%b\r\n" % (fields, bearer)
    yield b"PUT %b HTTP/1.1\r\n%b%bContent-Length: 0\r\n\r\n" % (get, fields, bearer)
    yield b"GET %b HTTP/1.1\r\n%b\r\n" % (get, fields)
    yield b"GET %b HTTP/1.1\r\n%bAuthorization: Bearer a.b.c\r\n\r\n" % (get, fields)
    yield b"POST %b HTTP/1.1\r\n%b%b%b" % (post, fields, bearer, traced) + sized + made.body
    yield b"POST %b HTTP/1.1\r\n%b%b%b" % (post, fields, bearer, sized) + bytes(len(made.body))
    yield b"POST %b HTTP/1.1\r\n%b%bContent-Length: 2\r\n%b\r\n{}" % (post, fields, bearer, _JSON)
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(made.body), made.body)
    yield b"POST %b HTTP/1.1\r\n%b%bTransfer-Encoding: chunked\r\n%b\r\n" % (post, fields, bearer, _JSON) + chunked


async def send(bench: Bench, request: bytes, answer: tuple[bytes, ...]) -> None:
    """One request, in two pieces where it is long, and the upstream's answer, if it is asked."""
    if request.startswith(b"HEAD "):
        answer = _BARE
    client = bench.clients[0]
    client.data_received(request[:2048])
    if request[2048:]:
        client.data_received(request[2048:])
    await asyncio.sleep(0)
    for server in bench.servers:
        for piece in answer:
            if server.call is not None:
                server.data_received(piece)
    await asyncio.sleep(0)


async def main() -> None:
    made = world.build(tokens_each=1)
    with tempfile.TemporaryDirectory(prefix="ostiary-training-") as directory:
        async with aiohttp.ClientSession() as session:
            own, shared = InProcessLimiter(), SharedLimiter(Granting("unix:///none", ""), share=1)
            for number, (policies, limiter) in enumerate(((True, own), (True, shared), (False, own))):
                bench = Bench(made, Path(directory) / str(number), session, policies, limiter)
                common = [bench.runner(post=False), bench.runner(post=True)]
                odd = list(others(made, made.tokens[0].encode())) if limiter is own and policies else []
                for _ in range(ROUNDS):
                    for run in common:
                        await run(EACH * 128)
                    for request in odd:
                        for answer in ANSWERS:
                            await send(bench, request, answer)
                bench.log.flush()


if __name__ == "__main__":
    asyncio.run(main())
