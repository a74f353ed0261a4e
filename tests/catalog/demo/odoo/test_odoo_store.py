import pytest

from catalog.demo.odoo.store import Store


def _store() -> Store:
    store = Store()
    for record, target in ((1, 7), (2, 7), (3, 8)):
        store.put("line", record, {"order": target})
    return store


def _change_and_fail(store: Store) -> None:
    with store.transaction():
        store.put("line", store.next_id("line"), {"order": 7})
        store.put("line", 1, {"order": 8})
        store.remove("line", 2)
        raise RuntimeError


def test_links_follow_every_change() -> None:
    store = _store()
    assert store.linked("line", "order", 7) == [1, 2]
    store.put("line", 2, {"order": 8})
    store.put("line", 4, {"order": 7})
    store.remove("line", 3)
    store.put("line", 1, {"order": None})
    assert store.linked("line", "order", 7) == [4]
    assert store.linked("line", "order", 8) == [2]
    assert store.linked("line", "order", 9) == []


def test_a_failed_transaction_leaves_rows_and_links_as_they_were_but_not_the_ids() -> None:
    store = _store()
    assert store.linked("line", "order", 7) == [1, 2]
    with pytest.raises(RuntimeError):
        _change_and_fail(store)
    assert store.rows("line") == {1: {"order": 7}, 2: {"order": 7}, 3: {"order": 8}}
    assert store.linked("line", "order", 7) == [1, 2]
    assert store.linked("line", "order", 8) == [3]
    assert store.next_id("line") == 5


def test_a_transaction_that_ends_well_is_not_undone_by_the_next() -> None:
    store = _store()
    with store.transaction():
        store.put("line", 1, {"order": 9})
    with pytest.raises(RuntimeError), store.transaction():
        raise RuntimeError
    assert store.row("line", 1) == {"order": 9}
