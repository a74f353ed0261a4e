"""Who may do what about credentials: the table of the guide, row by row and column by column."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from contracts.snapshot import ContractsPart
from tests.catalog.admin import AdminClient
from tests.catalog.api.admin.test_admin_credentials import GUARD, WANTED, issued, later
from tests.catalog.serving import AUDIENCE
from tests.support.policy_world import version

GUIDE: Final = Path(__file__).parents[3] / "docs" / "guides" / "credentials.md"
MEMBERS: Final = {
    "security": "sara",
    "operator": "omar",
    "api-owner": "anna",
    "partner-developer": "dora",
    "architect": "otto",
}
OUTCOMES: Final = {"all": (True, True), "its team's": (True, False), "no": (False, False)}
"""What a cell says: of its team's credentials, and of another team's."""


def table() -> dict[str, dict[str, str]]:
    lines = iter(GUIDE.read_text(encoding="utf-8").splitlines())
    header = next(line for line in lines if line.startswith("| Role |"))
    columns = [cell.strip() for cell in header.strip("|").split("|")]
    next(lines)
    found: dict[str, dict[str, str]] = {}
    for line in lines:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        for role in cells[0].replace("`", "").split(", "):
            found[role] = dict(zip(columns[1:], cells[1:], strict=True))
    return found


TABLE: Final = table()


async def see(admin: AdminClient, member: str, key_id: str) -> bool:
    return (await admin(member, "GET", f"/credentials/{key_id}")).status == 200


async def replaced(admin: AdminClient, member: str, key_id: str) -> bool:
    body = {"overlap_until": later(admin, 1)}
    return (await admin(member, "POST", f"/credentials/{key_id}/rotation", body)).status == 201


async def hand_over(admin: AdminClient, member: str, key_id: str) -> bool:
    body = {"team": "sales", "owner": "ben", "reason": "to see"}
    return (await admin(member, "PUT", f"/credentials/{key_id}/owner", body)).status == 200


async def revoke(admin: AdminClient, member: str, key_id: str) -> bool:
    return (await admin(member, "POST", "/revocations", {"credential": key_id, "reason": "to see"})).status == 200


ACTIONS: Final = {"See": see, "Replace": replaced, "Hand over": hand_over, "Revoke": revoke}


@pytest.fixture
async def owned(admin: AdminClient) -> AdminClient:
    """With an API of the team sales, which the shop may call and the idle application may not."""
    made = admin.world.compiled
    assert not isinstance(made, Exception)
    orders = version(version="v2", base_path="/orders/v2")
    admin.world.compiled = replace(made, contracts=ContractsPart(AUDIENCE, (), (), (orders,)))
    await admin.world.publisher.publish()
    return admin


def test_the_table_has_a_row_for_each_role() -> None:
    assert set(TABLE) == set(MEMBERS)
    assert {column for row in TABLE.values() for column in row} == {*ACTIONS, "Issue", "Cut off"}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("role", MEMBERS)
async def test_what_a_role_may_do_to_a_credential(owned: AdminClient, role: str, action: str) -> None:
    mine = (await issued(owned))["credential"]["key_id"]
    others = (await issued(owned, team="platform", owner="omar"))["credential"]["key_id"]
    do, member = ACTIONS[action], MEMBERS[role]
    done = (await do(owned, member, mine), await do(owned, member, others))
    assert done == OUTCOMES[TABLE[role][action]]


@pytest.mark.parametrize("role", MEMBERS)
async def test_to_whom_a_role_may_issue(owned: AdminClient, role: str) -> None:
    answers = [
        await owned(MEMBERS[role], "POST", "/credentials", {**WANTED, "application": application})
        for application in ("web-shop", "idle")
    ]
    # For this consumer no team acts; tests/catalog/subscriptions has one for which one does.
    none = (403, 403)
    outcomes = {"all": (201, 201), "for its APIs": (201, 403), "for its consumer": none, "no": none}
    expected = outcomes[TABLE[role]["Issue"]]
    assert tuple(each.status for each in answers) == expected


@pytest.mark.parametrize("role", MEMBERS)
async def test_who_may_cut_off(owned: AdminClient, role: str) -> None:
    await owned.world.catalog.signing.round()
    current = owned.world.publisher.current
    assert current is not None
    targets: list[dict[str, Any]] = [
        {"application": "web-shop"},
        {"consumer": "acme"},
        {"issued_before": "now"},
        {"signing_key": current.signing_keys[0]},
    ]
    may = {"yes": 200, "no": 403}[TABLE[role]["Cut off"]]
    for target in targets:
        wanted = {**target, "reason": "to see", "dry_run": True}
        assert (await owned(MEMBERS[role], "POST", "/revocations", wanted)).status == may, target
    assert (await owned(GUARD, "GET", "/revocations")).body["items"] == []
