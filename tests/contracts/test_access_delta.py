"""Deltas of access parts: what they lead to is the part to the byte, and what they say of it is so."""

import random

import pytest

from contracts.access import ApiKey, Issuer, Revoked
from contracts.access_delta import MOST_LINES, AccessDelta, Edit, apply, decode, delta_of, encode, read_change
from contracts.snapshot import AccessPart, Application, SnapshotError, digest_of, encode_part

ISSUER = Issuer("https://catalog.example", "https://catalog.example/jwks", ("ES256",), {"keys": []})


def application(name: str, *keys: str) -> Application:
    return Application(
        name, name.title(), "acme", (), tuple(ApiKey(key, b"d" * 32, 2_000_000_000) for key in keys)
    )


def part(*applications: Application, revoked: Revoked | None = None) -> bytes:
    return encode_part(AccessPart((ISSUER,), applications, revoked))[1]


def delta(old: bytes, new: bytes) -> AccessDelta:
    made = delta_of(digest_of(old), old.split(b"\n"), new.split(b"\n"))
    assert made is not None
    return decode(encode(made))


def led_to(old: bytes, made: AccessDelta) -> bytes:
    return b"".join(bytes(piece) for piece in apply(old, made))


A, B, C, D = (application(name) for name in ("a", "b", "c", "d"))
CHANGED = application("b", "keyAAAABBBBCCCC")


@pytest.mark.parametrize(
    ("before", "after", "changed", "gone"),
    [
        ((A, B, C), (A, CHANGED, C), {"b"}, set()),
        ((A, B, C), (A, C), set(), {"b"}),
        ((A, C), (A, B, C), {"b"}, set()),
        ((A, B, C), (A, B, C, D), {"d"}, set()),
        ((A, B, C), (B, C), set(), {"a"}),
        ((A, B, C), (A, B), set(), {"c"}),
        ((), (A,), {"a"}, set()),
        ((A,), (), set(), {"a"}),
        ((A, B, C), (C, CHANGED, D), {"b", "d"}, {"a"}),
        ((A, B), (A, B), set(), set()),
    ],
)
def test_it_leads_to_the_part_and_says_what_is_other_than_before(
    before: tuple[Application, ...], after: tuple[Application, ...], changed: set[str], gone: set[str]
) -> None:
    old, new = part(*before), part(*after)
    made = delta(old, new)
    assert led_to(old, made) == new
    change = read_change(old, new, made)
    assert changed <= {each.client_id for each in change.changed} <= {each.client_id for each in after}
    assert change.gone == gone
    assert change.frame == AccessPart((ISSUER,), ())


def test_a_revocation_alone_is_a_few_bytes() -> None:
    many = [application(f"app-{number:05}", f"key{number:012}") for number in range(1_000)]
    old, new = part(*many), part(*many, revoked=Revoked(consumers=("acme",)))
    made = delta(old, new)
    assert led_to(old, made) == new
    assert len(encode(made)) < 400
    change = read_change(old, new, made)
    assert (change.changed, change.gone, change.frame.revoked) == ((), frozenset(), Revoked(consumers=("acme",)))


def test_whatever_changes_it_leads_there() -> None:
    chance = random.Random(7)
    for _ in range(300):
        names = chance.sample(range(30), 20)
        before = {
            name: application(f"app-{name}", *(f"key{key:012}" for key in range(chance.randrange(3))))
            for name in names
        }
        after = dict(before)
        for name in chance.sample(range(30), chance.randrange(8)):
            if after.pop(name, None) is None or chance.random() < 0.5:
                after[name] = application(f"app-{name}", f"key{chance.randrange(10**12):012}")
        order = sorted(after) if chance.random() < 0.8 else list(after)
        old = part(*(before[name] for name in sorted(before)))
        revoked = Revoked(client_ids=("x",)) if chance.random() < 0.5 else None
        new = part(*(after[name] for name in order), revoked=revoked)
        made = delta(old, new)
        assert led_to(old, made) == new
        change = read_change(old, new, made)
        state = {each.client_id: each for each in before.values()}
        for name in (*change.gone, *(each.client_id for each in change.changed)):
            state.pop(name, None)
        state |= {each.client_id: each for each in change.changed}
        assert state == {each.client_id: each for each in after.values()}


def test_of_much_that_changes_there_is_none() -> None:
    old = part(*(application(f"app-{number}") for number in range(MOST_LINES)))
    new = part(*(application(f"app-{number}", f"key{number:012}") for number in range(MOST_LINES)))
    assert delta_of("sha256:0", old.split(b"\n"), new.split(b"\n")) is None


OLD = part(A, B, C)
LINE = OLD.index(b"\n") + 1


@pytest.mark.parametrize(
    "edits",
    [
        (Edit(LINE + 1, len(OLD), ""),),  # from the middle of a line
        (Edit(LINE, LINE + 3, ""),),  # to the middle of one
        (Edit(LINE, LINE, '{"client_id"'),),  # half a line
        (Edit(0, len(OLD) + 1, ""),),
        (Edit(LINE, LINE, ""), Edit(0, LINE, "")),  # backwards
        (Edit(LINE, 0, ""),),
    ],
)
def test_what_is_not_of_whole_lines_in_their_order_is_refused(edits: tuple[Edit, ...]) -> None:
    with pytest.raises(SnapshotError, match="does not fit"):
        led_to(OLD, AccessDelta("sha256:0", edits))


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"base":"x"}', b'{"base":"x","edits":[[0,-1,""]]}', b'{"base":"x","edits":[],"more":1}']
)
def test_what_is_no_delta_is_refused(data: bytes) -> None:
    with pytest.raises(SnapshotError, match="does not decode"):
        decode(data)
