"""The end of an exchange, as the policies are told of it."""

import structlog

from policies.exchange import Exchange

log = structlog.get_logger()


def end(exchange: Exchange) -> None:
    """Tells those that asked to be told, each of them once."""
    calls, exchange.at_end = exchange.at_end or [], None
    for call in calls:
        try:
            call(exchange)
        except Exception:
            log.exception("a policy failed at the end", request_id=exchange.request_id)
