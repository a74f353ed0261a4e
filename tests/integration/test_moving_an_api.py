"""An API moves to another upstream, from the estate's files to its callers: copies, then one partner, and back."""

import json
from pathlib import Path
from typing import Any

from catalog.estates import load_estate
from contracts.estate.estate import access_applications, contracts_part
from contracts.snapshot import FORMAT, AccessPart, Issuer, Manifest, Snapshot, encode_part
from tests.gateway.gateway_world import Gateway, gateway
from tests.gateway.http_harness import RawUpstream, raw_upstream
from tests.gateway.test_mirroring import answers, documents, told
from tests.gateway.upstreams.resilience.test_failing_upstreams import says, until
from tests.support.estates import write_estate
from tests.support.policy_world import AUDIENCE, EC_KEY, ISSUER, NOW, claims, compact, ec_jwk, header

APP = "reading-club-app"
OLD = [
    {"isbn": "9783161484100", "title": "A Book", "author": "Ada"},
    {"isbn": "9780306406157", "title": "Another", "author": "Bo"},
]


class Company:
    """Its estate, and what publishes it."""

    def __init__(self, root: Path, world: Gateway, old: RawUpstream, new: RawUpstream) -> None:
        self._root = root
        self._world = world
        self._urls = {"bookshop": f"http://127.0.0.1:{old.port}", "next": f"http://127.0.0.1:{new.port}"}
        self._serial = 1

    def publish(self, policies: str) -> None:
        self._serial += 1
        root = write_estate(
            self._root / str(self._serial),
            ("ostiary.yaml", "upstreams:\n", "upstreams:\n  next: {url: 'http://127.0.0.1:9'}\n"),
            ("apis/books/api.yaml", "title: Books\n", f"title: Books\npolicies:\n{policies}"),
        )
        estate, findings = load_estate(root)
        assert estate is not None, findings
        contracts = contracts_part(estate, upstream_urls=self._urls, audience=AUDIENCE)
        keys = {"keys": [ec_jwk(EC_KEY, "k1", use="sig", alg="ES256")]}
        access = AccessPart((Issuer(ISSUER, f"{ISSUER}/jwks", ("ES256",), keys),), access_applications(estate))
        manifest = Manifest(FORMAT, self._serial, NOW, encode_part(contracts)[0], encode_part(access)[0])
        self._world.adopt(Snapshot(manifest, contracts, access))

    async def books(self) -> tuple[int, Any]:
        said = claims(client_id=APP, sub=APP, scope="books:read")
        answer = await self._world.ask("GET", "/books/v1/books", bearer=compact(header(), said))
        return answer.status, json.loads(answer.body) if answer.status == 200 else None

    async def report(self) -> dict[str, Any]:
        """Of the one operation that was called, when its one copy has come to something."""
        runtime = self._world.pipeline.runtime
        assert runtime is not None
        reports = runtime.ports.mirror_reports
        await until(lambda: any(each.outcomes for each in reports.every()))
        (found,) = [each for each in documents(reports.every()) if each["outcomes"]]
        return found


async def test_an_api_moves_and_is_taken_back(tmp_path: Path) -> None:
    async with gateway(tmp_path) as world, raw_upstream(answers(OLD)) as old, raw_upstream() as new:
        company = Company(tmp_path, world, old, new)

        # The new system sorts otherwise, and has another author.
        new.script = answers([OLD[1], {**OLD[0], "author": "A. Example"}])
        company.publish("  mirror: {to: next}\n")
        assert await company.books() == (200, OLD)
        assert told(await company.report()) == [("value", f"/*/{name}", 1) for name in ("author", "isbn", "title")]

        # Whoever does not mind the order says so, and sees the author alone.
        company.publish("  mirror: {to: next, keys: {'': isbn}}\n")
        assert await company.books() == (200, OLD)
        assert told(await company.report()) == [("value", "/*/author", 1)]

        # Mended, it says the same.
        new.script = answers(OLD[::-1])
        company.publish("  mirror: {to: next, keys: {'': isbn}, timeout: 5}\n")
        assert await company.books() == (200, OLD)
        assert (await company.report())["outcomes"] == {"equal": 1}

        # One partner gets its answers.
        company.publish("  canary: {to: next, always-for: [reading-club], back-out: {minimum-calls: 2}}\n")
        assert await company.books() == (200, OLD[::-1])

        # It breaks, and the partner is where it was.
        new.script = says(500)
        assert [(await company.books())[0] for _ in range(2)] == [500, 200]
        assert await company.books() == (200, OLD)
