"""Mappings that did not fit the Odoo behind them, each once in an interval, however many calls met it."""

from typing import Final

from contracts.usage.report import MAX_MISMATCHED, Mismatched
from gateway.upstreams.odoo.mismatch import NOTE, Mismatch
from policies.exchange import Exchange

_NAME: Final = 255

_Key = tuple[str, str, str, str, str]


class Mismatches:
    """Beside the sample of failures, in which one of these could be beyond what is kept."""

    def __init__(self) -> None:
        self._kept: dict[_Key, Mismatched] = {}

    def record(self, exchange: Exchange) -> None:
        """Takes what an exchange has noted of it, if anything."""
        found = exchange.noted(NOTE)
        if not isinstance(found, Mismatch) or exchange.labels is None:
            return
        api, version, operation = exchange.labels.key
        key = (api, version, operation, found.part, found.name)
        known = self._kept.get(key)
        if known is None and len(self._kept) >= MAX_MISMATCHED:
            return
        self._kept[key] = Mismatched(
            api=api[:_NAME],
            version=version[:_NAME],
            operation=operation[:_NAME],
            part=found.part,
            name=found.name[:_NAME],
            request_id=exchange.request_id,
            calls=1 if known is None else known.calls + 1,
        )

    def take(self) -> tuple[Mismatched, ...]:
        """Those since the last time."""
        taken, self._kept = self._kept, {}
        return tuple(taken.values())
