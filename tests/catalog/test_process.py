"""The catalog as a process: what survives a restart, an edit, a signal, and what it says when it cannot start."""

import asyncio
import json
import shutil
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import pytest

from catalog import main
from catalog.main import StartError, serve
from catalog.settings import CatalogSettings
from tests.catalog.processes import DEADLINE, ROOT, Process, catalog, environment, eventually, ostiary

SAMPLE = ROOT / "catalog" / "demo" / "estate"


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "estate"))


def client_of(estate: Path) -> str:
    """Some application of the sample estate."""
    from contracts.estate.estate import access_applications, load_estate

    loaded, _ = load_estate(estate)
    assert loaded is not None
    return access_applications(loaded)[0].client_id


def fixed_url() -> str:
    """An issuer that stays the same over restarts, whatever the port is."""
    return "https://catalog.example"


def manifest(process: Process) -> Any:
    return process.get("/healthz")[1]["snapshot"]


def fails(**settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "catalog"],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def test_keys_snapshot_and_secrets_survive_a_restart_and_a_kill(tmp_path: Path, estate: Path) -> None:
    settings = {
        "OSTIARY_CATALOG_ESTATE": str(estate),
        "OSTIARY_CATALOG_URL": fixed_url(),
        "OSTIARY_CATALOG_PUBLIC_URL": "https://gateway.example/",  # the audience, in place of the estate's
    }
    client = client_of(estate)
    with catalog(tmp_path, **settings) as first:
        jwks, snapshot = first.get("/oauth/jwks")[1], manifest(first)
        issued = ostiary("catalog", "issue", client, "--json", OSTIARY_CATALOG_DATA=str(first.data))
        assert issued.returncode == 0, issued.stderr
        secret = json.loads(issued.stdout)["client_secret"]
        got = ostiary("token", "--client-id", client, "--client-secret", "-", "--catalog", first.url, stdin=secret)
        assert got.returncode == 0, got.stderr
        assert first.stop() == 0
        assert secret not in first.log
        assert got.stdout.strip() not in first.log
    with catalog(tmp_path, **settings) as second:
        assert (second.get("/oauth/jwks")[1], manifest(second)) == (jwks, snapshot)
        assert second.stop(signal.SIGKILL) == -signal.SIGKILL
    with catalog(tmp_path, **settings) as third:
        assert (third.get("/oauth/jwks")[1], manifest(third)) == (jwks, snapshot)
        got = ostiary("token", "--client-id", client, "--catalog", third.url, OSTIARY_CLIENT_SECRET=secret)
        key = jwt.PyJWKSet.from_dict(jwks).keys[0]
        claims = jwt.decode(got.stdout.strip(), key, algorithms=["ES256"], audience="https://gateway.example")
        assert (claims["iss"], claims["client_id"]) == (fixed_url(), client)
        assert third.stop(signal.SIGINT) == 0


def test_a_broken_edit_is_reported_and_the_running_snapshot_stays(tmp_path: Path, estate: Path) -> None:
    with catalog(tmp_path, OSTIARY_CATALOG_ESTATE=str(estate)) as process:
        before = manifest(process)
        file = estate / "ostiary.yaml"
        good = file.read_text()
        file.write_text(good + "surprise: 1\n")
        status = eventually(lambda: _status(process, ok=False), "the broken edit is noticed")
        [finding] = [each for each in status["findings"] if each["severity"] == "error"]
        assert (finding["file"], finding["line"]) == ("ostiary.yaml", good.count("\n") + 1)
        assert "surprise" in finding["message"]
        assert f"ostiary.yaml:{finding['line']}:" in process.log
        assert manifest(process) == before
        assert process.get("/readyz")[0] == 200
        # Mended, and with a change that partners can see.
        file.write_text(good)
        consumers = estate / "consumers.yaml"
        consumers.write_text(
            consumers.read_text() + "\n  one-more:\n    title: One more\n    contact: a@b.example\n"
        )
        eventually(lambda: _status(process, ok=True), "the mended estate is noticed")
        assert process.process.poll() is None


def _status(process: Process, *, ok: bool) -> Any:
    last = process.get("/status", authorised=True)[1]["last_publication"]
    return last if last["ok"] is ok else None


def test_a_real_change_wakes_a_poll(tmp_path: Path, estate: Path) -> None:
    with catalog(tmp_path, OSTIARY_CATALOG_ESTATE=str(estate)) as process, ThreadPoolExecutor() as pool:
        before = manifest(process)
        path = f"/gateway/snapshot?known={before['digest']}&wait=30"
        poll = pool.submit(process.get, path, authorised=True)
        file = estate / "apis" / "shipments" / "api.yaml"
        changed = file.read_text().replace("classification: ", "classification: restricted #", 1)
        assert changed != file.read_text()
        file.write_text(changed)
        status, signed = poll.result(DEADLINE)
        assert status == 200
        assert set(signed) == {"manifest", "signature", "key_id"}
        assert manifest(process)["serial"] > before["serial"]


