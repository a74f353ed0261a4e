"""Versions at one base path, through a real listener: chosen by header, by media type, and by date and pin."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from contracts.dates import timestamp
from contracts.operations import ApiVersion, HttpBackend, Lifecycle, Operation, VersionChoice
from contracts.packed import at_once
from contracts.policy_settings import PolicyUse
from contracts.snapshot import Snapshot, Subscription, encode_part
from gateway.usage.counting import UsageCounting
from gateway.usage.packing import batch_of, rows_of
from policies.exchange import Exchange
from policies.field_names import plain_name
from tests.gateway.gateway_world import Gateway, gateway, orders, problem_of, snapshot
from tests.gateway.http_harness import RawAnswer, SeenRequest

DATES = (("v1", timestamp("2026-01-01")), ("v2", timestamp("2026-06-01")))


def operation(name: str, method: str, path: str, *, public: bool = True) -> Operation:
    scopes = () if public else (("orders:read",),)
    return Operation(name, method, path, f"/paths/{name}", HttpBackend("shop"), scopes=scopes, public=public)


def version(name: str, choice: VersionChoice, *made: Operation, **changes: Any) -> ApiVersion:
    return orders(*made, version=name, base_path="/orders", choice=choice, **changes)


def two(choice: VersionChoice, port: int, *, public: bool = True, **changes: Any) -> Snapshot:
    """In v1, `search` is an order's id; in v2 it is a path, and orders can be deleted."""
    return snapshot(
        version(
            "v1",
            choice,
            operation("getOrder", "GET", "/orders/{id}", public=public),
            operation("old", "GET", "/old", public=public),
            **changes,
        ),
        version(
            "v2",
            choice,
            operation("getOrder", "GET", "/orders/{id}", public=public),
            operation("deleteOrder", "DELETE", "/orders/{id}", public=public),
            operation("searchOrders", "POST", "/orders/search", public=public),
        ),
        port=port,
    )


async def served(running: Gateway, method: str, path: str, **fields: str) -> tuple[int, str, str]:
    """The status, the version that the client is told of, and the operation that the log has."""
    seen = len(await running.logged(0))
    answer = await running.ask(method, path, bearer=None, **fields)
    running.access_log.flush()
    line = (await running.logged(seen + 1))[-1]
    return answer.status, answer.fields.get(b"api-version", b"").decode(), line.get("operation", "")


async def test_a_header_chooses_among_the_versions_at_one_path(tmp_path: Path) -> None:
    async with gateway(tmp_path) as running:
        running.adopt(two(VersionChoice("header", default="v2"), running.upstream.port))
        assert await served(running, "GET", "/orders/orders/7", API_Version="v1") == (200, "v1", "getOrder")
        assert await served(running, "GET", "/orders/orders/7") == (200, "v2", "getOrder")
        # What is a literal in one version hides no parameter of another.
        assert await served(running, "GET", "/orders/orders/search", API_Version="v1") == (200, "v1", "getOrder")
        assert await served(running, "HEAD", "/orders/orders/7", API_Version="v1") == (200, "v1", "getOrder")
        assert (await running.logged())[-1]["version"] == "v1"
        assert running.upstream.seen[-1].head.startswith(b"HEAD /backend/orders/7 ")


async def test_answers_say_what_they_depend_on(tmp_path: Path) -> None:
    async with gateway(tmp_path) as running:
        running.adopt(two(VersionChoice("header"), running.upstream.port))
        for fields in ({"API_Version": "v1"}, {"API_Version": "v3"}, {}):
            answer = await running.ask("GET", "/orders/orders/7", bearer=None, **fields)
            assert answer.fields[b"vary"] == b"API-Version"


