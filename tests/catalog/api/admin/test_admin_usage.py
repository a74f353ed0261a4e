"""Usage over the admin API: what it shows, to whom, and what it refuses."""

import pytest

from catalog.api.admin.routes import usage as routes
from catalog.usage.ingest import UsageIntake
from contracts.estate_files import TeamEntry, TeamsFile
from contracts.usage.batch import Row, Sight, Tally
from tests.catalog.admin import TEAMS, AdminClient, company, compiled, member, sample_company
from tests.catalog.usage.test_usage_store import batch, row


@pytest.fixture
async def admin(admin: AdminClient) -> AdminClient:
    """With APIs in force, `orders` v1 and v2 among them."""
    admin.world.compiled = compiled(sample_company())
    await admin.world.publisher.publish()
    return admin


async def fill(admin: AdminClient, *rows: Row, sequence: int = 1, age: int = 100) -> None:
    """A batch whose calls ended `age` seconds ago."""
    world = admin.world
    await UsageIntake(world.store, lambda: world.now).take(batch(sequence, *rows, begin=int(world.now) - age))


async def test_calls_are_shown_by_day_version_and_status(admin: AdminClient) -> None:
    slow = Tally("5xx", 2, 9_000_000, 0, (0, 0, 0, 0, 2))
    await fill(admin, row(tallies=(*row().tallies, slow)), row("other"), row(version="v2"))
    answer = await admin("anna", "GET", "/usage?api=orders&version=v1")
    assert answer.status == 200
    assert (answer.body["by"], answer.body["complete"]) == ("day", True)
    assert (answer.body["from"], answer.body["to"]) == ("2026-11-11T00:00:00Z", "2026-11-18T00:00:00Z")
    within = {"ms_25": 6, "ms_100": 6, "ms_500": 6, "ms_2500": 6}
    good = {"api": "orders", "version": "v1", "status": "200", "calls": 6, "bytes": 60, "mean_milliseconds": 1.0}
    bad = {**good, "status": "5xx", "calls": 2, "bytes": 0, "mean_milliseconds": 4500.0}
    none = dict.fromkeys(within, 0)
    start = {"start": "2026-11-18T00:00:00Z"}
    assert answer.body["points"] == [{**start, **good, "within": within}, {**start, **bad, "within": none}]


async def test_an_application_has_its_own_calls_by_the_hour(admin: AdminClient) -> None:
    await fill(admin, row(), row("other"))
    await fill(admin, row(), sequence=2, age=7200)
    answer = await admin("omar", "GET", "/usage?application=web-shop&by=hour")
    points = answer.body["points"]
    starts = ["2026-11-18T09:00:00Z", "2026-11-18T11:00:00Z"]
    assert [(each["start"], each["calls"]) for each in points] == [(starts[0], 3), (starts[1], 3)]
    ranged = "/usage?api=orders&by=hour&from=2026-11-18T11:05:00%2B01:00&to=2026-11-18t10:30:00z"
    assert [each["start"] for each in (await admin("omar", "GET", ranged)).body["points"]] == []
    before = await admin("omar", "GET", "/usage?api=orders&by=hour&to=2026-11-18T10:30:00Z")
    assert [each["start"] for each in before.body["points"]] == starts[:1]


async def test_too_many_points_are_cut_and_it_says_so(admin: AdminClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "MOST_POINTS", 1)
    await fill(admin, row(), row(version="v2"))
    answer = await admin("sara", "GET", "/usage?api=orders")
    assert [each["version"] for each in answer.body["points"]] == ["v1"]
    assert answer.body["complete"] is False


