"""What a large access part costs: 10,000 applications with 100,000 API keys, and a change of one of them.

`python tests/benchmarks/access_size.py` fills a ledger, publishes, revokes one key, and takes the change to a
gateway: how long the part takes to compile, how large the delta is, how long the gateway works at it and for how
long at most it holds up requests, and what a look-up takes with a hundred keys and with all of them.
"""

import argparse
import asyncio
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from catalog.credentials.credential import Credential  # noqa: E402  the script's own packages
from catalog.credentials.enforcement import enforcing  # noqa: E402
from catalog.credentials.table import find, replace  # noqa: E402
from catalog.publishing.access_texts import AccessTexts  # noqa: E402
from catalog.storage.engine import Store  # noqa: E402
from catalog.storage.tables.credentials import credentials  # noqa: E402
from contracts import access_delta  # noqa: E402
from contracts.access import AccessPart, Application, Issuer, Subscription  # noqa: E402
from contracts.packed import Steps, at_once  # noqa: E402
from contracts.snapshot import encode_part  # noqa: E402
from gateway.access_index import index_after, index_of  # noqa: E402
from gateway.pieces import joined_in_pieces  # noqa: E402

NOW = 1_795_000_000
_DAY = 86_400


def applications(count: int) -> tuple[Application, ...]:
    scopes = ("orders:read", "orders:write")
    subscriptions = (Subscription("orders", "v2", "partner", scopes), Subscription("stock", "v1", "partner", ()))
    return tuple(
        Application(f"app-{number:06}", f"Application {number}", f"firm-{number // 10}", subscriptions)
        for number in range(count)
    )


async def fill(store: Store, names: list[str], keys: int) -> None:
    """Puts good API keys into the ledger, as many to each application."""
    await store.migrate()
    pattern = Credential(
        key_id="",
        kind="api-key",
        application="",
        team="sales",
        owner="ines",
        purpose="benchmark",
        created_at=NOW,
        created_by="sara",
        expires_at=NOW + 90 * _DAY,
    )
    members = {**msgspec.structs.asdict(pattern), "scopes": "[]", "networks": "[]", "ends_at": pattern.ends_at}
    rows = [
        {
            **members,
            "key_id": f"key{number:012d}",
            "application": names[number % len(names)],
            "digest": hashlib.sha256(b"%d" % number).digest(),
        }
        for number in range(keys)
    ]
    async with store.write() as connection:
        await connection.execute(credentials.insert(), rows)


async def compiled(store: Store, part: AccessPart) -> tuple[AccessPart, tuple[str, bytes]]:
    """As a publication makes it."""
    async with store.write() as connection:
        made = await enforcing(lambda: NOW, "live")(connection, part)
    return made, encode_part(made)


async def revoke(store: Store, key_id: str) -> None:
    async with store.write() as connection:
        found = await find(connection, key_id)
        assert found is not None
        made = msgspec.structs.replace(found, revoked_at=NOW, revoked_by="sara", revoked_reason="benchmark")
        await replace(connection, made)


def longest(steps: Steps[Any]) -> tuple[Any, float]:
    """The result, and how long the longest step took: for so long requests wait."""
    most = 0.0
    while True:
        began = time.perf_counter()
        try:
            next(steps)
        except StopIteration as end:
            return end.value, max(most, time.perf_counter() - began)
        most = max(most, time.perf_counter() - began)


def looked_up(keys: Any, ids: list[str]) -> float:
    """Nanoseconds of one look-up."""
    rounds = 200_000 // len(ids)
    began = time.perf_counter()
    for _ in range(rounds):
        for each in ids:
            keys[each]
    return (time.perf_counter() - began) / (rounds * len(ids)) * 1e9


async def measure(directory: Path, count: int, keys: int) -> dict[str, float]:
    """Milliseconds, bytes and nanoseconds, by what they are of."""
    store, found = Store.open(f"sqlite+aiosqlite:///{directory / 'catalog.db'}"), dict[str, float]()

    def timed(name: str, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        made = work()
        found[name] = (time.perf_counter() - began) * 1000
        return made

    try:
        there = applications(count)
        await fill(store, [each.client_id for each in there], keys)
        part = AccessPart(
            (Issuer("https://catalog.example", "https://catalog.example/jwks", ("ES256",), {}),), there
        )
        began, core = time.perf_counter(), time.process_time()
        _, (base, old) = await compiled(store, part)
        found["the part compiled, ms"] = (time.perf_counter() - began) * 1000
        found["the part compiled, ms of a core"] = (time.process_time() - core) * 1000
        found["the part, bytes"] = len(old)
        await revoke(store, f"key{keys // 2:012d}")
        _, (digest, new) = await compiled(store, part)
    finally:
        await store.close()
    texts = AccessTexts()
    texts.keep(base, old)
    timed("the next part kept for deltas, ms", lambda: texts.keep(digest, new))
    delta = timed("the delta made, ms", lambda: texts.delta(base, digest))
    assert delta is not None
    found["the delta, bytes"] = len(access_delta.encode(delta))

    index, most = longest(index_of(old))
    found["the gateway reads it whole: longest step, ms"] = most * 1000
    timed("the gateway reads it whole, ms", lambda: at_once(index_of(old)))
    made, found_digest = timed(
        "the delta applied and verified, ms, beside requests",
        lambda: joined_in_pieces(access_delta.apply(old, delta)),
    )
    assert found_digest == digest
    change = timed("the change read, ms", lambda: access_delta.read_change(old, made, delta))
    after = index_after(index, change)
    timed("the change put in force, ms", after.settle)
    assert len(after.keys) == keys - 1
    ids = list(after.keys)
    few = dict(list(after.keys.items())[:100])
    found["a look-up among 100 keys, ns"] = looked_up(few, ids[:100])
    found["a look-up among all, ns"] = looked_up(after.keys, ids[:100])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--applications", type=int, default=10_000)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        found = asyncio.run(measure(Path(directory), given.applications, given.keys))
    lines = [f"{name:<48} {value:>14,.2f}" for name, value in found.items()]
    print(json.dumps(found) if given.json else "\n".join(lines))


if __name__ == "__main__":
    main()