async def test_what_is_not_in_a_version_is_told_with_where_it_is(tmp_path: Path) -> None:
    async with gateway(tmp_path) as running:
        running.adopt(two(VersionChoice("header", default="v2"), running.upstream.port))
        problem = problem_of(await running.ask("GET", "/orders/old", bearer=None))
        assert (problem["status"], problem["version"], problem["versions"]) == (404, "v2", ["v1"])
        assert problem["detail"] == "The path is not in v2; it is in v1."
        problem = problem_of(await running.ask("GET", "/orders/none", bearer=None))
        assert (problem["type"], problem["versions"]) == ("urn:ostiary:problem:path-not-in-version", [])
        answer = await running.ask("DELETE", "/orders/orders/7", bearer=None, API_Version="v1")
        assert (answer.status, answer.fields[b"allow"]) == (405, b"GET, HEAD")
        problem = problem_of(await running.ask("GET", "/orders/orders/7", bearer=None, API_Version="v9"))
        assert (problem["status"], problem["versions"], problem["default"]) == (400, ["v1", "v2"], "v2")
        answer = await running.ask("GET", "/elsewhere", bearer=None)
        assert problem_of(answer)["type"] == "urn:ostiary:problem:route-not-found"
        assert running.upstream.seen == []


async def test_what_is_not_in_a_version_with_a_path_of_its_own_is_told_with_where_it_is(tmp_path: Path) -> None:
    def at_its_path(name: str, *made: Operation, **changes: Any) -> ApiVersion:
        return orders(*made, version=name, base_path=f"/orders/{name}", **changes)

    one, two = operation("getOrder", "GET", "/orders/{id}"), operation("new", "GET", "/new")
    ended = Lifecycle("retired")
    async with gateway(tmp_path) as running:
        running.adopt(
            snapshot(
                at_its_path("v1", one, lifecycle=ended),
                at_its_path("v2", one),
                at_its_path("v3", one, two),
                orders(one, api="films", base_path="/films/v1"),
                port=running.upstream.port,
            )
        )

        async def told(path: str) -> tuple[str, Any, Any, Any]:
            problem = problem_of(await running.ask("GET", path, bearer=None))
            assert problem["status"] == 404
            kind = problem["type"].rpartition(":")[2]
            return kind, problem["detail"], problem.get("version"), problem.get("versions")

        missed = "path-not-in-version"
        assert await told("/orders/v2/new") == (missed, "The path is not in v2; it is in v3.", "v2", ["v3"])
        assert await told("/orders/v1/new") == (missed, "The path is not in v1; it is in v3.", "v1", ["v3"])
        said = "The path is not in v9; it is in v2, v3."
        assert await told("/orders/v9/orders/7") == (missed, said, "v9", ["v2", "v3"])
        said = "The path names no version; it is in v3."
        assert await told("/orders/new") == (missed, said, None, ["v3"])
        nowhere = ("route-not-found", "No published contract has this path.", None, None)
        for path in (
            "/orders/v2/none",
            "/orders/v9/none",
            "/orders/none",
            "/orders/vx/new",
            "/films/v1/new",
            "/v9/new",
        ):
            assert await told(path) == nowhere
        assert running.upstream.seen == []


async def test_who_names_no_version_in_the_path_gets_the_default(tmp_path: Path) -> None:
    def at_its_path(name: str, *made: Operation, **changes: Any) -> ApiVersion:
        return orders(*made, version=name, base_path=f"/orders/{name}", **changes)

    one, two = operation("getOrder", "GET", "/orders/{id}"), operation("old", "GET", "/old")
    anything = operation("any", "GET", "/{a}/{b}/{c}")
    async with gateway(tmp_path) as running:
        running.adopt(
            snapshot(
                at_its_path("v1", one, two),
                at_its_path("v2", one, anything, default=True),
                orders(one, api="films", base_path="/films/v1"),
                port=running.upstream.port,
            )
        )
        for path, lines in (("/orders/orders/7", 1), ("/orders/v1/orders/7", 2)):
            assert (await running.ask("GET", path, bearer=None)).status == 200
            running.access_log.flush()
            assert (await running.logged(lines))[-1]["version"] == ("v2" if lines == 1 else "v1")
        assert [each.line for each in running.upstream.seen] == [b"GET /backend/orders/7 HTTP/1.1"] * 2
        missed = problem_of(await running.ask("GET", "/orders/old", bearer=None))
        assert (missed["detail"], missed["versions"]) == ("The path is not in v2; it is in v1.", ["v1"])
        for path in ("/orders/v9/a/b", "/orders/v2/v2/a/b/c", "/films/none", "/orders", "/orders/", "/none"):
            problem = problem_of(await running.ask("GET", path, bearer=None))
            assert problem["type"] == "urn:ostiary:problem:route-not-found", path
        answer = await running.ask("POST", "/orders/orders/7", b"", bearer=None)
        assert (answer.status, answer.fields[b"allow"]) == (405, b"GET, HEAD")
        assert len(running.upstream.seen) == 2


