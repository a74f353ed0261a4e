"""A value is taken out of an answer that comes in any pieces, and out of no other answer."""

import base64
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstreams.odoo.base64_value import MOST_AROUND, Base64Value, Base64ValueError

FORMS = (
    '[{"id": 5, "datas": "%s"}]',
    '[{"datas": "%s", "id": 5}]',
    ' [ {"datas" :"%s"} ] \n',
)
ENVELOPES = (
    '{"jsonrpc": "2.0", "id": 1, "result": %s}',
    '{"result": %s, "id": null, "jsonrpc": "2.0"}',
    '{"jsonrpc":"2.0","result":%s}',
)


def read(answer: bytes, cuts: list[int], *, enveloped: bool) -> tuple[bytes, str]:
    """What is read, and the state at the end."""
    value = Base64Value("datas", enveloped=enveloped)
    places = [0, *sorted(cut % (len(answer) + 1) for cut in cuts), len(answer)]
    found = b"".join(value.feed(answer[start:end]) for start, end in pairwise(places))
    value.end()
    return found, value.state


@given(
    content=st.binary(min_size=1, max_size=300),
    form=st.sampled_from(FORMS),
    envelope=st.sampled_from([None, *ENVELOPES]),
    cuts=st.lists(st.integers(0, 1000), max_size=12),
    lines=st.booleans(),
)
def test_any_content_in_any_pieces(
    content: bytes, form: str, envelope: str | None, cuts: list[int], lines: bool
) -> None:
    text = base64.encodebytes(content).decode() if lines else base64.b64encode(content).decode()
    answer = form % json.dumps(text)[1:-1]
    answer = answer if envelope is None else envelope % answer
    assert read(answer.encode(), cuts, enveloped=envelope is not None) == (content, "after")


@pytest.mark.parametrize(
    "answer",
    [
        "[]",
        '[{"id": 5, "datas": false}]',
        '{"name": "odoo.exceptions.AccessError", "datas": "QUJD"}',
        '[{"id": 5, "name": "\\"datas\\": \\"QUJD\\""}]',
        '{"jsonrpc": "2.0", "id": 1, "error": {"data": {"datas": "QUJD"}}}',
        "<html>",
    ],
)
@pytest.mark.parametrize("cuts", [[], [7, 13]])
def test_an_answer_of_another_shape_is_left_whole(answer: str, cuts: list[int]) -> None:
    for enveloped in (False, True):
        assert read(answer.encode(), cuts, enveloped=enveloped) == (b"", "whole")


@pytest.mark.parametrize(
    "answer",
    [
        '[{"datas": "QUJ"}]',
        '[{"datas": "QUI=QUJD"}]',
        '[{"datas": "QU*D"}]',
        '[{"datas": "QUJD\\""}]',
        '[{"datas": "QUJD"}, {"datas": "QUJD"}]',
        '[{"datas": "QUJD"}',
        '[{"datas": "QUJD',
    ],
    ids=["short", "padding-inside", "no-base64", "escaped", "second", "cut", "no-end"],
)
@pytest.mark.parametrize("cuts", [[], [11, 16], list(range(40))])
def test_a_value_that_is_none_breaks_off(answer: str, cuts: list[int]) -> None:
    with pytest.raises(Base64ValueError):
        read(answer.encode(), cuts, enveloped=False)


def test_what_is_held_is_bounded() -> None:
    value = Base64Value("datas", enveloped=False)
    value.feed(b" " * (MOST_AROUND + 1))
    assert value.state == "whole"
    value = Base64Value("datas", enveloped=False)
    value.feed(b'[{"datas": "QUJD"')
    with pytest.raises(Base64ValueError):
        value.feed(b" " * (MOST_AROUND + 1))
