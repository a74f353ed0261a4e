"""Answers that are not quite JSON, or not quite as the contract has them: read as by any reader, or not at all."""

import json
import random
from typing import Any

import pytest

from contracts.openapi.classification import CLASSIFICATION
from policies.classifying.places import Places
from policies.classifying.views import UnreadableError, View, rewritten, take
from policies.validation.validators import Validators

SECRET = {CLASSIFICATION: "restricted"}
INNER = {"type": "object", "properties": {"secret": SECRET, "b": {}}}
ROW = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"id": {}, "secret": SECRET, "inner": INNER, "list": {"type": "array", "items": INNER}},
}
TEXT = json.dumps(
    [
        {
            "id": 1.5,
            "secret": "x",
            "inner": {"secret": "x", "b": "é"},
            "list": [{"secret": "x", "c": None}],
            "more": "x",
        }
    ]
).encode()
BYTES = b'{}[]",:\\u0013e-+. tfn\xff\xc3\xa9\xefabcsecret'


def mutated(chance: random.Random) -> bytes:
    text = bytearray(TEXT)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text))
        kind = chance.randrange(3)
        if kind == 0:
            text[at] = chance.choice(BYTES)
        elif kind == 1:
            text.insert(at, chance.choice(BYTES))
        else:
            del text[at : at + chance.randint(1, 6)]
    return bytes(text)


def shown(value: Any) -> list[str]:
    """Names in places where the contract protects one, or has no such name."""
    found: list[str] = []
    for row in value if isinstance(value, list) else ():
        if not isinstance(row, dict):
            continue
        inner, items = row.get("inner"), row.get("list")
        found += row.keys() - {"id", "inner", "list"}
        for each in (inner, *(items if isinstance(items, list) else ())):
            found += each.keys() & {"secret"} if isinstance(each, dict) else ()
    return found


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_shown_of_a_text_that_was_tampered_with(seed: int) -> None:
    chance = random.Random(seed)
    places = Places(Validators({}))
    effect = View(0, lambda place: take, unknown_goes=False).effect(
        places.of([({"type": "array", "items": ROW}, "")])
    )
    assert effect is not None
    read = 0
    for _ in range(5_000):
        text = mutated(chance)
        try:
            left, _ = rewritten(effect, text)
        except UnreadableError:
            continue
        read += 1
        if left is not None:
            # What stays as it came is not decoded: in a text there may be bytes that are no UTF-8.
            assert shown(json.loads(left.decode("utf-8", "replace"))) == [], text
    assert read > 300
