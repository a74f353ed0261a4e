"""The access part as it is looked up: after any changes it is what the whole part gives."""

import random

import msgspec

from contracts.access import ApiKey, Identity, IssuedBefore, Revoked
from contracts.packed import at_once
from contracts.snapshot import AccessChange, AccessPart, Application, encode_part
from gateway.access import AccessView
from gateway.access_index import AccessIndex, index_after, index_of


def application(name: str, keys: tuple[str, ...] = (), identities: tuple[Identity, ...] = ()) -> Application:
    made = tuple(ApiKey(key, b"d" * 32, 2_000_000_000) for key in keys)
    return Application(name, name, "acme", (), made, identities)


def whole(*applications: Application, **claims: dict[str, object]) -> AccessIndex:
    return at_once(index_of(encode_part(AccessPart((), applications, claims=claims))[1]))


def change(*changed: Application, gone: tuple[str, ...] = (), revoked: Revoked | None = None) -> AccessChange:
    return AccessChange("sha256:0", AccessPart((), (), revoked), changed, frozenset(gone))


def seen(index: AccessIndex) -> object:
    keys = {name: (known.key, known.application) for name, known in index.keys.items()}
    return index.applications, keys, index.identities


def test_a_change_is_made_when_it_is_put_in_force_and_not_before() -> None:
    current = whole(application("shop", ("key1", "key2")), application("desk", ("key3",)))
    after = index_after(current, change(application("shop", ("key2",)), gone=("desk",)))
    assert set(current.keys) == {"key1", "key2", "key3"}
    kept = current.keys["key2"]
    after.settle()
    assert set(after.keys) == {"key2"}
    assert after.keys["key2"] is not kept, "the key of an application that has changed is looked at anew"
    before = seen(after)
    after.settle()
    assert seen(after) == before


def test_what_did_not_change_is_the_very_same() -> None:
    current = whole(application("shop", ("key1",)), application("desk", ("key3",)))
    kept = current.keys["key3"]
    after = index_after(current, change(application("shop")))
    after.settle()
    assert after.keys == {"key3": kept}
    assert after.keys["key3"] is kept
    assert after.keys is current.keys, "the maps are not made anew"


def test_a_key_and_an_identity_may_pass_from_one_application_to_another() -> None:
    identity = Identity("https://other.example", "client-7")
    shop = application("shop", ("key1",), (identity,))
    for order in (("desk", "shop"), ("shop", "desk")):
        current = whole(shop, application("desk"))
        new = {"shop": application("shop"), "desk": application("desk", ("key1",), (identity,))}
        after = index_after(current, change(*(new[name] for name in order)))
        after.settle()
        assert after.keys["key1"].application == new["desk"]
        assert after.identities[identity.issuer, identity.client] == new["desk"]


def test_after_many_changes_it_is_what_the_whole_part_gives() -> None:
    chance, state = random.Random(3), dict[str, Application]()
    current = whole()
    for _ in range(200):
        names = chance.sample("abcdefgh", chance.randrange(4))
        gone = tuple(name for name in names if name in state and chance.random() < 0.4)
        changed = [application(name, (f"key-{name}-{chance.randrange(3)}",)) for name in names if name not in gone]
        state = {name: each for name, each in state.items() if name not in gone}
        state |= {each.client_id: each for each in changed}
        current = index_after(current, change(*changed, gone=gone))
        current.settle()
        assert seen(current) == seen(whole(*(state[name] for name in sorted(state))))


def test_revocations_are_those_of_the_new_part_and_all_is_verified_anew() -> None:
    view, current = AccessView(), whole(application("shop"))
    view.swap(current)
    generation = view.generation
    after = index_after(current, change(revoked=Revoked(issued_before=(IssuedBefore(2_000),))))
    after.settle()
    view.swap(after)
    assert view.generation == generation + 1
    assert view.revocations.ends(view.applications["shop"], 1_999, {})


def test_a_key_says_what_is_said_of_its_consumer_now() -> None:
    def of(consumer: str, key: str) -> Application:
        return msgspec.structs.replace(application(consumer, (key,)), consumer=consumer)

    current = whole(of("shop", "key1"), of("desk", "key2"), shop={"partner_id": 7})
    assert current.keys["key1"].principal.claims == {"partner_id": 7}
    assert current.keys["key2"].principal.claims == {}
    kept = current.keys["key2"].principal

    def after(*changed: Application, **claims: dict[str, object]) -> AccessIndex:
        made = AccessChange("sha256:0", AccessPart((), (), claims=claims), changed, frozenset())
        index = index_after(current, made)
        index.settle()
        return index

    current = after(shop={"partner_id": 8})
    assert current.keys["key1"].principal.claims == {"partner_id": 8}
    assert current.keys["key2"].principal is kept, "nothing else is said of its consumer"
    current = after(of("desk", "key3"), shop={"partner_id": 8}, desk={"partner_id": 9})
    assert current.keys["key3"].principal.claims == {"partner_id": 9}
    current = after()
    assert {known.principal.claims.get("partner_id") for known in current.keys.values()} == {None}
