"""The load: wrk where it is installed, else a generator of our own; both send the same requests in turn."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.processes import PeerError
from tests.benchmarks.world import LARGE, LARGE_PATH, VERSIONS, World

BUNDLED = "bundled (httptools and uvloop; slower than wrk, so fast peers come out too slow)"

HTTP2 = "h2c"
"""The scheme of HTTP/2 with prior knowledge, for which there is a generator of our own."""

SETTLING = 0.5
"""Seconds after which a run's connections are open and its pace is even."""

_WRK_SCRIPT = """
local requests, at = {}, 0
local function lines(name)
  local all = {}
  for line in io.lines(name) do all[#all + 1] = line end
  return all
end
function init()
  local paths, tokens = lines("PATHS"), lines("TOKENS")
  local file = io.open("BODY", "rb")
  local body = file:read("*a")
  file:close()
  for i = 1, math.max(#tokens, #paths) do
    local headers = {["Authorization"] = "Bearer " .. tokens[(i - 1) % #tokens + 1]}
    if #body > 0 then headers["Content-Type"] = "CONTENT_TYPE" end
    requests[i] = wrk.format("METHOD", paths[(i - 1) % #paths + 1], headers, #body > 0 and body or nil)
  end
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency)
  local e = summary.errors
  local form = '\\nRESULT {"requests": %d, "seconds": %.6f, "p50_ms": %.4f, "p99_ms": %.4f, "errors": %d, '
    .. '"bytes": %d}\\n'
  io.write(string.format(form,
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.timeout + e.status, summary.bytes))
end
"""


@dataclass(frozen=True)
class Measurement:
    """One run against one peer. Times are in milliseconds."""

    rps: float
    p50_ms: float
    p99_ms: float
    requests: int
    received: int = 0
    """Bytes of all answers, with their heads."""
    late_ms: float = 0.0
    """How late the generator was at a fixed rate, at the median."""


@dataclass(frozen=True)
class Sample:
    """One round's measurement of one subject.

    `upstream_connections` are those per request that were opened once the load had settled; `cpu_us` is the CPU
    time of the process under test, in microseconds a request: on a machine that others use too it is the
    steadier figure.
    """

    measurement: Measurement
    upstream_connections: float
    cpu_us: float


@dataclass(frozen=True)
class Load:
    """A kind of request, ready to be sent."""

    directory: Path
    method: str
    paths: tuple[str, ...]
    body: bytes
    tokens: tuple[str, ...]
    content_type: str = "application/json"
    answer: int = 500
    """Bytes of the body of every answer: a short one is an error as well."""

    def write(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        script = _WRK_SCRIPT.replace("METHOD", self.method).replace("CONTENT_TYPE", self.content_type)
        for name, text in (("PATHS", "\n".join(self.paths)), ("TOKENS", "\n".join(self.tokens))):
            (self.directory / name).write_text(text + "\n")
            script = script.replace(f'"{name}"', json.dumps(str(self.directory / name)))
        (self.directory / "BODY").write_bytes(self.body)
        (self.directory / "CONTENT_TYPE").write_text(self.content_type)
        script = script.replace('"BODY"', json.dumps(str(self.directory / "BODY")))
        (self.directory / "wrk.lua").write_text(script)


def gets(world: World, directory: Path) -> Load:
    return Load(directory / "get", "GET", world.get_paths, b"", world.tokens)


def posts(world: World, directory: Path) -> Load:
    return Load(directory / "post", "POST", world.post_paths, world.body, world.tokens)


def large_gets(world: World, directory: Path) -> Load:
    paths = tuple(f"/bench/{VERSIONS[1]}{LARGE_PATH}/report-{number}" for number in range(20))
    return Load(directory / "large-get", "GET", paths, b"", world.tokens, answer=LARGE)


def large_posts(world: World, directory: Path) -> Load:
    # wrk holds every request whole, so there are few of them.
    paths = (f"/bench/{VERSIONS[1]}{LARGE_PATH}",)
    return Load(
        directory / "large-post", "POST", paths, bytes(LARGE), world.tokens[:16], "application/octet-stream"
    )


def generator() -> str:
    """Which one is used."""
    return "wrk" if shutil.which("wrk") else BUNDLED


def measure(
    load: Load,
    port: int,
    core: int | None,
    *,
    connections: int,
    seconds: float,
    scheme: str = "http",
    settled: Callable[[], None] = lambda: None,
) -> Measurement:
    """Runs the load. Raises PeerError where an answer is an error: such a figure would mean nothing.

    `settled` is called once all connections are open, `SETTLING` seconds after the start.
    """
    url = f"{scheme}://127.0.0.1:{port}"
    wrk = shutil.which("wrk")
    if scheme == HTTP2:
        command = [sys.executable, str(Path(__file__).with_name("http2_load.py")), str(load.directory)]
        command += [load.method, f"http://127.0.0.1:{port}", str(connections), str(seconds)]
    elif wrk is not None:
        command = [wrk, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
        command += ["-s", str(load.directory / "wrk.lua"), url]
    else:
        command = [sys.executable, str(Path(__file__).with_name("bundled_load.py")), str(load.directory)]
        command += [load.method, url, str(connections), str(seconds)]

    found = run(command, core, seconds, settled)
    if found.received < found.requests * load.answer:
        raise PeerError(f"answers are short: {found.received / found.requests:,.0f} bytes each")
    return found


def run(
    command: list[str], core: int | None, seconds: float, settled: Callable[[], None] = lambda: None
) -> Measurement:
    """Runs a load generator and reads its result. Raises PeerError where it failed, or an answer did."""

    def pin() -> None:
        if core is not None:
            os.sched_setaffinity(0, {core})

    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=pin
    ) as process:
        try:
            time.sleep(SETTLING)
            settled()
            output, errors = process.communicate(timeout=seconds + 60)
        except BaseException:
            process.kill()
            raise
    line = next((line for line in output.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise PeerError(f"the load generator failed: {(errors or output).strip()[-300:]}")
    result = json.loads(line.removeprefix("RESULT "))
    if result["errors"] or not result["requests"]:
        raise PeerError(f"{result['errors']} of {result['requests']} requests failed")
    rps = result["requests"] / result["seconds"]
    return Measurement(
        rps, result["p50_ms"], result["p99_ms"], result["requests"], result["bytes"], result.get("late_ms", 0.0)
    )