async def test_a_media_type_chooses(tmp_path: Path) -> None:
    async with gateway(tmp_path) as running:
        running.adopt(two(VersionChoice("media-type", vendor="acme.orders", default="v1"), running.upstream.port))
        accept = "application/vnd.acme.orders.v2+json"
        assert await served(running, "DELETE", "/orders/orders/7", Accept=accept) == (200, "v2", "deleteOrder")
        assert await served(running, "GET", "/orders/old", Accept="application/json") == (200, "v1", "old")
        answer = await running.ask("GET", "/orders/old", bearer=None, Accept="application/json;version=3")
        assert (answer.status, answer.fields[b"vary"]) == (406, b"Accept")
        assert problem_of(answer)["media-types"] == [
            "application/vnd.acme.orders.v1+json",
            "application/vnd.acme.orders.v2+json",
        ]


async def test_a_second_version_header_is_refused(tmp_path: Path) -> None:
    async with gateway(tmp_path) as running:
        running.adopt(two(VersionChoice("header", default="v2"), running.upstream.port))
        answer = await running.ask("GET", "/orders/orders/7", bearer=None, API_Version="v1\r\nAPI-Version: v2")
        assert answer.status == 400
        assert running.upstream.seen == []


async def test_a_retired_version_is_gone_and_the_other_is_there(tmp_path: Path) -> None:
    choice = VersionChoice("header", default="v2")
    async with gateway(tmp_path) as running:
        ended = Lifecycle("retired", successor="v2")
        running.adopt(two(choice, running.upstream.port, lifecycle=ended, successor_base_path="/orders"))
        gone = await running.ask("GET", "/orders/orders/7", bearer=None, API_Version="v1")
        assert (gone.status, gone.fields[b"api-version"]) == (410, b"v1")
        assert problem_of(gone)["successor-version"] == "v2"
        assert await served(running, "GET", "/orders/orders/7") == (200, "v2", "getOrder")


def pinned(made: Snapshot, date: str | None, *versions: str) -> Snapshot:
    """With the application pinned to a date of the API, and subscribed to these versions."""
    (application,) = made.access.applications
    subscriptions = tuple(Subscription("orders", name, "gold", ("orders:read",)) for name in versions)
    pins = {} if date is None else {"orders": timestamp(date)}
    application = msgspec.structs.replace(application, subscriptions=subscriptions, pinned=pins)
    access = msgspec.structs.replace(made.access, applications=(application,))
    manifest = msgspec.structs.replace(made.manifest, serial=2, access=encode_part(access)[0])
    return msgspec.structs.replace(made, manifest=manifest, access=access)


async def asked(running: Gateway, method: str, path: str, **fields: str) -> RawAnswer:
    return await running.ask(method, path, **fields)


async def test_an_application_gets_the_version_of_the_date_to_which_it_is_pinned(tmp_path: Path) -> None:
    choice = VersionChoice("date", released=DATES)
    async with gateway(tmp_path) as running:
        made = two(choice, running.upstream.port, public=False)
        running.adopt(pinned(made, "2026-05-01", "v1", "v2"))
        answer = await asked(running, "GET", "/orders/orders/7")
        assert (answer.status, answer.fields[b"api-version"]) == (200, b"v1")
        assert answer.fields[b"vary"] == b"API-Version, Authorization"
        answer = await asked(running, "GET", "/orders/orders/7", API_Version="2026-06-01")
        assert (answer.status, answer.fields[b"api-version"]) == (200, b"v2")
        # Only the pinned version has it, and only the other.
        assert (await asked(running, "GET", "/orders/old")).status == 200
        assert (await asked(running, "DELETE", "/orders/orders/7")).status == 405
        running.access_log.flush()
        lines = await running.logged(4)
        assert [line.get("version") for line in lines] == ["v1", "v2", "v1", None]


