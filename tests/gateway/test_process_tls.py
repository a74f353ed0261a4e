"""The gateway's process with TLS settings: it speaks TLS, and ends with a clear word where it cannot."""

import http.client
import json
import os
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.gateway.test_gateway_settings import KEY
from tests.gateway.tls_harness import Authority


def environment(folder: Path, **settings: str | Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OSTIARY_")}
    given = {
        "snapshot_key": KEY,
        "data": folder / "data",
        "port": "0",
        "admin_port": "0",
        "port_file": folder / "ports.json",
        **settings,
    }
    return kept | {f"OSTIARY_GATEWAY_{name.upper()}": str(value) for name, value in given.items()}


def ports_of(process: "subprocess.Popen[bytes]", file: Path) -> dict[str, int]:
    deadline = time.monotonic() + 30
    while not file.exists():
        assert process.poll() is None, "the gateway ended"
        assert time.monotonic() < deadline, "the gateway did not listen"
        time.sleep(0.02)
    ports: dict[str, int] = json.loads(file.read_text())
    return ports


def ask(port: int, context: ssl.SSLContext) -> tuple[int, str]:
    """The answer's status and problem."""
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=10)
    try:
        connection.request("GET", "/orders/v1/orders")
        answer = connection.getresponse()
        return answer.status, json.load(answer)["type"].rpartition(":")[2]
    finally:
        connection.close()


def test_the_process_speaks_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("server", "127.0.0.1")
    settings = environment(
        tmp_path, tls_cert=pair, tls_key=pair, tls_client_ca=authority.path, tls_client_verify="required"
    )
    context = ssl.create_default_context(cafile=str(authority.path))
    context.load_cert_chain(authority.issue("client"))
    with subprocess.Popen([sys.executable, "-m", "gateway"], env=settings, stderr=subprocess.DEVNULL) as process:
        try:
            port = ports_of(process, tmp_path / "ports.json")["port"]
            assert ask(port, context) == (503, "not-ready")
            stranger = ssl.create_default_context(cafile=str(authority.path))
            with pytest.raises((ssl.SSLError, ConnectionError)):
                ask(port, stranger)
        finally:
            process.terminate()
    assert process.returncode == 0


def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    settings = environment(tmp_path, tls_cert=authority.issue("one"), tls_key=authority.issue("two"))
    done = subprocess.run([sys.executable, "-m", "gateway"], env=settings, capture_output=True, text=True)
    assert done.returncode == 2
    assert "OSTIARY_GATEWAY_TLS" in done.stderr
    assert "key values mismatch" in done.stderr
    assert "Traceback" not in done.stderr
