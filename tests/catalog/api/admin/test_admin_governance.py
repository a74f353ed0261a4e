"""The estate at a glance, its graph and scorecards over the admin API."""

import pytest

from catalog.governance.room import Governance
from contracts.estate_files import TeamEntry, TeamsFile
from tests.catalog.admin import TEAMS, AdminClient, company, compiled, member
from tests.catalog.governance.sample import sample


@pytest.fixture
async def demo(admin: AdminClient) -> AdminClient:
    """The admin API of a catalog with the demonstration's APIs and the people of the tests."""
    base = sample()
    made = company(TEAMS, apis=base.apis, versions=base.versions, consumers=base.consumers, file=base.file)
    admin.world.compiled = compiled(made)
    await admin.world.publisher.publish()
    return admin


async def test_the_estate_at_a_glance(demo: AdminClient) -> None:
    found = (await demo("anna", "GET", "/estate")).body
    assert (found["apis"], found["versions"], found["applications"]) == (3, 4, 3)
    assert {each["name"] for each in found["gaps"]} == {"orders", "partners", "shipments"}  # other teams own them
    assert (found["looks"], found["observed_since"]) == ([], None)


async def test_the_graph_and_a_part_of_it(demo: AdminClient) -> None:
    whole = (await demo("omar", "GET", "/estate/graph")).body
    assert {each["kind"] for each in whole["nodes"]} == {"consumer", "api", "system", "object"}
    part = (await demo("omar", "GET", "/estate/graph?about=system:carrier")).body
    assert "api:orders" not in {each["id"] for each in part["nodes"]}
    assert (await demo("omar", "GET", "/estate/graph?about=api:nothing")).status == 404
    assert (await demo("omar", "GET", "/estate/graph?about=anything")).status == 422


async def test_scorecards_are_filtered_and_paged(demo: AdminClient) -> None:
    apis = (await demo("sara", "GET", "/estate/scorecards?about=api&limit=2")).body
    assert [each["about"] for each in apis["items"]] == ["api", "api"]
    rest = (await demo("sara", "GET", f"/estate/scorecards?about=api&limit=2&after={apis['next']}")).body
    assert (len(rest["items"]), rest["next"]) == (1, None)
    sales = (await demo("sara", "GET", "/estate/scorecards?owner=sales")).body["items"]
    assert {(each["about"], each["name"]) for each in sales} == {("team", "sales"), ("api", "orders")}
    one = (await demo("sara", "GET", "/estate/scorecards?name=orders")).body["items"]
    assert [each["name"] for each in one] == ["orders"]
    assert {each["criterion"] for each in one[0]["marks"]} >= {"answered", "promised", "lean"}
    assert "clean" not in {each["criterion"] for each in one[0]["marks"]}  # nobody has looked yet


@pytest.mark.parametrize("path", ["/estate", "/estate/graph", "/estate/scorecards"])
async def test_it_is_for_those_who_own_or_decide(admin: AdminClient, path: str) -> None:
    partner = TeamEntry("Partner", "partner@example.com", {"paul": member("paul", "partner-developer")})
    admin.world.compiled = compiled(company(TeamsFile({**TEAMS.teams, "partner": partner})))
    await admin.world.publisher.publish()
    refused = await admin("paul", "GET", path)
    assert (refused.status, "role-missing" in refused.body["type"]) == (403, True)
    assert (await admin("sara", "GET", path)).status == 200


async def test_without_an_estate_there_is_nothing_to_show(admin: AdminClient) -> None:
    governance = Governance(admin.world.store, lambda: None, lambda: admin.world.now)
    assert await governance.overview() is None
    assert governance.graph(None) is None
    assert await governance.scorecards() == ()