def test_an_open_poll_does_not_hold_up_the_end(tmp_path: Path, estate: Path) -> None:
    with catalog(tmp_path, OSTIARY_CATALOG_ESTATE=str(estate)) as process:
        known = manifest(process)["digest"]
        host, port = process.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=DEADLINE) as gateway:
            gateway.sendall(
                f"GET /gateway/snapshot?known={known}&wait=30 HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: Bearer {process.token}\r\n\r\n".encode()
            )
            # The second request on the same connection is answered only after the poll, so a third party shows
            # that the first was read.
            assert process.get("/healthz")[0] == 200
            assert process.stop() == 0
            assert gateway.recv(65_536).startswith(b"HTTP/1.1 204 ")
        assert "graceful" not in process.log


def test_a_catalog_that_starts_broken_waits_for_the_estate_to_be_mended(tmp_path: Path, estate: Path) -> None:
    file = estate / "teams.yaml"
    good = file.read_text()
    file.write_text("teams: []\n")
    with catalog(tmp_path, OSTIARY_CATALOG_ESTATE=str(estate)) as process:
        assert process.get("/readyz")[0] == 503
        assert process.get("/gateway/snapshot", authorised=True)[0] == 503
        assert "teams.yaml:1:" in process.log
        file.write_text(good)
        eventually(lambda: process.get("/readyz")[0] == 200, "the mended estate is published")


def test_without_a_watch_a_broken_estate_ends_the_start_with_every_finding(tmp_path: Path, estate: Path) -> None:
    (estate / "teams.yaml").write_text("teams: []\n")
    (estate / "consumers.yaml").write_text("consumer: {}\n")
    ended = fails(
        OSTIARY_CATALOG_ESTATE=str(estate),
        OSTIARY_CATALOG_DATA=str(tmp_path / "data"),
        OSTIARY_CATALOG_PORT="0",
        OSTIARY_CATALOG_WATCH="0",
    )
    assert ended.returncode == 1
    assert "teams.yaml:1:" in ended.stderr
    assert "consumers.yaml:1:" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_override_of_an_unknown_upstream_is_said(tmp_path: Path, estate: Path) -> None:
    settings = {
        "OSTIARY_CATALOG_ESTATE": str(estate),
        "OSTIARY_CATALOG_UPSTREAM_URLS": json.dumps({"nobody": "http://127.0.0.1:1"}),
        "OSTIARY_CATALOG_PORT": "0",
        "OSTIARY_CATALOG_DATA": str(tmp_path / "data"),
        "OSTIARY_CATALOG_WATCH": "0",
    }
    ended = fails(**settings)
    assert ended.returncode == 1
    assert "no upstream is called 'nobody'" in ended.stderr


def test_two_that_start_on_one_store_at_once_share_keys_and_do_not_fail(tmp_path: Path, estate: Path) -> None:
    shared = {
        "OSTIARY_CATALOG_ESTATE": str(estate),
        "OSTIARY_CATALOG_URL": fixed_url(),
        "OSTIARY_CATALOG_DATA": str(tmp_path / "shared"),
    }
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with catalog(tmp_path / "one", **shared) as one, catalog(tmp_path / "two", **shared) as two:
        assert one.get("/oauth/jwks") == two.get("/oauth/jwks")
        assert manifest(one)["applications"] == manifest(two)["applications"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "neither an estate"),
        ({"estate": Path("/nowhere/at/all")}, "is no directory"),
        ({"host": "0.0.0.0"}, "OSTIARY_CATALOG_URL"),
        ({"host": "203.0.113.1"}, "cannot listen on 203.0.113.1"),
        ({"data": Path("/proc/nothing/here")}, "/proc/nothing"),
    ],
)
async def test_what_cannot_work_is_refused_with_its_reason(
    tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises((StartError, OSError), match=said):
        await serve(CatalogSettings(**{"data": tmp_path, "port": 0, **settings}))


async def test_a_background_task_that_fails_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_arguments: Any, **_named: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(main, "watch", fail)
    async with asyncio.timeout(30):
        assert await serve(CatalogSettings(data=tmp_path, port=0, estate=SAMPLE)) == 1


async def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"port {port}: Address already in use"):
            await serve(CatalogSettings(data=tmp_path, port=port))


def test_a_wrong_setting_is_a_line_and_exit_code_2(tmp_path: Path) -> None:
    ended = fails(OSTIARY_CATALOG_DATA=str(tmp_path), OSTIARY_CATALOG_PORT="seventy")
    assert ended.returncode == 2
    assert ended.stderr.startswith("OSTIARY_CATALOG_PORT: Input should be a valid integer")
    assert ended.stderr.count("\n") == 1


def test_a_damaged_key_stops_the_start(tmp_path: Path, estate: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "pepper").write_bytes(b"short")
    ended = fails(OSTIARY_CATALOG_ESTATE=str(estate), OSTIARY_CATALOG_DATA=str(tmp_path), OSTIARY_CATALOG_PORT="0")
    assert ended.returncode == 2
    assert "pepper does not hold 32 bytes" in ended.stderr
