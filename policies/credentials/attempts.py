"""Credentials that are tried out at the routes of Odoo's RPC: who fails too often waits, by address and API key.

Odoo locks its session route alone, and its RPC takes guesses as fast as they come. While somebody waits, no
credential is looked at, so that a right guess is worth no more than a wrong one. But one that was good before,
from the same address, goes on: a stranger who guesses slows down strangers, and not whoever works behind the same
address or with the same key (as OWASP's device cookies do for browsers).
"""

import hashlib
import ipaddress
import secrets
from collections import OrderedDict
from collections.abc import Awaitable
from math import ceil
from typing import Final

from contracts.limits import RateLimit
from contracts.problems import problem
from contracts.secret_text import parse
from policies.exchange import Exchange
from policies.limits.meter import Meter
from policies.ports import Ports
from policies.verdict import ALLOW, Deny, Stage, Verdict

ADDRESS: Final = RateLimit("failed-attempts-of-address", 20, 60)
"""Behind one there may be an office."""
API_KEY: Final = RateLimit("failed-attempts-at-key", 10, 60)

_IPV6_NETWORK: Final = 64  # what one subscriber has at least (RFC 6177)
_REMEMBERED: Final = 4096
_NO_ATTEMPT: Final = "credentials-missing"


class Attempts:
    """A stage around the one that authenticates; `policy` is its id, `header` where it looks for API keys."""

    __slots__ = ("_clock", "_good", "_header", "_limiter", "_policy", "_salt", "_stage", "_until")

    def __init__(self, stage: Stage, policy: str, header: bytes | None, ports: Ports) -> None:
        self._stage = stage
        self._policy = policy
        self._header = header
        self._limiter = ports.limiter
        self._clock = ports.clock
        self._salt = secrets.token_bytes(16)
        self._good: OrderedDict[bytes, None] = OrderedDict()
        self._until: OrderedDict[str, float] = OrderedDict()

    def check(self, exchange: Exchange) -> Verdict | Awaitable[Verdict]:
        text = None if self._header is None else exchange.fields.get(self._header)
        keys = _counted_for(exchange.peer, text)
        mark = self._mark(exchange, text)
        now = self._clock()
        wait = max(self._until.get(key, now) - now for key in keys)
        if wait > 0 and mark not in self._good:
            return self._refusal(wait)
        verdict = self._stage(exchange)
        if verdict is ALLOW:
            self._remember(mark)
            return ALLOW
        return self._judged(verdict, keys, mark)

    async def _judged(self, verdict: Verdict | Awaitable[Verdict], keys: tuple[str, ...], mark: bytes) -> Verdict:
        """The verdict, noted: a good credential is remembered, a wrong one counted."""
        found = await verdict if isinstance(verdict, Awaitable) else verdict
        if found is ALLOW:
            self._remember(mark)
        elif isinstance(found, Deny) and found.problem.status == 401 and found.problem.type.id != _NO_ATTEMPT:
            await self._count(keys)
        return found

    async def _count(self, keys: tuple[str, ...]) -> None:
        taken = self._limiter.take(Meter((ADDRESS, API_KEY)[: len(keys)], keys), 1)
        allowance = await taken if isinstance(taken, Awaitable) else taken
        now = self._clock()
        for number, key in enumerate(keys):
            left, seconds = allowance.left[2 * number : 2 * number + 2]
            if left <= 0:
                self._until.pop(key, None)
                self._until[key] = now + seconds
        while self._until and (len(self._until) > _REMEMBERED or next(iter(self._until.values())) <= now):
            self._until.popitem(last=False)

    def _remember(self, mark: bytes) -> None:
        self._good[mark] = None
        self._good.move_to_end(mark)
        if len(self._good) > _REMEMBERED:
            self._good.popitem(last=False)

    def _mark(self, exchange: Exchange, text: bytes | None) -> bytes:
        """What a credential that was good from an address is known by: nothing that could be used as one."""
        credential = exchange.fields.get(b"authorization", b"") if text is None else text
        return hashlib.blake2b(
            exchange.peer.encode() + b"\0" + credential, digest_size=16, key=self._salt
        ).digest()

    def _refusal(self, wait: float) -> Deny:
        seconds = max(1, ceil(wait))
        detail = f"There were too many failed attempts. Try again in {seconds} s."
        return Deny(self._policy, problem("too-many-attempts", detail, headers=(("retry-after", str(seconds)),)))


def _counted_for(peer: str, text: bytes | None) -> tuple[str, ...]:
    """The address (of IPv6, the network), and the key that is tried, where the text is one at all."""
    network = peer
    try:
        address = ipaddress.ip_address(peer)
        if address.version == 6:
            network = str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
    except ValueError:
        pass  # a Unix socket's peer has no address: all of them count together
    secret = None if text is None else parse(text.decode("latin-1"))
    of_address = f"attempts/address/{network}"
    return (of_address,) if secret is None else (of_address, f"attempts/key/{secret.key_id}")
