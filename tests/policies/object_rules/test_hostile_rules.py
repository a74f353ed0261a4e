"""Whoever files a change request writes rules: no text may do more than be refused."""

import contextlib
import random

import pytest

from policies.object_rules.program import Rule, RuleError, check_types
from tests.policies.object_rules.test_rule import values
from tests.support.policy_world import NOW

PARTS = [
    *("(", "[", "{", ")", "]", "}", "!", "-", "&&", "||", "?", ":", ",", "+", "==", "in", " ", "\n", "//", "\\"),
    *(
        "claims",
        "body",
        "path",
        ".partner_id",
        ".lines",
        ".all(l,",
        ".map(",
        "l",
        "has(",
        "size(",
        "dyn(",
        "type(",
    ),
    *(
        "1",
        "1.5",
        "1u",
        "0x",
        "1e400",
        "9223372036854775808",
        "null",
        "'a'",
        '"',
        "r'",
        "b'",
        "`x`",
        "\x00",
        "é",
        "😀",
    ),
    *("matches('(a*)*')", "timestamp('2027-01-01T00:00:00Z')", "duration('1s')", "getHours('Europe/Nowhere')"),
]
DEEP = {
    "brackets": "(" * 1_900,
    "lists": "[" * 900 + "]" * 900,
    "calls": "f(" * 900,
    "selects": "a" + ".b" * 900,
    "sums": "1+" * 900 + "1",
    "choices": "true?" * 300 + "true",
    "loops": "body.lines.all(l," * 100,
    "minus": "-" * 1_900 + "1",
    "indices": "body" + "[0]" * 600,
    "patterns": "path.partner_id.matches('(?i:[[:alpha:]]{1,1000}){1,1000}')",
    "a half of a character": "'\\ud800' == path.partner_id",
    "no character": "'\\U00110000' == path.partner_id",
    "a very long time": "duration('99999999999999h') == duration('1s')",
    "before all time": "timestamp('0000-01-01T00:00:00Z') == now",
}
GIVEN = {"body": {"partner_id": "a", "lines": []}, "path": {"partner_id": "aaaa"}, "claims": {}}


def survives(text: str) -> None:
    declared = values()
    for use in (lambda: check_types(text, declared), lambda: Rule(text, declared).admits(GIVEN, NOW)):
        with contextlib.suppress(RuleError):
            use()


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_what_is_deep_or_odd_is_refused_or_taken(text: str) -> None:
    survives(text)


@pytest.mark.parametrize("seed", range(10))
def test_no_text_does_more_than_be_refused(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(150):
        survives("".join(dice.choices(PARTS, k=dice.randint(1, 40))))
