"""Envelope encryption: what a stored value opens by, and by what it does not."""

import base64
import os
from pathlib import Path

import msgspec
import pytest

from catalog.upstream_credentials.envelope import Envelope, Keyring, MasterKeyError, context_of
from catalog.upstream_credentials.local_key import LocalMasterKey, local_key_of_file, local_key_of_text

VALUE = b"the key of a shop, 0123456789"
CONTEXT = context_of("live", "odoo-key", 3)


def own(byte: int = 1) -> LocalMasterKey:
    return LocalMasterKey(bytes([byte]) * 32)


def without_a_byte(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


async def test_a_value_comes_back_and_is_sealed_otherwise_each_time() -> None:
    keyring = Keyring(own())
    first, second = await keyring.seal(VALUE, CONTEXT), await keyring.seal(VALUE, CONTEXT)
    assert await keyring.open(first, CONTEXT) == await keyring.open(second, CONTEXT) == VALUE
    assert {first.master_key, second.master_key} == {own().key_id}
    members = ("wrapped_key", "nonce", "ciphertext")
    assert all(getattr(first, name) != getattr(second, name) for name in members)
    assert VALUE not in first.ciphertext


@pytest.mark.parametrize(
    "context",
    [
        context_of("live", "odoo-key", 4),
        context_of("live", "carrier-key", 3),
        context_of("sandbox", "odoo-key", 3),
        context_of("live", "odoo-key\\", 3),
    ],
)
async def test_it_does_not_open_as_another(context: bytes) -> None:
    keyring = Keyring(own())
    with pytest.raises(MasterKeyError):
        await keyring.open(await keyring.seal(VALUE, CONTEXT), context)


@pytest.mark.parametrize("member", ["wrapped_key", "nonce", "ciphertext"])
async def test_what_was_altered_does_not_open(member: str) -> None:
    keyring = Keyring(own())
    envelope = await keyring.seal(VALUE, CONTEXT)
    altered = msgspec.structs.replace(envelope, **{member: without_a_byte(getattr(envelope, member))})
    with pytest.raises(MasterKeyError):
        await keyring.open(altered, CONTEXT)
    with pytest.raises(MasterKeyError):
        await keyring.open(msgspec.structs.replace(envelope, wrapped_key=b""), CONTEXT)


async def test_a_data_key_of_another_value_opens_nothing() -> None:
    """Who can write to the store can put rows together as they like."""
    keyring = Keyring(own())
    one, other = await keyring.seal(VALUE, CONTEXT), await keyring.seal(b"another", CONTEXT)
    mixed = Envelope(one.master_key, other.wrapped_key, one.nonce, one.ciphertext)
    with pytest.raises(MasterKeyError, match="altered"):
        await keyring.open(mixed, CONTEXT)


async def test_a_new_master_key_wraps_the_data_key_and_leaves_the_value() -> None:
    old = Keyring(own(1))
    envelope = await old.seal(VALUE, CONTEXT)
    both = Keyring(own(2), [own(1)])
    assert await both.open(envelope, CONTEXT) == VALUE
    moved = await both.rewrap(envelope, CONTEXT)
    assert (moved.nonce, moved.ciphertext) == (envelope.nonce, envelope.ciphertext)
    assert moved.master_key == own(2).key_id
    assert await Keyring(own(2)).open(moved, CONTEXT) == VALUE
    with pytest.raises(MasterKeyError):
        await old.open(moved, CONTEXT)


async def test_a_key_that_is_not_there_is_named_by_its_id() -> None:
    envelope = await Keyring(own(1)).seal(VALUE, CONTEXT)
    with pytest.raises(MasterKeyError, match=own(1).key_id) as caught:
        await Keyring(own(2)).open(envelope, CONTEXT)
    assert own(2).key_id in str(caught.value)
    Keyring(own(2), [own(1)]).require([envelope.master_key])
    with pytest.raises(MasterKeyError, match=own(1).key_id):
        Keyring(own(2)).require([envelope.master_key])


def test_a_master_key_is_32_bytes_of_base64_and_shows_nowhere(tmp_path: Path) -> None:
    key = os.urandom(32)
    text = base64.b64encode(key).decode()
    (tmp_path / "key").write_text(text + "\n")
    expected = LocalMasterKey(key).key_id
    assert local_key_of_file(tmp_path / "key").key_id == local_key_of_text(text, "it").key_id == expected
    assert text not in repr(local_key_of_text(text, "it"))
    assert key.hex() not in LocalMasterKey(key).key_id
    for bad in ("", "no base64 at all!", base64.b64encode(key[:31]).decode(), text[:-4]):
        (tmp_path / "bad").write_text(bad)
        with pytest.raises(MasterKeyError, match=str(tmp_path / "bad")) as caught:
            local_key_of_file(tmp_path / "bad")
        assert not bad or bad not in str(caught.value)
    with pytest.raises(MasterKeyError, match="cannot be read"):
        local_key_of_file(tmp_path / "missing")
