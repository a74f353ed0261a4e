"""The Odoo adapter: REST operations of contracts (`x-ostiary-odoo`), carried out within one Odoo's budget."""

import asyncio
import ssl
from typing import Final

import aiohttp
import structlog

from contracts.operations import OdooBackend
from contracts.problems import Problem, problem
from contracts.snapshot import Upstream
from gateway.upstreams.odoo import guarded
from gateway.upstreams.odoo.json2 import Json2
from gateway.upstreams.odoo.jsonrpc import JsonRpc
from gateway.upstreams.odoo.mediation import MISMAPPED, Answer, Mediation
from gateway.upstreams.odoo.transport import Transport
from gateway.upstreams.queue import most_waiting
from policies.exchange import Exchange

_log = structlog.get_logger(__name__)

_BUSY: Final = problem(
    "upstream-busy", "All of the upstream's connections are in use.", headers=(("retry-after", "1"),)
)


class OdooAdapter:
    """Carries out operations on one Odoo, at most `upstream.connections` of them at a time.

    `secret` is the API key (or, over JSON-RPC, the password) of the gateway's user in Odoo. Where it is missing
    or unusable, or JSON-RPC lacks a database or a login, every call is refused (`upstream-refused-credential`):
    one upstream without its secret does not keep a gateway from starting.
    """

    def __init__(
        self,
        upstream: Upstream,
        session: aiohttp.ClientSession,
        secret: str,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._upstream = upstream
        self.in_use = 0
        """Exchanges that are being carried out, or wait for their turn."""
        self.queued = 0
        """Those that wait."""
        self._queue_limit = most_waiting(upstream.connections)
        self._transport: Transport | None = None
        try:
            self._transport = _transport(upstream, session, secret, tls)
        except ValueError as error:
            _log.error("odoo upstream unusable", upstream=upstream.name, reason=str(error))
        self._slots = asyncio.Semaphore(upstream.connections)

    async def call(
        self, exchange: Exchange, backend: OdooBackend, deadline: float | None = None
    ) -> Answer | Problem:
        """The answer to an exchange whose parameters and body have passed the contract's schema.

        One exchange holds one of the upstream's connections for all its calls, which go one after the other,
        and all of them together are bounded by `timeouts.total`, or by `deadline` (the loop's time).
        """
        self.in_use += 1
        try:
            return await self._call(exchange, backend, deadline)
        finally:
            self.in_use -= 1

    async def _call(self, exchange: Exchange, backend: OdooBackend, deadline: float | None) -> Answer | Problem:
        if self._transport is None:
            return problem("upstream-refused-credential", "The gateway has no usable credential for Odoo.")
        if self.queued >= self._queue_limit or not await self._turn():
            return _BUSY
        try:
            if deadline is None:
                deadline = asyncio.get_running_loop().time() + self._upstream.timeouts.total
            if backend.action == "rpc":
                outcome = await guarded.run(exchange, backend, self._transport, deadline)
            else:
                outcome = await Mediation(exchange, backend, self._transport, deadline).run()
        finally:
            self._slots.release()
        if isinstance(outcome, Problem) and outcome.type.id == MISMAPPED:
            # The owner of the mapping has to know; a value is in neither detail nor name.
            _log.warning(
                "odoo mapping failed",
                upstream=self._upstream.name,
                model=backend.model,
                action=backend.action,
                detail=outcome.detail,
                request_id=exchange.request_id,
            )
        return outcome

    async def _turn(self) -> bool:
        """Waits for one of the upstream's connections, for as long as connecting may take."""
        self.queued += 1
        try:
            async with asyncio.timeout(self._upstream.timeouts.connect):
                return await self._slots.acquire()
        except TimeoutError:
            return False
        finally:
            self.queued -= 1


def _transport(
    upstream: Upstream, session: aiohttp.ClientSession, secret: str, tls: ssl.SSLContext | None
) -> Transport:
    if not secret or not (secret.isascii() and secret.isprintable()):
        raise ValueError("the secret is missing, or is not printable ASCII")
    kind = Json2 if upstream.protocol == "json2" else JsonRpc
    return kind(upstream, session, secret, tls)
