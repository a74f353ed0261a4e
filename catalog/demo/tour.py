"""The tour: calls that show each promise of the gateway, as curl lines and as `ostiary demo --once` makes them."""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

SHOP: Final = "aurora-shop"
DISPATCH: Final = "polar-dispatch"
REPORTS: Final = "lumen-bi"
VARIABLES: Final[Mapping[str, str]] = {SHOP: "SHOP", DISPATCH: "DISPATCH", REPORTS: "REPORTS"}
"""The shell variables that hold the three applications' tokens."""


class TourError(Exception):
    """A call did not go as promised; the message says which and what came instead."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Records that exist, so that the printed lines work: against the stand-in and a real Odoo alike."""

    order_id: int
    customer_id: int
    product_id: int


@dataclass(frozen=True, slots=True)
class Step:
    """One call: what it shows, who makes it, and the status that it must have."""

    shows: str
    path: str
    status: int
    client: str | None = None
    method: str = "GET"
    body: str | None = None
    content_type: str = "application/json"
    once: bool = False
    """Part of the short tour: one call through each API."""
    head_only: bool = False
    """The answer's head is the point: print it alone."""


def steps(samples: Samples) -> tuple[Step, ...]:
    """The whole tour, in the order in which it is printed."""
    order = json.dumps(
        {
            "customer_id": samples.customer_id,
            "client_reference": "TOUR-1",
            "lines": [{"product_id": samples.product_id, "quantity": 2}],
        }
    )
    return (
        Step(
            "Orders out of Odoo, as a REST contract: filters, paging, null instead of false",
            "/orders/v2/orders?status=draft,sale&sort=-ordered_at&limit=2",
            200,
            SHOP,
            once=True,
        ),
        Step("One order with its lines", f"/orders/v2/orders/{samples.order_id}", 200, SHOP),
        Step("Place an order: 201 and Location", "/orders/v2/orders", 201, SHOP, "POST", order),
        Step("Partners, from the same Odoo", "/partners/v1/partners?company=true&limit=2", 200, SHOP, once=True),
        Step(
            "A partner's API behind the same door: the carrier",
            "/shipments/v1/shipments?status=created&status=in_transit&limit=2",
            200,
            SHOP,
            once=True,
        ),
        Step(
            "A version that ends says so: Deprecation, Sunset, Link to its successor",
            "/orders/v1/orders?limit=1",
            200,
            DISPATCH,
            once=True,
            head_only=True,
        ),
        Step(
            "No token: 401, and where to get one",
            "/orders/v2/orders",
            401,
            head_only=True,
        ),
        Step("A scope that was not granted: 403", "/orders/v2/orders", 403, REPORTS, "POST", order),
        Step("No subscription to that API: 403", "/shipments/v1/shipments", 403, REPORTS),
        Step(
            "A body that breaks the contract: 422 with every place, and no value repeated",
            "/orders/v2/orders",
            422,
            SHOP,
            "POST",
            '{"customer_id": "eight", "lines": [{"product_id": 1, "quantity": -2}], "note": "?"}',
        ),
        Step("A parameter that the contract does not know: 422", "/orders/v2/orders?statsu=draft", 422, SHOP),
        Step("Malformed JSON: 400", "/orders/v2/orders", 400, SHOP, "POST", '{"customer_id": 8,'),
        Step("Another content type: 415", "/orders/v2/orders", 415, SHOP, "POST", "<order/>", "application/xml"),
        Step("No such path: 404", "/orders/v2/invoices", 404, SHOP),
        Step("No such method there: 405, with Allow", "/orders/v2/orders", 405, SHOP, "DELETE"),
        Step("A path that could be read in two ways: 400", "/orders/v2/%2e%2e/v1/orders", 400, SHOP),
        Step(
            "An answer outside its contract is passed on, and reported in the access log",
            "/shipments/v1/shipments/SHP-000013/tracking",
            200,
            SHOP,
        ),
    )


def curl(step: Step, gateway: str) -> str:
    """The step as a line for a POSIX shell."""
    parts = ["curl -sS", "-o /dev/null -D -" if step.head_only else "-i"]
    if step.method != "GET":
        parts.append(f"-X {step.method}")
    if step.client is not None:
        parts.append(f'-H "Authorization: Bearer ${VARIABLES[step.client]}"')
    if step.body is not None:
        parts.append(f"-H 'Content-Type: {step.content_type}' -d '{step.body}'")
    # Square brackets and dots reach the server as they stand here.
    parts.append(f"-g --path-as-is '{gateway}{step.path}'")
    return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def fetch(
    url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> Answer:
    """One request on the loopback address, any status. Raises OSError where nobody answers."""
    request = urllib.request.Request(url, data=body, method=method, headers=dict(headers or {}))  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=40) as response:
            return Answer(response.status, dict(response.headers), response.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, dict(error.headers), error.read())


class Visitor:
    """Walks the tour: gets tokens from the catalog and calls the gateway."""

    def __init__(self, catalog: str, gateway: str, secrets: Mapping[str, str]) -> None:
        self._catalog = catalog
        self._gateway = gateway
        self._secrets = secrets
        self._tokens: dict[str, str] = {}

    def token(self, client_id: str) -> str:
        """An access token for one of the applications. Raises TourError."""
        if client_id not in self._tokens:
            basic = base64.b64encode(f"{client_id}:{self._secrets[client_id]}".encode()).decode()
            answer = fetch(
                f"{self._catalog}/oauth/token",
                method="POST",
                headers={"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"},
                body=urllib.parse.urlencode({"grant_type": "client_credentials"}).encode(),
            )
            if answer.status != 200:
                raise TourError(f"no token for {client_id}: {answer.status} {answer.body.decode()}")
            self._tokens[client_id] = json.loads(answer.body)["access_token"]
        return self._tokens[client_id]

    def take(self, step: Step) -> Answer:
        """Makes the step's call. Raises TourError for another status than the promised one."""
        answer = self.send(step)
        if answer.status != step.status:
            text = answer.body.decode(errors="replace")[:600]
            raise TourError(f"{step.method} {step.path} gave {answer.status} instead of {step.status}: {text}")
        return answer

    def send(self, step: Step) -> Answer:
        """Makes the step's call, whatever comes of it. Raises TourError without a token, OSError."""
        headers = {}
        if step.client is not None:
            headers["Authorization"] = f"Bearer {self.token(step.client)}"
        if step.body is not None:
            headers["Content-Type"] = step.content_type
        body = None if step.body is None else step.body.encode()
        return fetch(self._gateway + step.path, method=step.method, headers=headers, body=body)

    def samples(self) -> Samples:
        """Records to show: taken from the newest orders that have a product on a line."""
        step = Step("", "/orders/v2/orders?limit=20", 200, SHOP)
        orders: list[dict[str, Any]] = json.loads(self.take(step).body)["data"]
        for order in orders:
            for line in order["lines"]:
                if line["product"] is not None:
                    return Samples(order["id"], order["customer"]["id"], line["product"]["id"])
        return Samples(order_id=1, customer_id=1, product_id=1)

    def short(self, say: Callable[[str], None]) -> None:
        """One call through each API. Raises TourError."""
        for step in short_tour():
            self.take(step)
            say(f"{step.status}  {step.method} {step.path}")


def short_tour() -> Iterator[Step]:
    """The steps that show each API once; they need no record to exist."""
    return (step for step in steps(Samples(1, 1, 1)) if step.once)