async def test_an_application_without_a_pin_gets_the_newest(tmp_path: Path) -> None:
    choice = VersionChoice("date", released=DATES)
    async with gateway(tmp_path) as running:
        running.adopt(pinned(two(choice, running.upstream.port, public=False), None, "v1", "v2"))
        answer = await asked(running, "GET", "/orders/orders/7")
        assert (answer.status, answer.fields[b"api-version"]) == (200, b"v2")


async def test_what_the_newest_has_not_is_not_there_without_a_pin(tmp_path: Path) -> None:
    """Another version stands in until it is known who calls, and no longer; nor where nobody asks."""
    choice = VersionChoice("date", released=DATES)
    async with gateway(tmp_path) as running:
        for public in (False, True):
            made = two(choice, running.upstream.port, public=public)
            running.adopt(made if public else pinned(made, None, "v1", "v2"))
            answer = await asked(running, "GET", "/orders/old")
            assert (answer.status, problem_of(answer)["versions"]) == (404, ["v1"])
            assert problem_of(answer)["detail"] == "The path is not in v2; it is in v1."
            answer = await asked(running, "GET", "/orders/old", API_Version="2026-05-01")
            assert (answer.status, answer.fields[b"api-version"]) == (200, b"v1")
        assert len(running.upstream.seen) == 2


async def test_a_pin_grants_nothing(tmp_path: Path) -> None:
    choice = VersionChoice("date", released=DATES)
    async with gateway(tmp_path) as running:
        running.adopt(pinned(two(choice, running.upstream.port, public=False), "2026-05-01", "v2"))
        problem = problem_of(await asked(running, "GET", "/orders/orders/7"))
        assert problem["type"] == "urn:ostiary:problem:subscription-missing"
        assert running.upstream.seen == []


async def test_a_stranger_is_asked_for_credentials_whatever_the_version(tmp_path: Path) -> None:
    choice = VersionChoice("date", released=DATES)
    async with gateway(tmp_path) as running:
        running.adopt(pinned(two(choice, running.upstream.port, public=False), "2026-05-01", "v1"))
        assert (await running.ask("GET", "/orders/old", bearer=None)).status == 401
        assert running.upstream.seen == []


async def test_another_api_at_the_same_base_path_is_not_served(tmp_path: Path) -> None:
    choice = VersionChoice("header", default="v1")
    async with gateway(tmp_path) as running:
        there = version("v1", choice, operation("one", "GET", "/one"))
        other = msgspec.structs.replace(version("v2", choice, operation("two", "GET", "/two")), api="films")
        running.adopt(snapshot(there, other, port=running.upstream.port))
        assert running.pipeline.runtime is not None
        assert "chosen otherwise" in running.pipeline.runtime.rejected["films/v2"]
        assert await served(running, "GET", "/orders/one") == (200, "v1", "one")


async def test_a_version_that_cannot_be_bound_keeps_its_last_form_beside_the_others(tmp_path: Path) -> None:
    choice = VersionChoice("header", default="v1")
    async with gateway(tmp_path) as running:
        good = two(choice, running.upstream.port)
        await running.change_over(good)
        v1, v2 = good.contracts.versions
        broken = msgspec.structs.replace(
            v2,
            operations=(operation("a", "GET", "/a"), operation("b", "GET", "/{x}"), operation("c", "GET", "/{y}")),
        )
        await running.change_over(snapshot(v1, broken, serial=3, port=running.upstream.port))
        assert await served(running, "DELETE", "/orders/orders/7", API_Version="v2") == (200, "v2", "deleteOrder")
        assert (await running.ask("GET", "/orders/a", bearer=None, API_Version="v2")).status == 404


async def test_versions_at_one_base_path_are_one_resource_with_the_scopes_of_all(tmp_path: Path) -> None:
    choice = VersionChoice("header", default="v1")
    async with gateway(tmp_path) as running:
        one = operation("one", "GET", "/one", public=False)
        two = msgspec.structs.replace(one, id="two", path="/two", scopes=(("orders:write",),))
        running.adopt(snapshot(version("v1", choice, one), version("v2", choice, two), port=running.upstream.port))
        document = await running.ask("GET", "/.well-known/oauth-protected-resource/orders", bearer=None)
        assert msgspec.json.decode(document.body)["scopes_supported"] == ["orders:read", "orders:write"]


