"""Patterns as automata and formats as patterns, against the engine that enforces both."""

import random

import pytest

from contracts.containment.formats import ASSERTED, SAMPLES, has_format
from contracts.containment.regexes import matches
from contracts.containment.regular import automaton, exactly
from contracts.containment.strings import INCLUDED, WITHIN
from contracts.openapi.patterns import pattern_fault

ATOMS = [
    *"ab.c-/",
    r"\d",
    r"\w",
    "[ab]",
    "[^a]",
    r"\s",
    r"[a-c\d]",
    r"\S",
    r"\W",
    r"\.",
    r"[\w-]",
    r"\x61",
    r"\u0062",
]
TIMES = ["*", "+", "?", "{2}", "{1,2}", "{0,1}", "{2,}", "*?", "{0}"]


def pattern(rng, depth):
    roll = rng.random()
    if not depth or roll < 0.35:
        return rng.choice(ATOMS)
    if roll < 0.6:
        return pattern(rng, depth - 1) + pattern(rng, depth - 1)
    if roll < 0.75:
        return f"({pattern(rng, depth - 1)}|{pattern(rng, depth - 1)})"
    if roll < 0.9:
        return f"(?:{pattern(rng, depth - 1)}){rng.choice(TIMES)}"
    return rng.choice(["^", "$", ""]) + pattern(rng, depth - 1) + rng.choice(["$", ""])


def accepts(machine, text):
    states = machine.closure(frozenset((0,)), start=True)
    for character in text:
        states = machine.step(states, ord(character))
    return machine.accepts(states, start=not text)


@pytest.mark.parametrize("seed", range(8))
def test_automata_accept_what_the_engine_matches(seed):
    rng = random.Random(seed)
    compared = 0
    for _ in range(250):
        found = pattern(rng, 3)
        found = f"^{found}$" if rng.random() < 0.3 else found
        if pattern_fault(found):
            continue
        machine = automaton(found)
        assert machine is not None, found
        for _ in range(6):
            text = "".join(rng.choice("aabbcd1 -/.é\n_") for _ in range(rng.randint(0, 5)))
            assert accepts(machine, text) == matches(found, text), (found, text)
            compared += 1
    assert compared > 1000


@pytest.mark.parametrize(
    "text", [r"\bA", r"\p{L}", "(?i)a", "(?=a)b", "[a&&b]", "[[a]]", "a{,3}", "a" * 2000, "(a{90}){90}", r"(a)\1"]
)
def test_other_syntax_has_no_automaton(text):
    assert automaton(text) is None


def test_one_string_alone():
    machine = exactly("ab")
    assert accepts(machine, "ab")
    assert not any(accepts(machine, text) for text in ("", "a", "abc", "xab"))
    assert accepts(exactly(""), "")
    assert not accepts(exactly(""), "a")


@pytest.mark.parametrize("name", sorted(ASSERTED))
def test_samples_have_their_format(name):
    for text in SAMPLES[name]:
        assert has_format(name, text)
        assert name not in WITHIN or matches(WITHIN[name], text)
        for other in INCLUDED.get(name, ()):
            assert has_format(other, text)


@pytest.mark.parametrize("name", sorted(WITHIN))
def test_what_has_a_format_is_within_its_pattern(name):
    assert automaton(WITHIN[name]) is not None
    rng = random.Random(name)
    seen = 0
    for _ in range(3000):
        characters = list(rng.choice(SAMPLES[name]))
        for _ in range(rng.randint(0, 2)):
            # No signs and slashes: the engine reads some of them as digits of dates, which RFC 3339 does not.
            index, letter = rng.randint(0, len(characters)), rng.choice("0159abFTtZz:@# _ü")
            characters[index : index + rng.randint(0, 1)] = [letter][: rng.randint(0, 1)]
        text = "".join(characters)
        if has_format(name, text):
            seen += 1
            assert matches(WITHIN[name], text), text
            assert all(has_format(other, text) for other in INCLUDED.get(name, ())), text
    assert seen > 300
