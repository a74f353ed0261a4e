"""The Node peer does the same chain, and says why where it cannot run."""

import json
import subprocess

import pytest

from tests.benchmarks import node_peer, world
from tests.benchmarks.processes import PeerError


@pytest.fixture(scope="module")
def routes():
    configuration = node_peer.configuration(1, 2, world.build(applications=2, tokens_each=1))
    assert json.loads(json.dumps(configuration)) == configuration
    return {route["url"]: route for route in configuration["routes"]}


def test_it_has_every_route_of_the_full_chain(routes):
    assert len(routes) == 300 + len(world.VERSIONS)
    assert {route["method"] for route in routes.values()} == {"GET", "POST"}
    assert {route["scope"] for route in routes.values()} == {world.SCOPE_READ, world.SCOPE_WRITE}


def test_it_checks_what_we_check(routes):
    item = routes["/bench/v2/resource-07/:id"]
    assert item["params"]["required"] == ["id"]
    assert item["query"]["properties"]["limit"]["maximum"] == 100
    assert item["query"]["additionalProperties"] is False  # ours refuses an unknown name too
    assert item["body"] is None
    assert routes["/bench/v2/orders"]["body"] == world.ORDER_SCHEMA


def test_it_announces_the_sunset_of_the_first_version_alone(routes):
    assert set(routes["/bench/v1/orders"]["headers"]) == {"deprecation", "sunset", "link"}
    assert routes["/bench/v2/orders"]["headers"] == {}


def test_the_lock_names_digests_and_no_registry():
    lock = json.loads((node_peer.SOURCES / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert not [name for name, entry in packages.items() if "resolved" in entry]
    assert not [name for name, entry in packages.items() if "integrity" not in entry]
    wanted = json.loads((node_peer.SOURCES / "package.json").read_text())["dependencies"]
    assert lock["packages"][""]["dependencies"] == wanted


@pytest.mark.parametrize("absent", ["node", "npm"])
def test_without_node_or_npm_it_says_which(monkeypatch, tmp_path, absent):
    monkeypatch.setattr(node_peer.shutil, "which", lambda name: None if name == absent else f"/bin/{name}")
    with pytest.raises(PeerError, match=f"{absent} is not on the PATH"):
        node_peer.install(tmp_path)


def _answers(monkeypatch, version, code=0, error=""):
    """Stands in for both programs; returns the commands that were run."""
    commands = []

    def run(command, **_):
        commands.append(command)
        out = version if "--version" in command else ""
        return subprocess.CompletedProcess(command, 0 if out else code, out, "" if out else error)

    monkeypatch.setattr(node_peer.shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(node_peer.subprocess, "run", run)
    return commands


def test_an_old_node_is_refused(monkeypatch, tmp_path):
    _answers(monkeypatch, "v18.1.0\n")
    with pytest.raises(PeerError, match=r"v18\.1\.0 is too old"):
        node_peer.install(tmp_path)


def test_packages_that_cannot_be_had_are_the_reason(monkeypatch, tmp_path):
    commands = _answers(monkeypatch, "v20.1.0\n", code=1, error="npm error code ENOTFOUND\nmore")
    for _ in range(2):
        with pytest.raises(PeerError, match="ENOTFOUND"):
            node_peer.install(tmp_path)
    assert sum("ci" in command for command in commands) == 2  # a failure is not remembered as done


def test_it_is_installed_once_for_a_lock(monkeypatch, tmp_path):
    commands = _answers(monkeypatch, "v20.1.0\n")
    assert node_peer.install(tmp_path) == node_peer.install(tmp_path) == ("/bin/node", tmp_path / "gateway.mjs")
    assert sum("ci" in command for command in commands) == 1
    (tmp_path / ".installed").write_text("of another lock")
    node_peer.install(tmp_path)
    assert sum("ci" in command for command in commands) == 2
