"""A shipping carrier's REST API, as a partner would run it: the upstream behind the demonstration's
*shipments* API.

`python -m catalog.demo.carrier --port N --key SECRET`. Every call needs `X-Carrier-Key`. The data is the
same at every start. One thing is wrong on purpose: the tracking of `STRAYED` holds a status that the
published contract does not know, so that response validation has something to report.
"""

import argparse
import asyncio
import json
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from http import HTTPStatus

from aiohttp import web

STATUSES = ("created", "in_transit", "out_for_delivery", "delivered", "returned")
STRAYED = "SHP-000013"
"""The shipment whose tracking answers outside of the contract."""

SERVICES: Mapping[str, tuple[float, int]] = {"economy": (4.9, 5), "standard": (7.5, 3), "express": (16.0, 1)}
"""Base price in euros and days in transit, by service."""

FEATURES: Mapping[str, float] = {"signature": 1.5, "insurance": 4.0, "saturday": 6.5}
"""Surcharge in euros, by feature."""

_FIRST = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
_PAGE = 20
_LARGEST_PAGE = 100
_LABEL_BLOCKS = 8

_CITIES = (
    ("Rue Neuve 12", "Bruxelles", "1000", "BE"),
    ("Hauptstrasse 8", "Berlin", "10115", "DE"),
    ("12 Rue de Lyon", "Paris", "75012", "FR"),
    ("100 Market Street", "San Francisco", "94105", "US"),
)

_log = logging.getLogger(__name__)

Shipment = dict[str, object]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Carrier:
    """The shipments, in memory."""

    def __init__(self) -> None:
        self._shipments: dict[str, Shipment] = {}
        for number in range(1, 25):
            self._add(
                f"S{number:05}",
                STATUSES[number % len(STATUSES)],
                _FIRST + timedelta(days=number, minutes=11 * number),
                _destination(number),
                [{"weight_kg": round(0.5 * number, 1), "length_cm": 40, "width_cm": 30, "height_cm": 20}],
            )

    def _add(
        self, order: object, status: str, created: datetime, destination: object, parcels: object
    ) -> Shipment:
        number = len(self._shipments) + 1
        shipment: Shipment = {
            "id": f"SHP-{number:06}",
            "order": order,
            "status": status,
            "service": list(SERVICES)[number % len(SERVICES)],
            "created": _timestamp(created),
            "tracking_number": f"OC{number * 7919 % 1_000_000_000:09}BE",
            "destination": destination,
            "parcels": parcels,
        }
        self._shipments[str(shipment["id"])] = shipment
        return shipment

    async def list_shipments(self, request: web.Request) -> web.StreamResponse:
        """`status` may come several times; `created[from]` and `created[to]` bound the time of creation."""
        query = request.query
        statuses = query.getall("status", [])
        try:
            earliest, latest = (_moment(query.get(f"created[{end}]")) for end in ("from", "to"))
            offset, limit = int(query.get("cursor", "0")), int(query.get("limit", str(_PAGE)))
        except ValueError:
            return _error(400, "bad_parameter", "created, cursor or limit cannot be read")
        found = [
            shipment
            for shipment in self._shipments.values()
            if (not statuses or shipment["status"] in statuses)
            and (earliest is None or str(shipment["created"]) >= _timestamp(earliest))
            and (latest is None or str(shipment["created"]) <= _timestamp(latest))
        ]
        page = found[offset : offset + min(max(limit, 1), _LARGEST_PAGE)]
        following = offset + len(page)
        body: dict[str, object] = {"items": page, "total": len(found)}
        if following < len(found):
            body["next_cursor"] = str(following)
        return web.json_response(body)

    async def create_shipment(self, request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/json":
            return _error(415, "unsupported_media_type", "send application/json")
        try:
            wanted = json.loads(await request.read())
        except ValueError:
            return _error(400, "bad_json", "the body is not JSON")
        missing = [key for key in ("order", "destination", "parcels") if not _member(wanted, key)]
        if missing:
            return _error(422, "missing_member", f"missing: {', '.join(missing)}")
        shipment = self._add(
            wanted["order"], "created", datetime.now(UTC), wanted["destination"], wanted["parcels"]
        )
        if wanted.get("service") in SERVICES:
            shipment["service"] = wanted["service"]
        return web.json_response(shipment, status=201, headers={"Location": f"/shipments/{shipment['id']}"})

    async def get_shipment(self, request: web.Request) -> web.StreamResponse:
        shipment = self._shipments.get(request.match_info["id"])
        return web.json_response(shipment) if shipment else _no_such_shipment()

    async def get_tracking(self, request: web.Request) -> web.StreamResponse:
        """What happened to a shipment so far, oldest first."""
        shipment = self._shipments.get(request.match_info["id"])
        if shipment is None:
            return _no_such_shipment()
        created = datetime.fromisoformat(str(shipment["created"]))
        reached = STATUSES.index(str(shipment["status"]))
        passed = [status for status in STATUSES[: reached + 1] if status != "delivered" or reached == 3]
        if shipment["id"] == STRAYED:
            passed.append("held_at_customs")
        events = [
            {"status": status, "at": _timestamp(created + timedelta(hours=9 * index)), "place": "Bruxelles"}
            for index, status in enumerate(passed)
        ]
        return web.json_response({"shipment": shipment["id"], "events": events})

    async def get_label(self, request: web.Request) -> web.StreamResponse:
        """The label as a PDF of a few KB, sent as it is made, without a length."""
        shipment = self._shipments.get(request.match_info["id"])
        if shipment is None:
            return _no_such_shipment()
        response = web.StreamResponse(
            headers={
                "Content-Type": "application/pdf",
                "Content-Disposition": f'attachment; filename="{shipment["id"]}.pdf"',
                **_echo(request),
            }
        )
        await response.prepare(request)
        for block in _label(shipment):
            await response.write(block)
        await response.write_eof()
        return response

    async def get_rates(self, request: web.Request) -> web.StreamResponse:
        """Prices: `services` is one comma-separated value, `features` may come several times."""
        query = request.query
        try:
            weight = float(query["weight_kg"])
        except (KeyError, ValueError):
            return _error(400, "bad_parameter", "weight_kg must be a number")
        services = query["services"].split(",") if "services" in query else list(SERVICES)
        features = query.getall("features", [])
        if not set(services) <= set(SERVICES) or not set(features) <= set(FEATURES):
            return _error(400, "bad_parameter", "an unknown service or feature")
        abroad = 1.0 if query.get("country", "BE") == "BE" else 1.8
        surcharge = sum(FEATURES[feature] for feature in features)
        rates = [
            {
                "service": service,
                "amount": round(SERVICES[service][0] * abroad + 0.8 * weight + surcharge, 2),
                "currency": "EUR",
                "days": SERVICES[service][1],
            }
            for service in services
        ]
        return web.json_response({"rates": rates})


def build_app(key: str) -> web.Application:
    """The carrier as an aiohttp application that takes `key` as `X-Carrier-Key`."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("X-Carrier-Key", "")
        if not compare_digest(given.encode(), key.encode()):
            response: web.StreamResponse = _error(401, "unauthorized", "X-Carrier-Key is missing or unknown")
        else:
            try:
                response = await handler(request)
            except web.HTTPException as raised:
                response = _error(raised.status, "refused", raised.reason)
                if "Allow" in raised.headers:
                    response.headers["Allow"] = raised.headers["Allow"]
        if not response.prepared:
            response.headers.update(_echo(request))
        return response

    carrier = Carrier()
    app = web.Application(middlewares=[guard])
    app.add_routes(
        [
            web.get("/shipments", carrier.list_shipments),
            web.post("/shipments", carrier.create_shipment),
            web.get("/shipments/{id}", carrier.get_shipment),
            web.get("/shipments/{id}/tracking", carrier.get_tracking),
            web.get("/shipments/{id}/label", carrier.get_label),
            web.get("/rates", carrier.get_rates),
        ]
    )
    return app


@asynccontextmanager
async def serve(key: str, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Run a carrier in this event loop and give its base URL. Port 0 takes a free port.

    Raises:
        OSError: the port is taken.
    """
    runner = web.AppRunner(build_app(key), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0][1]
        _log.info("carrier on http://%s:%s", host, bound)
        yield f"http://{host}:{bound}"
    finally:
        await runner.cleanup()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM. Prints nothing; logs to stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m catalog.demo.carrier", description="A shipping carrier's REST API, for trying."
    )
    parser.add_argument("--port", type=int, required=True, help="TCP port, 0 for a free one (see the log)")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--key", required=True, help="what X-Carrier-Key must hold")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(_serve(options.key, options.host, options.port))


