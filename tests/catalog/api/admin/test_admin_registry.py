"""The registry and the audit log over the admin API."""

import pytest
import sqlalchemy as sa

from catalog.audit.chain import Event
from catalog.storage.tables.audit import audit_entries
from contracts.estate.estate import load_estate
from contracts.estate_files import ConsumerEntry, ConsumersFile
from tests.catalog.admin import SAMPLE, TEAMS, AdminClient, company, compiled, sample_company


@pytest.fixture
async def sample(admin: AdminClient) -> AdminClient:
    """The admin API of a catalog with the demonstration's APIs and the people of the tests."""
    estate, findings = load_estate(SAMPLE)
    assert estate is not None, findings
    consumers = ConsumersFile({**estate.consumers.consumers, "old": ConsumerEntry("Old", "old@partner.example")})
    admin.world.compiled = compiled(sample_company(consumers=consumers))
    await admin.world.publisher.publish()
    return admin


async def test_apis_are_listed_by_owner_and_shown(sample: AdminClient) -> None:
    listed = await sample("dora", "GET", "/apis")
    assert [each["name"] for each in listed.body["items"]] == ["orders", "partners", "shipments"]
    assert [each["name"] for each in (await sample("anna", "GET", "/apis?owner=sales")).body["items"]] == [
        "orders"
    ]
    shown = await sample("anna", "GET", "/apis/orders")
    assert shown.body == listed.body["items"][0]
    assert [(each["version"], each["state"]) for each in shown.body["versions"]] == [
        ("v1", "deprecated"),
        ("v2", "published"),
    ]
    assert (await sample("anna", "GET", "/apis/nothing")).status == 404


async def test_teams_know_their_apis(sample: AdminClient) -> None:
    teams = {each["name"]: each for each in (await sample("anna", "GET", "/teams")).body["items"]}
    assert teams["sales"]["apis"] == ["orders"]
    assert (teams["platform"]["apis"], teams["platform"]["members"]) == ([], 4)


async def test_people_and_partners_are_for_those_who_own_or_decide(sample: AdminClient) -> None:
    members = (await sample("anna", "GET", "/members?limit=1")).body
    assert members["items"][0]["name"] == "anna"
    assert members["next"] == "anna"
    consumers = (await sample("sara", "GET", "/consumers")).body["items"]
    assert [each["applications"] for each in consumers if each["name"] == "old"] == [[]]
    only_partner = company(type(TEAMS)({"sales": TEAMS.teams["sales"]}))
    sample.world.compiled = compiled(only_partner)
    await sample.world.publisher.publish()
    for path in ("/members", "/consumers", "/orphans", "/audit/entries"):
        refused = await sample("dora", "GET", path)
        assert refused.status == 403, path
        assert "security" in refused.body["roles"]


async def test_what_nobody_answers_for(sample: AdminClient) -> None:
    found = (await sample("omar", "GET", "/orphans")).body["items"]
    assert {(each["rule"], each["kind"], each["name"]) for each in found} == {
        # The demonstration's teams of these are not among the people of the tests.
        ("unknown-owner", "api", "partners"),
        ("unknown-owner", "api", "shipments"),
        ("contact-unknown", "api", "orders"),
        ("contact-unknown", "api", "partners"),
        ("contact-unknown", "api", "shipments"),
        ("consumer-without-application", "consumer", "old"),
    }


async def test_an_estate_that_is_empty_has_nothing_to_show(admin: AdminClient) -> None:
    for path in ("/apis", "/orphans", "/consumers"):
        assert (await admin("omar", "GET", path)).body == {"items": [], "next": None}


async def append(admin: AdminClient, number: int) -> None:
    async with admin.world.store.write() as connection:
        for name in range(number):
            event = Event(subject="test", action="done", object=str(name), actor=f"actor-{name % 2}")
            await admin.world.audit.append(connection, event)


async def test_audit_entries_in_pages_both_ways(admin: AdminClient) -> None:
    await append(admin, 7)
    numbers: list[int] = []
    after = ""
    while True:
        page = (await admin("sara", "GET", f"/audit/entries?subject=test&limit=3{after}")).body
        numbers += [each["number"] for each in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert numbers == sorted(numbers)
    assert len(numbers) == 7
    newest = (await admin("sara", "GET", "/audit/entries?subject=test&order=newest-first&limit=5")).body
    assert [each["number"] for each in newest["items"]] == numbers[:1:-1]
    rest = await admin("sara", "GET", f"/audit/entries?subject=test&order=newest-first&after={newest['next']}")
    assert [each["number"] for each in rest.body["items"]] == numbers[1::-1]
    of_one = (await admin("sara", "GET", "/audit/entries?actor=actor-1&object=3")).body["items"]
    assert [(each["actor"], each["object"]) for each in of_one] == [("actor-1", "3")]


async def test_audit_entries_by_time(admin: AdminClient) -> None:
    await append(admin, 1)
    now = admin.world.now
    admin.world.now += 100
    await append(admin, 2)
    from catalog.clock import moment

    since = moment(now + 1).isoformat().replace("+00:00", "Z")
    assert len((await admin("sara", "GET", f"/audit/entries?subject=test&since={since}")).body["items"]) == 2
    assert len((await admin("sara", "GET", f"/audit/entries?subject=test&until={since}")).body["items"]) == 1
    assert (await admin("sara", "GET", "/audit/entries?since=yesterday")).status == 422


async def test_the_log_is_proved_and_nobody_else_reads_it(admin: AdminClient) -> None:
    await append(admin, 3)
    checkpoint = await admin.world.audit.checkpoint(admin.world.keys.snapshot)
    assert checkpoint is not None
    shown = (await admin("omar", "GET", "/audit/checkpoints")).body["items"]
    assert [(each["number"], each["digest"]) for each in shown][-1] == (checkpoint.number, checkpoint.digest.hex())
    proved = await admin(
        "omar", "GET", f"/audit/verification?expect={checkpoint.number}:{checkpoint.digest.hex()}"
    )
    assert (proved.body["verified"], proved.body["fault"]) == (True, None)
    denied = (await admin("omar", "GET", f"/audit/verification?expect=1:{'0' * 64}")).body
    assert (denied["verified"], denied["fault"]["entry"]) == (False, 1)
    for path in ("/audit/entries", "/audit/checkpoints", "/audit/verification"):
        assert (await admin("ben", "GET", path)).status == 403


async def test_what_was_altered_by_sql_is_named_over_the_api(admin: AdminClient) -> None:
    await append(admin, 3)
    last = (await admin("sara", "GET", "/audit/entries?order=newest-first&limit=1")).body["items"][0]["number"]
    async with admin.world.store.write() as connection:
        where = " ON audit_entries" if connection.dialect.name == "postgresql" else ""
        await connection.exec_driver_sql(f"DROP TRIGGER audit_entries_update{where}")
        await connection.execute(sa.update(audit_entries).where(audit_entries.c.number == last).values(actor="x"))
    found = (await admin("sara", "GET", "/audit/verification")).body
    assert (found["verified"], found["entries"], found["fault"]["entry"]) == (False, last - 1, last)
