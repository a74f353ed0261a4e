"""Long lists, item by item: however they are cut, what is left is what is left of the whole."""

import json
import random
from typing import Any

import pytest

from contracts.openapi.classification import CLASSIFICATION
from policies.classifying.array_pieces import ArrayPieces
from policies.classifying.places import Places
from policies.classifying.views import Effect, UnreadableError, View, effect_on_items, rewritten, take
from policies.validation.validators import Validators

SECRET = {CLASSIFICATION: "restricted"}
ROW = {"type": "object", "properties": {"secret": SECRET, "lines": {"items": {"properties": {"secret": SECRET}}}}}
LIST = {"type": "array", "items": ROW}
ROWS = [
    {"id": number, "secret": "s]}", "note": 'a "b" \\ [{,', "lines": [{"secret": 1}, {"x": []}]}
    for number in range(9)
]
TEXTS = [
    json.dumps(ROWS),
    json.dumps(ROWS, indent=1),
    "[]",
    " [ ] ",
    '\n[{"secret":1}]\n',
    '[{"secret":1},null,{}]',
    '[1,"secret",{"secret":"\\\\"},["\\u005d"]]',
    '[{"é":"é"},{"secret":1.10,"n":1.10}]',
]


def effect(schema: Any = LIST) -> Effect:
    found = View(0, lambda place: take, unknown_goes=False).effect(Places(Validators({})).of([(schema, "")]))
    assert found is not None
    return found


def on_items() -> Effect:
    found = effect_on_items(effect())
    assert found is not None
    return found


def pieces_of(text: bytes, *cuts: int) -> bytes:
    pieces = ArrayPieces(on_items(), 10_000)
    made = [pieces.feed(text[start:end]) for start, end in zip((0, *cuts), (*cuts, len(text)), strict=True)]
    return b"".join((*made, pieces.end()))


@pytest.mark.parametrize("text", TEXTS)
def test_wherever_it_is_cut_the_same_is_left(text: str) -> None:
    data = text.encode()
    whole, _ = rewritten(effect(), data)
    assert pieces_of(data) == whole
    for cut in range(len(data) + 1):
        assert pieces_of(data, cut) == whole
    chance = random.Random(1)
    for _ in range(50):
        assert pieces_of(data, *sorted(chance.sample(range(len(data) + 1), min(5, len(data))))) == whole
    assert pieces_of(data, *range(1, len(data))) == whole


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "[", "[1", "[1,]", "[,1]", "[1 2]", "[1]]", "[1]x", '["a]', "[}", "[{]", "[{}}", "[1,,2]"),
        *("nul", '[{"a":tru}]', '[{"secret":1]', "\ufeff[]", "[\x00]"),
    ],
)
def test_what_is_no_array_is_broken_off(text: str) -> None:
    data = text.encode()
    for cut in range(len(data) + 1):
        with pytest.raises(UnreadableError):
            pieces_of(data, cut)


def test_what_was_read_is_written_before_the_rest_is_there() -> None:
    pieces = ArrayPieces(on_items(), 100)
    assert pieces.feed(b'[{"id":1,"secret":2},{"id":') == b'[{"id":1}'
    assert pieces.feed(b"3}") == b""
    assert pieces.feed(b" ,") == b',{"id":3}'
    with pytest.raises(UnreadableError):
        pieces.feed(b'{"a":"' + b"x" * 100)


def test_only_lists_whose_items_are_all_alike_go_so() -> None:
    assert effect_on_items(effect(ROW)) is None
    assert effect_on_items(effect({"prefixItems": [{}, SECRET], "items": ROW})) is None
    assert effect_on_items(take) is None