async def _serve(key: str, host: str, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    async with serve(key, host, port):
        await stop.wait()


def _destination(number: int) -> dict[str, object]:
    street, city, postal_code, country = _CITIES[number % len(_CITIES)]
    return {
        "name": f"Recipient {number}",
        "street": street,
        "city": city,
        "postal_code": postal_code,
        "country": country,
    }


def _label(shipment: Shipment) -> list[bytes]:
    text = json.dumps(shipment).encode()
    blocks = [b"%PDF-1.4\n% label of " + str(shipment["id"]).encode() + b"\n"]
    blocks += [b"% " + text + b"\n" + b"\x89\xab\xcd\xef" * 64 + b"\n" for _ in range(_LABEL_BLOCKS)]
    return [*blocks, b"%%EOF\n"]


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _member(wanted: object, key: str) -> object:
    return wanted.get(key) if isinstance(wanted, dict) else None


def _echo(request: web.Request) -> dict[str, str]:
    given = request.headers.get("X-Request-Id")
    return {} if given is None else {"X-Request-Id": given}


def _no_such_shipment() -> web.Response:
    return _error(404, "not_found", "no such shipment")


def _error(status: int, code: str, message: str) -> web.Response:
    """A problem document (RFC 9457), as the carrier's contract says."""
    return web.json_response(
        {"type": f"urn:polar:{code}", "title": HTTPStatus(status).phrase, "status": status, "detail": message},
        status=status,
        content_type="application/problem+json",
    )


if __name__ == "__main__":
    main()
