"""DPoP proofs that several workers remember together, on a real server; and alone while it is lost."""

import inspect
from collections.abc import Iterator

import pytest

from gateway.adapters.shared_proofs import SCRIPT, SharedProofs
from policies.credentials.used_proofs import UsedProofs
from tests.gateway.adapters.patient_store import patient_store
from tests.support.valkey import Valkey, valkey

NOW = 1_795_000_000.0


@pytest.fixture(scope="module")
def server() -> Iterator[Valkey]:
    with valkey() as running:
        yield running


def worker(url: str) -> SharedProofs:
    return SharedProofs(patient_store(url, SCRIPT), UsedProofs(lambda: NOW), lambda: NOW)


async def used(proofs: SharedProofs, digest: bytes) -> bool:
    first = proofs.use(digest, NOW + 60)
    return await first if inspect.isawaitable(first) else first


async def test_what_one_worker_took_no_other_takes(server: Valkey) -> None:
    one, other = worker(server.url), worker(server.url)
    assert await used(one, b"proof-1" * 2)
    assert not await used(other, b"proof-1" * 2)
    assert not await used(one, b"proof-1" * 2)
    assert await used(other, b"proof-2" * 2)
    for each in (one, other):
        await each.close()


async def test_without_the_server_each_remembers_its_own() -> None:
    proofs = worker("redis://127.0.0.1:9")
    assert await used(proofs, b"proof-1" * 2)
    assert not await used(proofs, b"proof-1" * 2)
    assert proofs.use(b"proof-2" * 2, NOW + 60) is True, "nobody waits for a server that is known to be lost"
    await proofs.close()
