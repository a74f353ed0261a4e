"""Our gateway as a peer, in each of its forms."""

import contextlib
import os
import sys
from collections.abc import Iterator

from catalog.cli.processes import choose_port
from tests.benchmarks.certificate import certificate
from tests.benchmarks.load import HTTP2
from tests.benchmarks.processes import Running, cores, running
from tests.benchmarks.setting import Setting, Start
from tests.benchmarks.world import save_snapshot
from tests.support.valkey import Valkey, valkey

CATALOG = "/catalog"
"""Below which the upstream answers as a catalog."""


def ostiary(
    *,
    policies: bool,
    tls: bool = False,
    pure: bool = False,
    workers: int = 0,
    active: int | None = None,
    exact: bool = False,
) -> Start:
    """Our gateway, started from a snapshot on disk. Its access log is written, to nowhere.

    With policies it counts usage and tells it to a catalog, for which the upstream stands in. With `workers`
    limits are counted on a Valkey server, which has the load's core; with `exact` it is asked for each request. So
    many of the workers as are `active` take connections; by default, one for each core.
    """

    @contextlib.contextmanager
    def start(setting: Setting, name: str) -> Iterator[Running]:
        port = choose_port(0)
        environment = {"OSTIARY_GATEWAY_PORT": str(port)} | _environment(setting, name, policies=policies)
        scheme = "http"
        if tls:
            scheme = "https"
            chain, private = certificate(setting.directory)
            environment |= {"OSTIARY_GATEWAY_TLS_CERT": str(chain), "OSTIARY_GATEWAY_TLS_KEY": str(private)}
        log = setting.directory / f"{name}.log"
        command, path = setting.gateway(pure=pure)
        environment |= path
        with contextlib.ExitStack() as stack:
            if workers:
                environment["OSTIARY_GATEWAY_STATE_URL"] = stack.enter_context(_shared_state()).url
                environment["OSTIARY_GATEWAY_WORKERS"] = str(workers)
                if active is not None:
                    environment["OSTIARY_GATEWAY_ACTIVE_WORKERS"] = str(active)
                environment["OSTIARY_GATEWAY_LIMITS"] = "exact" if exact else "leased"
            started = running(command, setting.core, log, environment=environment, port=port, scheme=scheme)
            yield stack.enter_context(started)

    return start


def _environment(setting: Setting, name: str, *, policies: bool) -> dict[str, str]:
    """What our gateway is told in each of its forms. Its snapshot is on the disk then."""
    data = setting.directory / name
    url = f"http://127.0.0.1:{setting.upstream_port}"
    environment = {
        "OSTIARY_GATEWAY_ADMIN_PORT": "0",
        "OSTIARY_GATEWAY_DATA": str(data),
        "OSTIARY_GATEWAY_SNAPSHOT_KEY": save_snapshot(setting.world, data, url, policies=policies),
        "OSTIARY_GATEWAY_ACCESS_LOG": os.devnull,
    }
    if policies:
        environment |= {"OSTIARY_GATEWAY_CATALOG_URL": url + CATALOG, "OSTIARY_GATEWAY_TOKEN": "bench" * 4}
    return environment


def granian(*, http2: bool) -> Start:
    """Our gateway's ASGI form."""

    @contextlib.contextmanager
    def start(setting: Setting, name: str) -> Iterator[Running]:
        port = choose_port(0)
        command = [sys.executable, "-P", "-m", "granian", "--interface", "asgi", "--http", "2" if http2 else "1"]
        command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--loop", "uvloop", "--no-ws"]
        command += ["--log-level", "error", "--factory", "gateway.asgi_process:create"]
        environment = setting.gateway()[1] | _environment(setting, name, policies=True)
        log, scheme = setting.directory / f"{name}.log", HTTP2 if http2 else "http"
        with running(command, setting.core, log, environment=environment, port=port, scheme=scheme) as process:
            yield process

    return start


@contextlib.contextmanager
def _shared_state() -> Iterator[Valkey]:
    with valkey() as server:
        _, core = cores()
        if core is not None:
            os.sched_setaffinity(server.pid, {core})
        yield server
