"""`ostiary scorecards` against a real catalog."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.catalog.admin import TEAMS, AdminClient, company, compiled
from tests.catalog.cli.test_cli_usage import Shell
from tests.catalog.governance.sample import sample
from tests.catalog.serving import serving

COMMAND = ("scorecards",)


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    async with serving(tmp_path) as world:
        base = sample()
        made = company(TEAMS, apis=base.apis, versions=base.versions, consumers=base.consumers, file=base.file)
        world.compiled = compiled(made)
        await world.publisher.publish()
        yield Shell(world.url, await AdminClient(world).token("anna"))


async def test_cards_are_told_with_what_to_mend_and_as_json(shell: Shell) -> None:
    told = await shell("orders", command=COMMAND)
    assert told.exit_code == 0, told.stderr
    assert " %  api orders\n" in told.stdout
    assert "missed: Somebody answers for it (contact-unknown)\n" in told.stdout
    assert "Mend it in apis/orders/api.yaml, owner.\n" in told.stdout
    assert "It promises a service level" not in told.stdout  # it does
    listed = json.loads((await shell("--about", "team", "--json", command=COMMAND)).stdout)
    assert [(each["about"], each["name"], each["apis"]) for each in listed] == [("team", "sales", ["orders"])]


async def test_a_score_below_what_is_wanted_fails(shell: Shell) -> None:
    assert (await shell("orders", "--least", "100", command=COMMAND)).exit_code == 1
    assert (await shell("orders", "--least", "10", command=COMMAND)).exit_code == 0
    none = await shell("nothing", command=COMMAND)
    assert (none.exit_code, none.stdout) == (0, "")
    assert "no such API or team" in none.stderr