@pytest.mark.parametrize(
    ("query", "pointer", "rule"),
    [
        ("", "/api", "required"),
        ("?api=orders&from=2026-11-18T00:00:00Z&to=2026-11-17T00:00:00Z", "/from", "order"),
        ("?api=orders&by=year", "/by", "enum"),
        ("?api=orders&from=yesterday", "/from", "format"),
        ("?api=Orders", "/api", "pattern"),
        ("?api=orders&version=1", "/version", "pattern"),
        ("?api=orders&who=me", "/who", "unknown-parameter"),
    ],
)
async def test_what_is_no_question_is_refused(admin: AdminClient, query: str, pointer: str, rule: str) -> None:
    refused = await admin("anna", "GET", "/usage" + query)
    assert refused.status == 422
    assert [(each["pointer"], each["rule"]) for each in refused.body["violations"]] == [(pointer, rule)]


async def test_callers_are_listed_page_by_page(admin: AdminClient) -> None:
    await fill(admin, row(), row("other", 5), row(operation="getOrder"), row("", 1, consumer=""))
    path = "/apis/orders/versions/v1/callers"
    first = (await admin("anna", "GET", path + "?limit=3")).body
    assert [(each["operation"], each["application"], each["calls"]) for each in first["items"]] == [
        ("listOrders", "other", 5),
        ("getOrder", "web-shop", 3),
        ("listOrders", "web-shop", 3),
    ]
    assert first["items"][0]["consumer"] == "acme"
    assert first["items"][0]["last_seen"] == "2026-11-18T11:06:39Z"
    rest = (await admin("anna", "GET", f"{path}?limit=3&after={first['next']}")).body
    assert [each["application"] for each in rest["items"]] == [""]
    assert rest["next"] is None
    assert (await admin("anna", "GET", "/apis/orders/versions/v2/callers")).body["items"] == []


QUESTIONS = ["callers", "reported-calls", "guarded-calls"]


NO_API = "There is no API 'ordres' in force (did you mean 'orders'?)"
NO_APPLICATION = "There is no application 'wep-shop' in force (did you mean 'web-shop'?)"
NO_VERSION = "There is no version 'v9' of orders in force (known: v1, v2)"


@pytest.mark.parametrize(
    ("asked", "detail"),
    [
        *((f"/apis/ordres/versions/v1/{each}", NO_API) for each in QUESTIONS),
        *((f"/apis/orders/versions/v9/{each}", NO_VERSION) for each in QUESTIONS),
        ("/usage?api=ordres", NO_API),
        ("/usage?api=orders&version=v9", NO_VERSION),
        ("/usage?application=wep-shop", NO_APPLICATION),
        ("/usage?api=orders&application=wep-shop", NO_APPLICATION),
        ("/apis/orders/versions/v1/guarded-calls?application=wep-shop", NO_APPLICATION),
    ],
)
async def test_of_what_is_not_there_it_is_told_that_it_is_not(admin: AdminClient, asked: str, detail: str) -> None:
    """Nobody called it either, but that is not what somebody wants to know who mistyped a name."""
    refused = await admin("anna", "GET", asked)
    assert refused.status == 404
    assert refused.body["detail"].startswith(detail)
    counted = "call of" if detail == NO_APPLICATION else "call to"
    assert refused.body["detail"].endswith(f", and no {counted} one was counted in that time.")


async def test_what_is_no_more_in_force_keeps_its_usage(admin: AdminClient) -> None:
    seen = (Sight("rpc", "a/b", "", 1), Sight("would-refuse", "network", "", 1))
    await fill(admin, row(version="v9", seen=seen))
    for question in QUESTIONS:
        assert (await admin("anna", "GET", f"/apis/orders/versions/v9/{question}")).body["items"] != []
    assert (await admin("anna", "GET", "/usage?api=orders&version=v9")).body["points"] != []


async def test_an_application_that_is_no_more_keeps_its_usage(admin: AdminClient) -> None:
    await fill(admin, row("bygone", seen=(Sight("rpc", "a/b", "", 1),)))
    assert (await admin("anna", "GET", "/usage?application=bygone")).body["points"] != []
    path = "/apis/orders/versions/v1/guarded-calls?application=bygone"
    assert (await admin("anna", "GET", path)).body["items"] != []
    known = await admin("anna", "GET", "/usage?application=web-shop")
    assert (known.status, known.body["points"]) == (200, []), "who is there and called nothing"


