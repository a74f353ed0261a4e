"""The sample estate's contracts hold for the upstreams of the demonstration.

openapi-core is the oracle here: another implementation than the gateway's own validators.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.response.exceptions import InvalidData

import catalog.demo
from catalog.demo import carrier
from catalog.demo.odoo.calls import call_positional
from catalog.demo.odoo.database import VERSIONS, Database, Settings
from catalog.demo.odoo.environment import Environment

_APIS = Path(catalog.demo.__file__).parent / "estate" / "apis"
_METHODS = ("get", "post", "put", "patch", "delete")
_SHIPMENT = {
    "order": "S00003",
    "service": "express",
    "destination": {
        "name": "Ada Berg",
        "street": "Rue Neuve 12",
        "city": "Bruxelles",
        "postal_code": "1000",
        "country": "BE",
    },
    "parcels": [{"weight_kg": 2.5}],
}


def _contract(path: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((_APIS / path).read_text())
    return document


def _mappings() -> Iterator[Any]:
    for path in ("orders/v1.openapi.yaml", "orders/v2.openapi.yaml", "partners/v1.openapi.yaml"):
        for item in _contract(path)["paths"].values():
            for method in _METHODS:
                if method in item:
                    operation = item[method]
                    yield pytest.param(operation["x-ostiary-odoo"], id=f"{path}-{operation['operationId']}")


def _assert_known(env: Environment, model: str, fields: dict[str, Any]) -> None:
    known = call_positional(env, model, "fields_get", [], {"attributes": ["type", "relation"]})
    assert isinstance(known, dict)
    for mapped in fields.values():
        name = mapped["field"] if isinstance(mapped, dict) else mapped
        assert name in known, f"{model}.{name} in Odoo {env.major}"
        if isinstance(mapped, dict) and "fields" in mapped:
            assert known[name]["relation"] == mapped["model"]
            _assert_known(env, mapped["model"], mapped["fields"])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mapping", list(_mappings()))
def test_every_mapped_field_exists_in_every_odoo(mapping: dict[str, Any], version: str) -> None:
    env = Database(Settings(version=version)).environment(2)
    _assert_known(env, mapping["model"], mapping["fields"])
    _assert_known(env, mapping["model"], mapping.get("filters", {}))
    _assert_known(env, mapping["model"], mapping.get("sort", {}).get("fields", {}))
    if "method" in mapping:
        assert call_positional(env, mapping["model"], mapping["method"], [[]], {}) is True


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/shipments?status=delivered&created%5Bfrom%5D=2026-10-06T00:00:00Z&limit=5", 200),
        ("post", "/shipments", 201),
        ("get", "/shipments/SHP-000007", 200),
        ("get", "/shipments/SHP-999999", 404),
        ("get", "/shipments/SHP-000007/tracking", 200),
        ("get", "/shipments/SHP-999999/tracking", 404),
        ("get", "/shipments/SHP-000007/label", 200),
        ("get", "/rates?weight_kg=2&services=economy,express&features=signature", 200),
    ],
)
async def test_the_carrier_keeps_its_contract(method: str, path: str, status: int) -> None:
    request, response = await _call_carrier(method, path)
    assert response.status_code == status
    _SHIPMENTS.validate_response(request, response)


async def test_the_carrier_breaks_its_contract_for_one_shipment() -> None:
    request, response = await _call_carrier("get", f"/shipments/{carrier.STRAYED}/tracking")
    assert response.status_code == 200
    with pytest.raises(InvalidData) as raised:
        _SHIPMENTS.validate_response(request, response)
    assert "held_at_customs" in repr(raised.value.__cause__)


_SHIPMENTS = OpenAPI.from_file_path(
    str(_APIS / "shipments" / "v1.openapi.yaml"),
    config=Config(extra_media_type_deserializers={"application/problem+json": json.loads}),
)


async def _call_carrier(method: str, path: str) -> tuple[MockRequest, MockResponse]:
    headers = {"X-Carrier-Key": "key"}
    body = _SHIPMENT if method == "post" else None
    async with (
        carrier.serve("key") as base,
        aiohttp.ClientSession(base, headers=headers) as session,
        session.request(method, path, json=body) as answer,
    ):
        response = MockResponse(
            await answer.read(),
            status_code=answer.status,
            headers=dict(answer.headers),
            content_type=answer.content_type,
        )
    request = MockRequest("http://127.0.0.1", method, "/shipments/v1" + path.partition("?")[0])
    return request, response
