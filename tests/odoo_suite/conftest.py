"""Each Odoo is started and imported from once; each test has a gateway and records of its own."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from catalog.odoo.remote import JSON2_SINCE
from contracts.snapshot import ContractsPart
from tests.odoo_suite.instances import Kind, Odoo, kinds, running
from tests.odoo_suite.through_a_gateway import Client, client_of, command, contracts_of, make_estate, where


@pytest.fixture(
    scope="session",
    params=[pytest.param(kind, id=str(kind), marks=pytest.mark.xdist_group(f"odoo-{kind}")) for kind in kinds()],
)
def odoo(request: pytest.FixtureRequest) -> Iterator[Odoo]:
    kind: Kind = request.param
    with running(kind) as found:
        if not kind.version and kind.protocol == "json2" and not _has_json2(found):
            pytest.skip(f"this Odoo has no JSON-2, which came with {JSON2_SINCE}")
        yield found


def _has_json2(odoo: Odoo) -> bool:
    jsonrpc = Odoo(odoo.url, odoo.database, odoo.user, odoo.key, "jsonrpc")
    ended = command(odoo, "odoo", "discover", "res.partner", "--json", *where(jsonrpc))
    assert ended.exit_code == 0, ended.output
    return int(json.loads(ended.stdout)["odoo"]) >= JSON2_SINCE


@pytest.fixture(scope="session")
def estate(odoo: Odoo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_estate(odoo, tmp_path_factory.mktemp("estate"))


@pytest.fixture(scope="session")
def contracts(estate: Path) -> ContractsPart:
    return contracts_of(estate)


@pytest.fixture
async def client(odoo: Odoo, contracts: ContractsPart, tmp_path: Path) -> AsyncIterator[Client]:
    async with client_of(odoo, contracts, tmp_path) as client:
        yield client