async def test_who_called_long_ago_is_not_among_them(admin: AdminClient) -> None:
    await fill(admin, row())
    admin.world.now += 20 * 86_400
    path = "/apis/orders/versions/v1/callers?days="
    assert len((await admin("anna", "GET", path + "30")).body["items"]) == 1
    assert (await admin("anna", "GET", path + "10")).body["items"] == []


async def test_what_policies_would_have_refused_is_listed_by_policy_and_application(admin: AdminClient) -> None:
    by_network = (Sight("would-refuse", "network", "", 7), Sight("accepted", "", "", 9))
    by_both = (Sight("would-refuse", "network", "", 1), Sight("would-refuse", "rate-limit", "", 2))
    await fill(admin, row(seen=by_network), row("other", seen=by_both), row("", seen=(), consumer=""))
    path = "/apis/orders/versions/v1/reported-calls"
    first = (await admin("anna", "GET", path + "?limit=2")).body
    assert [(each["policy"], each["application"], each["calls"]) for each in first["items"]] == [
        ("network", "web-shop", 7),
        ("rate-limit", "other", 2),
    ]
    assert first["items"][0] == {
        "policy": "network",
        "operation": "listOrders",
        "application": "web-shop",
        "consumer": "acme",
        "calls": 7,
        "last_seen": "2026-11-18T11:06:39Z",
    }
    rest = (await admin("anna", "GET", f"{path}?limit=2&after={first['next']}")).body
    assert [(each["policy"], each["application"]) for each in rest["items"]] == [("network", "other")]
    assert (await admin("anna", "GET", "/apis/orders/versions/v2/reported-calls")).body["items"] == []
    admin.world.now += 20 * 86_400
    assert (await admin("anna", "GET", path + "?days=10")).body["items"] == []


async def test_what_legacy_clients_use_of_odoo_is_listed(admin: AdminClient) -> None:
    seen = (Sight("rpc", "sale.order/search_read", "", 7), Sight("rpc-read", "sale.order/name", "", 6))
    await fill(admin, row(seen=seen), row("other", seen=seen[:1]))
    path = "/apis/orders/versions/v1/guarded-calls"
    first = (await admin("anna", "GET", f"{path}?application=web-shop&limit=1")).body
    assert first["items"] == [
        {
            "application": "web-shop",
            "consumer": "acme",
            "model": "sale.order",
            "used": "method",
            "name": "search_read",
            "calls": 7,
            "last_seen": "2026-11-18T11:06:39Z",
        }
    ]
    rest = (await admin("anna", "GET", f"{path}?application=web-shop&after={first['next']}")).body
    assert [(each["used"], each["name"], each["calls"]) for each in rest["items"]] == [("read", "name", 6)]
    assert len((await admin("anna", "GET", path)).body["items"]) == 3


READ = [
    "/usage?api=orders",
    "/apis/orders/versions/v1/callers",
    "/apis/orders/versions/v1/reported-calls",
    "/apis/orders/versions/v1/guarded-calls",
]


@pytest.mark.parametrize("path", READ)
async def test_usage_is_for_those_who_own_or_decide(admin: AdminClient, path: str) -> None:
    assert (await admin(None, "GET", path)).status == 401
    for name in ("anna", "otto", "sara", "omar"):
        assert (await admin(name, "GET", path)).status == 200
    partners = TeamEntry("Partners", "partners@example.com", {"pia": member("pia", "partner-developer")})
    admin.world.compiled = compiled(company(TeamsFile({**TEAMS.teams, "partners": partners})))
    await admin.world.publisher.publish()
    refused = await admin("pia", "GET", path)
    assert (refused.status, refused.body["type"]) == (403, "urn:ostiary:problem:role-missing")
