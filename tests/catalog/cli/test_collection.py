"""Garbage is not looked for while a command makes none, and looked for again afterwards."""

import gc

import pytest

from catalog.cli.collection import without_collection


def test_collection_goes_on_afterwards() -> None:
    with without_collection():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.unfreeze()


def test_collection_goes_on_after_a_fault() -> None:
    with pytest.raises(ValueError), without_collection():
        raise ValueError
    assert gc.isenabled()
    gc.unfreeze()
