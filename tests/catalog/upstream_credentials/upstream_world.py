"""A catalog whose estate has upstreams with credentials, and an API that one of them serves."""

from typing import Any

from catalog.publishing.compilation import Compilation
from contracts.operations import ApiVersion, HttpBackend, Operation
from contracts.snapshot import ContractsPart, Upstream, UpstreamTls
from tests.catalog.admin import AdminClient, Reply, company
from tests.catalog.serving import AUDIENCE, GOOD

ODOO = Upstream("odoo", "http", "https://odoo.example", credential="odoo-key", tls=UpstreamTls(ca="odoo-ca"))
CARRIER = Upstream("carrier", "http", "https://carrier.example", credential="carrier-key")
ORDERS = ApiVersion(
    api="orders",
    version="v2",
    title="Orders",
    owner="sales",
    base_path="/orders/v2",
    revision="0" * 64,
    operations=(
        Operation("listOrders", "GET", "/orders", "/paths/~1orders/get", HttpBackend("odoo"), public=True),
        Operation("track", "GET", "/track", "/paths/~1track/get", HttpBackend("carrier"), public=True),
    ),
)
WITH_UPSTREAMS = Compilation((), ContractsPart(AUDIENCE, (CARRIER, ODOO), (), ()), GOOD.applications, company())
SECRET = "odoo-api-key-0123456789"
WANTED = {
    "value": SECRET,
    "expires_days": 90,
    "team": "sales",
    "owner": "anna",
    "purpose": "The gateway's user in Odoo.",
    "runbook": "Odoo, Preferences, New API Key; set it here; delete the old one.",
}


async def put(admin: AdminClient, member: str = "sara", name: str = "odoo-key", **changes: Any) -> Reply:
    return await admin(member, "PUT", f"/upstream-credentials/{name}", {**WANTED, **changes})


async def replaced(admin: AdminClient, value: str, **changes: Any) -> Any:
    body = {"value": value, "expires_days": 90, **changes}
    answer = await admin("anna", "PUT", "/upstream-credentials/odoo-key", body)
    assert answer.status == 200, answer
    return answer.body["credential"]
