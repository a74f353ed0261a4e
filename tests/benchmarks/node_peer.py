"""The Node gateway of the same chain: fastify, @fastify/http-proxy, @fastify/jwt, @fastify/rate-limit and ajv.

Its sources are in `node/`. `npm ci` installs them into `build/bench-node`, once for each lock; the lock names
versions and digests and no registry, so that the machine's own is used.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

from catalog.cli.processes import choose_port
from contracts.operations import ApiVersion, Operation
from tests.benchmarks.processes import PeerError, Running, running
from tests.benchmarks.setting import Setting
from tests.benchmarks.world import AUDIENCE, ISSUER, LARGE_PATH, VERSIONS, World, api_version

SOURCES = Path(__file__).with_name("node")
INSTALLED = Path(__file__).resolve().parents[2] / "build" / "bench-node"
OLDEST_NODE = 20
_FILES = ("package.json", "package-lock.json", "gateway.mjs")


def install(into: Path = INSTALLED) -> tuple[str, Path]:
    """The Node binary and the installed gateway. Raises PeerError where Node, npm or a package is not there."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise PeerError(f"no Node: {'node' if node is None else 'npm'} is not on the PATH")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20).stdout.strip()
    if not version.startswith("v") or int(version[1:].partition(".")[0]) < OLDEST_NODE:
        raise PeerError(f"Node {version or 'without a version'} is too old: {OLDEST_NODE} or newer is needed")
    into.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        shutil.copyfile(SOURCES / name, into / name)
    stamp = into / ".installed"
    digest = hashlib.sha256((SOURCES / "package-lock.json").read_bytes()).hexdigest()
    if not (stamp.is_file() and stamp.read_text() == digest):
        command = [npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        try:
            done = subprocess.run(command, cwd=into, capture_output=True, text=True, timeout=180)
        except subprocess.TimeoutExpired:
            raise PeerError("npm did not install the Node gateway within 180 s") from None
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise PeerError("npm could not install the Node gateway: " + (said[0] if said else "no reason given"))
        stamp.write_text(digest)
    return node, into / "gateway.mjs"


def configuration(port: int, upstream_port: int, world: World) -> dict[str, Any]:
    """What `gateway.mjs` reads: the full chain's contracts, as schemas for ajv."""
    return {
        "port": port,
        "upstream": f"http://127.0.0.1:{upstream_port}",
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "jwk": world.jwks["keys"][0],
        "tokens": len(world.tokens),
        "accessLog": os.devnull,
        "routes": [
            _route(one, operation)
            for one in (api_version(name, policies=True) for name in VERSIONS)
            for operation in one.operations
            if not operation.path.startswith(LARGE_PATH)
        ],
    }


def _route(version: ApiVersion, operation: Operation) -> dict[str, Any]:
    return {
        "method": operation.method,
        "url": version.base_path + operation.path.replace("{", ":").replace("}", ""),
        "scope": operation.scopes[0][0],
        "headers": _lifecycle_headers(version),
        "params": _parameters(operation, "path"),
        "query": _parameters(operation, "query"),
        "body": operation.body.content[0].schema if operation.body is not None else None,
    }


def _parameters(operation: Operation, place: str) -> dict[str, Any]:
    there = [parameter for parameter in operation.parameters if parameter.location == place]
    return {
        "type": "object",
        "required": [parameter.name for parameter in there if parameter.required],
        "properties": {parameter.name: parameter.schema for parameter in there},
        "additionalProperties": False,
    }


def _lifecycle_headers(version: ApiVersion) -> dict[str, str]:
    """RFC 9745 and RFC 8594."""
    life = version.lifecycle
    if life.deprecation is None or life.sunset is None:
        return {}
    links = f'<{version.successor_base_path}>; rel="successor-version", <{life.documentation}>; rel="deprecation"'
    return {
        "deprecation": f"@{life.deprecation}",
        "sunset": formatdate(life.sunset, usegmt=True),
        "link": links,
    }


@contextlib.contextmanager
def node(setting: Setting, name: str) -> Iterator[Running]:
    binary, script = install()
    port = choose_port(0)
    file = setting.directory / f"{name}.json"
    file.write_text(json.dumps(configuration(port, setting.upstream_port, setting.world)))
    environment = {"NODE_ENV": "production"}
    log = setting.directory / f"{name}.log"
    with running(
        [binary, str(script), str(file)], setting.core, log, environment=environment, port=port
    ) as process:
        yield process
