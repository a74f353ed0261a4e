"""Node programs that are not ours, installed from a lock for tests: once for each lock, below `build/`.

The lock names versions and digests and no registry, so that the machine's own is used.
"""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Final

PEERS: Final = Path(__file__).parents[1] / "peers"
BUILD: Final = Path(__file__).parents[2] / "build" / "peers"
OLDEST_NODE: Final = 20


class NoNodeError(Exception):
    """Node, npm or a package is not to be had here; the message says which."""


def installed(peer: str, program: str) -> tuple[str, Path]:
    """The Node binary, and a program of `tests/peers/<peer>` beside its packages. Raises NoNodeError."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NoNodeError(f"{'node' if node is None else 'npm'} is not on the PATH")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20).stdout.strip()
    if not version.startswith("v") or int(version[1:].partition(".")[0]) < OLDEST_NODE:
        raise NoNodeError(f"Node {version or 'without a version'} is too old: {OLDEST_NODE} or newer is needed")
    sources, into = PEERS / peer, BUILD / peer
    into.mkdir(parents=True, exist_ok=True)
    with (into / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes want it at once
        for name in ("package.json", "package-lock.json", program):
            _copy(sources / name, into / name)
        stamp = into / ".installed"
        digest = hashlib.sha256((sources / "package-lock.json").read_bytes()).hexdigest()
        if not (stamp.is_file() and stamp.read_text() == digest):
            _install(npm, peer, into)
            stamp.write_text(digest)
    return node, into / program


def _copy(source: Path, target: Path) -> None:
    """Whoever reads the target, with no lock, finds it whole: another test's Node may just be starting from it."""
    content = source.read_bytes()
    if not (target.is_file() and target.read_bytes() == content):
        beside = target.with_name(target.name + ".new")
        beside.write_bytes(content)
        beside.replace(target)


def _install(npm: str, peer: str, into: Path) -> None:
    command = [npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(command, cwd=into, capture_output=True, text=True, timeout=180)
    except subprocess.TimeoutExpired:
        raise NoNodeError(f"npm did not install {peer} within 180 s") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise NoNodeError(f"npm could not install {peer}: " + (said[0] if said else "no reason given"))
