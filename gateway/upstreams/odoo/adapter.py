"""The Odoo adapter: REST operations of contracts (`x-ostiary-odoo`), carried out within one Odoo's budget."""

import asyncio
import ssl
from typing import Final

import aiohttp
import structlog

from contracts.odoo_care import OdooCare
from contracts.operations import OdooBackend
from contracts.problems import Problem, problem
from contracts.snapshot import Upstream
from gateway.upstreams.odoo import guarded, mismatch
from gateway.upstreams.odoo.answer import Answer
from gateway.upstreams.odoo.careful import Careful, Caring, Conflicts
from gateway.upstreams.odoo.flow import Flow
from gateway.upstreams.odoo.json2 import Json2
from gateway.upstreams.odoo.jsonrpc import JsonRpc
from gateway.upstreams.odoo.mediation import MISMAPPED, Mediation
from gateway.upstreams.odoo.pace import Pace
from gateway.upstreams.odoo.transport import Transport
from gateway.upstreams.odoo.turns import Turns
from gateway.upstreams.odoo.xmlrpc import XmlRpc
from policies.exchange import Exchange
from policies.limits.slots import OwnSlots, Slots

_log = structlog.get_logger(__name__)


_DIALECTS: Final[dict[str, type[Json2 | JsonRpc]]] = {"json2": Json2, "jsonrpc": JsonRpc, "xmlrpc": XmlRpc}


class OdooAdapter:
    """Carries out operations on one Odoo, at most `upstream.connections` of them at a time, or one where it has a
    pace: of all workers that share `slots`, under the name of the upstream and its URL.

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
        *,
        slots: Slots | None = None,
        pace: Pace | None = None,
        caring: Caring | None = None,
    ) -> None:
        self._upstream = upstream
        self.in_use = 0
        """Exchanges that are being carried out, or wait for their turn."""
        self._caring = Caring(upstream.care, Conflicts()) if caring is None else caring
        self._transport: Transport | None = None
        try:
            self._transport = _transport(upstream, session, secret, tls, pace)
        except ValueError as error:
            _log.error("odoo upstream unusable", upstream=upstream.name, reason=str(error))
        self.turns = _turns(upstream, OwnSlots() if slots is None else slots)

    @property
    def queued(self) -> int:
        """Exchanges that wait for their turn."""
        return self.turns.waiting

    async def call(
        self, exchange: Exchange, backend: OdooBackend, deadline: float | None = None
    ) -> Answer | Problem:
        """The answer to an exchange whose parameters and body have passed the contract's schema.

        One exchange holds one of the upstream's connections for all its calls, which go one after the other,
        and all of them together are bounded by `timeouts.total`, or by `deadline` (the loop's time).
        """
        self.in_use += 1
        content = None
        try:
            outcome = await self._call(exchange, backend, deadline)
            content = outcome.content if isinstance(outcome, Answer) else None
            return outcome
        finally:
            if content is None:
                self.in_use -= 1

    async def _call(self, exchange: Exchange, backend: OdooBackend, deadline: float | None) -> Answer | Problem:
        if self._transport is None:
            return problem("upstream-refused-credential", "The gateway has no usable credential for Odoo.")
        if deadline is None:
            deadline = asyncio.get_running_loop().time() + self._upstream.timeouts.total
        refusal = await self.turns.take(deadline)
        if refusal is not None:
            return refusal
        outcome: Answer | Problem | None = None
        try:
            calls = Careful(self._transport, exchange, backend, self._caring)
            if backend.action == "rpc":
                outcome = await guarded.run(exchange, backend, calls, deadline)
            else:
                outcome = await Mediation(exchange, backend, calls, deadline).run()
        finally:
            if isinstance(outcome, Answer) and outcome.content is not None:
                outcome.content.when_closed(self._sent)
            else:
                self.turns.give_back()
        if isinstance(outcome, Problem) and MISMAPPED in (outcome.type.id, outcome.extensions.get("cause")):
            self._mismatched(exchange, backend, outcome)
        return outcome

    def _sent(self) -> None:
        """A content has come to its end: until then Odoo was busy with it."""
        self.turns.give_back()
        self.in_use -= 1

    def _mismatched(self, exchange: Exchange, backend: OdooBackend, outcome: Problem) -> None:
        """The owner of the mapping has to know; a value is in neither detail nor name."""
        known = exchange.noted(mismatch.NOTE)
        if known is None:
            known = mismatch.mismatch("answer")
            exchange.note(mismatch.NOTE, known)
        _log.warning(
            "odoo mapping failed",
            upstream=self._upstream.name,
            model=backend.model,
            action=backend.action,
            part=known.part,
            name=known.name,
            detail=outcome.detail,
            request_id=exchange.request_id,
        )


def budget(upstream: Upstream) -> int:
    """How many exchanges go on at once at each target; with a pace, at all of them."""
    return 1 if upstream.care.pace is not None else upstream.connections


def _turns(upstream: Upstream, slots: Slots) -> Turns:
    care, most = upstream.care, budget(upstream)
    # With a pace there is one at a time of all targets: whoever sets it counts calls, and not servers.
    name = upstream.name if care.pace is not None else f"{upstream.name}/{upstream.url}"
    return Turns(slots, name, most, queue=care.queue, wait=care.wait, flow=Flow(most, _least(care)))


def _least(care: OdooCare) -> float:
    return 0.0 if care.pace is None else care.pace.window / care.pace.quota


def _transport(
    upstream: Upstream, session: aiohttp.ClientSession, secret: str, tls: ssl.SSLContext | None, pace: Pace | None
) -> Transport:
    if not secret or not (secret.isascii() and secret.isprintable()):
        raise ValueError("the secret is missing, or is not printable ASCII")
    return _DIALECTS[upstream.protocol](upstream, session, secret, tls, pace)
