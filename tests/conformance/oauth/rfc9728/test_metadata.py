"""RFC 9728, OAuth 2.0 Protected Resource Metadata: what a gateway tells of each API version, over the wire."""

import re
from pathlib import Path

import msgspec
import pytest

from tests.gateway.gateway_world import AUDIENCE, gateway

WELL_KNOWN = "/.well-known/oauth-protected-resource"


@pytest.fixture
def metadata_path() -> str:
    return WELL_KNOWN + "/orders/v1"


async def test_3_1_the_well_known_part_stands_between_host_and_path(tmp_path: Path, metadata_path: str) -> None:
    async with gateway(tmp_path) as world:
        assert (await world.ask("GET", metadata_path)).status == 200
        assert (await world.ask("GET", "/orders/v1" + WELL_KNOWN)).status == 404


async def test_3_2_it_is_a_json_object_of_type_json(tmp_path: Path, metadata_path: str) -> None:
    async with gateway(tmp_path) as world:
        answer = await world.ask("GET", metadata_path)
        assert answer.fields[b"content-type"] == b"application/json"
        document = msgspec.json.decode(answer.body)
        assert isinstance(document, dict)
        # §3.2: members without a value are left out, and there are no empty arrays for that.
        assert None not in document.values()


async def test_3_3_the_resource_is_the_one_that_was_asked_about(tmp_path: Path, metadata_path: str) -> None:
    async with gateway(tmp_path) as world:
        document = msgspec.json.decode((await world.ask("GET", metadata_path)).body)
        assert document["resource"] == AUDIENCE + "/orders/v1"
        assert document["bearer_methods_supported"] == ["header"]
        assert document["scopes_supported"] == sorted(document["scopes_supported"])


async def test_5_1_a_challenge_says_where_the_metadata_is(tmp_path: Path, metadata_path: str) -> None:
    async with gateway(tmp_path) as world:
        answer = await world.ask("GET", "/orders/v1/orders", bearer=None)
        assert answer.status == 401
        [found] = re.findall(rb'resource_metadata="([^"]+)"', answer.fields[b"www-authenticate"])
        assert found.decode().endswith(metadata_path)
