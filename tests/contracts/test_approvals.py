"""Approvals: signed with all they say, and in a part that reads as before where there are none."""

from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.approvals import Approval
from contracts.operations import ApiVersion, HttpBackend, Operation
from contracts.packed import at_once, read_contracts
from contracts.snapshot import ContractsPart, encode_part, entry_digest
from tests.support.snapshots import KEY, approved

VERSION = ApiVersion(
    *("orders", "v1", "Orders", "sales", "/orders/v1", "r"),
    operations=(Operation("list", "GET", "/orders", "/paths/~1orders/get", HttpBackend("shop")),),
)
BARE = ContractsPart("https://api.example", (), (), (VERSION,))
APPROVAL = Approval(
    api="orders",
    version="v1",
    revision="sha256:1",
    entry=entry_digest(VERSION),
    basis="change",
    change="7",
    approvers=("ada", "bob"),
    at=1,
).signed(KEY)


@pytest.mark.parametrize(
    "change",
    [
        {"api": "partners"},
        {"version": "v2"},
        {"revision": "sha256:2"},
        {"entry": "sha256:3"},
        {"basis": "emergency"},
        {"change": "8"},
        {"approvers": ("ada",)},
        {"at": 2},
    ],
    ids=str,
)
def test_an_approval_is_signed_with_all_that_it_says(change: dict[str, Any]) -> None:
    assert APPROVAL.is_signed(KEY.public_key())
    assert not msgspec.structs.replace(APPROVAL, **change).is_signed(KEY.public_key())


def test_another_keys_signature_is_none() -> None:
    assert not APPROVAL.is_signed(Ed25519PrivateKey.generate().public_key())
    assert not msgspec.structs.replace(APPROVAL, signature=b"").is_signed(KEY.public_key())


def test_a_part_without_approvals_has_the_bytes_of_earlier_catalogs() -> None:
    _, data = encode_part(BARE)
    assert b"approvals" not in data
    assert data.endswith(b"]}\n]}")


def test_approvals_come_along_and_change_no_entry() -> None:
    part = approved(BARE)
    assert entry_digest(part.versions[0]) == APPROVAL.entry
    frame, packed = at_once(read_contracts(encode_part(part)[1]))
    assert frame.approvals == part.approvals
    assert [at_once(one.digest()) for one in packed] == [APPROVAL.entry]
    assert msgspec.json.decode(encode_part(part)[1], type=ContractsPart) == part


def test_any_change_of_an_entry_is_another_digest() -> None:
    other = msgspec.structs.replace(VERSION, title="Order")
    fewer = msgspec.structs.replace(VERSION, operations=())
    assert len({entry_digest(each) for each in (VERSION, other, fewer)}) == 3
