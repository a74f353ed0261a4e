"""A little traffic through the demonstration's gateway, so that its portal has something to show.

`python -m catalog.demo.traffic --catalog URL --gateway URL --credentials FILE`. Calls that are answered, calls of
a version that ends, of a plan that is too small for them, and calls that are refused. Nothing is written: behind
the gateway there may be an Odoo that is somebody's own.
"""

import argparse
import json
import logging
import random
import signal
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from catalog.demo.tour import DISPATCH, REPORTS, SHOP, Step, TourError, Visitor

MOST_CALLS: Final = 20_000
"""After so many it ends, in about six hours: a demonstration that was forgotten comes to rest."""

_PAUSE: Final = 1.0
_BEGINNING: Final = 60  # calls that come quickly, so that there is something to see at once
_SHORT_PAUSE: Final = 0.05
_TOKEN_CALLS: Final = 240  # with new tokens after so many: they live for ten minutes

_BROKEN: Final = '{"customer_id": "eight", "lines": [{"product_id": 1, "quantity": -2}]}'

ROUND: Final[tuple[Step, ...]] = (
    *(3 * (Step("", "/orders/v2/orders?limit=5", 200, SHOP),)),
    *(2 * (Step("", "/orders/v2/orders?status=draft,sale&sort=-ordered_at&limit=3", 200, SHOP),)),
    *(2 * (Step("", "/partners/v1/partners?company=true&limit=5", 200, SHOP),)),
    *(2 * (Step("", "/shipments/v1/shipments?status=created&status=in_transit&limit=5", 200, SHOP),)),
    Step("", "/shipments/v1/rates?weight_kg=2", 200, SHOP),
    Step("", "/shipments/v1/shipments/SHP-000013/tracking", 200, SHOP),
    *(3 * (Step("", "/orders/v1/orders?limit=2", 200, DISPATCH),)),
    Step("", "/shipments/v1/shipments?limit=10", 200, DISPATCH),
    # More often than its plan of ten calls a minute allows.
    *(4 * (Step("", "/orders/v2/orders?limit=2", 200, REPORTS),)),
    Step("", "/orders/v2/orders", 401),
    Step("", "/shipments/v1/shipments", 403, REPORTS),
    Step("", "/orders/v2/orders?statsu=draft", 422, SHOP),
    Step("", "/orders/v2/orders", 422, SHOP, "POST", _BROKEN),
    Step("", "/orders/v2/invoices", 404, SHOP),
)
"""One round; `status` is the usual one."""

_log = logging.getLogger(__name__)


def calls(seed: int = 1, most: int = MOST_CALLS) -> Iterator[Step]:
    """The calls in their order: round after round, each in another order."""
    shuffled = random.Random(seed)  # noqa: S311  (an order, and no secret)
    left = most
    while left > 0:
        this_round = shuffled.sample(ROUND, len(ROUND))[:left]
        left -= len(this_round)
        yield from this_round


def run(catalog: str, gateway: str, credentials: Path, stop: threading.Event) -> None:
    """Makes the calls until there are no more, or it is told to stop. What fails is logged, and the next one made:
    the visitor of a demonstration may stop any of its processes."""
    entries = json.loads(credentials.read_text(encoding="utf-8"))
    secrets = {client_id: entry["secret"] for client_id, entry in entries.items()}
    visitor = Visitor(catalog, gateway, secrets)
    for number, step in enumerate(calls()):
        if stop.wait(_SHORT_PAUSE if number < _BEGINNING else _PAUSE):
            return
        if number % _TOKEN_CALLS == 0:
            visitor = Visitor(catalog, gateway, secrets)
        try:
            visitor.send(step)
        except (OSError, TourError) as error:
            _log.info("%s %s was not made: %s", step.method, step.path, error)


def main(arguments: Sequence[str] | None = None) -> None:
    """Calls until SIGINT or SIGTERM. Prints nothing; logs to stderr."""
    parser = argparse.ArgumentParser(prog="python -m catalog.demo.traffic", description="A little traffic.")
    parser.add_argument("--catalog", required=True, help="the catalog's address, for tokens")
    parser.add_argument("--gateway", required=True, help="the gateway's address")
    parser.add_argument("--credentials", type=Path, required=True, help="file with the client secrets")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda _number, _frame: stop.set())
    run(options.catalog, options.gateway, options.credentials, stop)


if __name__ == "__main__":
    main()
