"""A gateway of several workers: its supervisor's process."""

import asyncio
import contextlib
import signal
import tempfile
from pathlib import Path

import structlog

from gateway.announcement import announce
from gateway.settings import GatewaySettings
from gateway.workers.fleet import FleetAdmin
from gateway.workers.supervisor import Supervisor

log = structlog.get_logger()

_AFTERWARDS = 5.0
"""Seconds that a worker gets to close what it has open after it has drained."""


async def supervise(settings: GatewaySettings, active: int) -> int:
    """Runs the workers, of which `active` take connections, until SIGTERM or SIGINT; the exit code. Raises OSError
    where it cannot listen."""
    grace = settings.drain_delay + settings.drain + _AFTERWARDS
    with tempfile.TemporaryDirectory(prefix="ostiary-") as directory:
        supervisor = Supervisor(
            *(settings.workers, settings.host, settings.port, Path(directory)), active=active, grace=grace
        )
        admin = FleetAdmin(supervisor)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, supervisor.stopping.set)
        try:
            admin_port = await admin.start(settings.admin_host, settings.admin_port)
            await supervisor.start()
            await admin.wait_until_all_answer()
            if not supervisor.stopping.is_set():
                ports = {"port": supervisor.port, "admin_port": admin_port}
                workers = {"workers": settings.workers, "active": active}
                log.info("gateway listening", host=settings.host, **workers, **ports)
                announce(settings.port_file, ports)
                await supervisor.stopping.wait()
            log.info("gateway stopping")
        finally:
            await supervisor.stop()
            with contextlib.suppress(OSError):
                await admin.close()
    return supervisor.exit_code