async def test_no_upstream_says_which_version_has_served(tmp_path: Path) -> None:
    async def says(request: SeenRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nAPI-Version: 7\r\nVary: Accept-Language\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        return True

    async with gateway(tmp_path, says) as running:
        running.adopt(two(VersionChoice("header", default="v2"), running.upstream.port))
        answer = await running.ask("GET", "/orders/orders/7", bearer=None)
        lines = answer.head.lower().split(b"\r\n")
        assert [line for line in lines if line.startswith((b"api-version", b"vary"))] == [
            b"vary: accept-language",
            b"vary: api-version",
            b"api-version: v2",
        ]
        # It is told upstream as it came, and nothing is asked for otherwise than by the client.
        await running.ask("GET", "/orders/orders/7", bearer=None, API_Version="v1", Accept_Encoding="gzip")
        assert running.upstream.seen[-1].fields[b"accept-encoding"] == b"gzip"


async def test_a_page_may_send_the_header_that_chooses(tmp_path: Path) -> None:
    choice = VersionChoice("header")
    use = PolicyUse("cors", config={"origins": ["https://shop.example"]})
    asked = {
        "Origin": "https://shop.example",
        "Access_Control_Request_Method": "DELETE",
        "Access_Control_Request_Headers": "api-version",
    }
    async with gateway(tmp_path) as running:
        one = msgspec.structs.replace(operation("getOrder", "GET", "/orders/{id}"), policies=(use,))
        two = msgspec.structs.replace(operation("deleteOrder", "DELETE", "/orders/{id}"), policies=(use,))
        running.adopt(snapshot(version("v1", choice, two), version("v2", choice, one), port=running.upstream.port))
        answer = await running.ask("OPTIONS", "/orders/orders/7", bearer=None, **asked)
        assert (answer.status, answer.fields[b"access-control-allow-methods"]) == (204, b"DELETE")
        answer = await running.ask("OPTIONS", "/orders/orders/7", bearer=None)
        assert answer.status == 400
        assert running.upstream.seen == []


async def test_what_is_served_now_is_found_again_in_the_version_of_an_exchange(tmp_path: Path) -> None:
    """As a WebSocket asks when a snapshot has come."""
    choice = VersionChoice("header", default="v2")
    async with gateway(tmp_path) as running:
        made = two(choice, running.upstream.port)
        running.adopt(made)
        runtime = running.pipeline.runtime
        assert runtime is not None
        for each in made.contracts.versions:
            open_ = Exchange("GET", b"/orders/orders/7", [], {}, "192.0.2.1")
            open_.path, open_.version = "/orders/orders/7", each
            served = runtime.served(open_)
            assert served is not None
            assert served.bind().version.version == each.version
            open_.path = "/orders/none"
            assert runtime.served(open_) is None
        assert runtime.size == 5


async def test_requests_are_counted_by_the_version_that_served_them(tmp_path: Path) -> None:
    usage = UsageCounting()
    async with gateway(tmp_path, recorder=usage) as running:
        running.adopt(two(VersionChoice("header", default="v2"), running.upstream.port))
        for said in ("v1", "v1", "v2"):
            assert (await running.ask("GET", "/orders/orders/7", bearer=None, API_Version=said)).status == 200
        rows = at_once(batch_of(rows_of(usage.take(), 0.0)))
        found = {(row.version, row.operation): sum(each.calls for each in row.tallies) for row in rows}
        assert found == {("v1", "getOrder"): 2, ("v2", "getOrder"): 1}


async def test_no_other_spelling_of_the_header_tells_an_upstream_of_another_version(tmp_path: Path) -> None:
    async with gateway(tmp_path) as running:
        running.adopt(two(VersionChoice("header", header="X-Orders-Version"), running.upstream.port))
        said = "v1\r\nX_Orders_Version: v2\r\nx.orders-version: v2\r\nX_Other: 1"
        answer = await running.ask("GET", "/orders/orders/7", bearer=None, X_Orders_Version=said)
        assert (answer.status, answer.fields[b"x-orders-version"]) == (200, b"v1")
        (seen,) = running.upstream.seen
        names = [name.lower() for name, _ in seen.headers]
        assert [name for name in names if plain_name(name) == b"x-orders-version"] == [b"x-orders-version"]
        assert seen.fields[b"x_other"] == b"1"
