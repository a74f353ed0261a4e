"""The gateway as a process of its own, with a snapshot on its disk and no catalog."""

import asyncio
import base64
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from catalog.cli.processes import Child, Family, choose_port
from contracts.operations import HttpBackend, MediaType, Operation, Parameter, RequestBody
from contracts.snapshot import Snapshot, encode_part, sign
from gateway.snapshot_store import SnapshotStore
from tests.support.snapshots import KEY


def public_operations(max_body: int = 1 << 40) -> tuple[Operation, ...]:
    """Operations that ask for no token: the process keeps real time, and tests' tokens do not."""
    backend = HttpBackend("shop")
    name = Parameter("name", "path", "simple", False, {"type": "string"}, required=True)
    content = RequestBody(True, (MediaType("application/octet-stream"),))
    return (
        Operation("ping", "GET", "/ping", "/paths/~1ping/get", backend, public=True),
        Operation(
            *("download", "GET", "/files/{name}", "/paths/~1files~1{name}/get", backend),
            parameters=(name,),
            public=True,
        ),
        Operation(
            *("upload", "PUT", "/files/{name}", "/paths/~1files~1{name}/put", backend),
            parameters=(name,),
            body=content,
            max_body=max_body,
            public=True,
        ),
    )


class GatewayProcess:
    def __init__(self, child: Child, port: int, admin_port: int, log: Path) -> None:
        self.child = child
        self.port = port
        self.admin_port = admin_port
        self.access_log = log

    def memory(self, field: str) -> int:
        """`VmRSS`, `VmHWM` (its peak) or `RssAnon` (without mapped files) of the process, in bytes (proc(5))."""
        text = Path(f"/proc/{self.child.process.pid}/status").read_text()
        line = next(line for line in text.splitlines() if line.startswith(field + ":"))
        return int(line.split()[1]) * 1024

    def forget_peak(self) -> None:
        """The peak is from now on counted anew."""
        Path(f"/proc/{self.child.process.pid}/clear_refs").write_text("5")

    async def ended(self) -> int:
        return await asyncio.to_thread(self.child.process.wait, 60)


async def start(members: Family, directory: Path, snapshot: Snapshot, **settings: str) -> GatewayProcess:
    """Starts a gateway that serves `snapshot`; `settings` are the rest of its environment, in lower case."""
    log, port_file = directory / "access.log", directory / "ports.json"
    environment = _environment(directory, snapshot, port="0", admin_port="0", port_file=str(port_file), **settings)
    child = members.start(directory.name, ["-m", "gateway"], environment)
    ports = await asyncio.to_thread(members.wait_for_file, child, port_file)
    return GatewayProcess(child, ports["port"], ports["admin_port"], log)


async def start_under_uvicorn(
    members: Family, directory: Path, snapshot: Snapshot, **settings: str
) -> GatewayProcess:
    """As `start`, in its ASGI form."""
    port, admin_port = choose_port(0), choose_port(0)
    server = ["-m", "uvicorn", "--factory", "gateway.asgi_process:create", "--port", str(port)]
    child = members.start(
        directory.name,
        [*server, "--no-proxy-headers", "--log-level", "warning"],
        _environment(directory, snapshot, admin_port=str(admin_port), **settings),
    )
    await asyncio.to_thread(members.wait_for_port, child, port)
    return GatewayProcess(child, port, admin_port, directory / "access.log")


def _environment(directory: Path, snapshot: Snapshot, **settings: str) -> dict[str, str]:
    """That of a gateway which has the snapshot on its disk."""
    contracts, access = encode_part(snapshot.contracts), encode_part(snapshot.access)
    store = SnapshotStore(directory / "data", KEY.public_key())
    store.save(sign(snapshot.manifest, KEY), snapshot.manifest, dict([contracts, access]))
    key = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    environment = {
        "data": str(directory / "data"),
        "snapshot_key": base64.b64encode(key).decode(),
        "access_log": str(directory / "access.log"),
        **settings,
    }
    return {f"OSTIARY_GATEWAY_{name.upper()}": value for name, value in environment.items()}
