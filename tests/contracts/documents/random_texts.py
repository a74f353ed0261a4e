"""Texts made at random, sound and with faults, for readers that have to agree on them."""

import json
import os
import random
from typing import Any

import yaml

ROUNDS = int(os.environ.get("OSTIARY_FUZZ_EXAMPLES", "300")) * 4

_WORDS = (
    *("a", "b c", "-3", "- x", "1:30", "200", "no", "null", "~", "", "it's", "x: y", "x #y", "x#y", "#", "'", '"'),
    *("line one\nline two", "  both sides  ", "one\n\n\ntwo\n", "é", "\u00a0", "{a}", "[b", "&c", "*d", "!e"),
    *("word " * 30, "a: " * 30, "trailing:", ":", "?", "? x", "|", ">-", "---", "...", "<<"),
    *("%f", "@g", "0x1F", "1e3", ".5", "\t", "😀", "\x7f", "\u2028", "\x00"),
)
_PIECES = (
    *("  ", " ", "\n", "\n\n", "- ", "-", ": ", ":", "#", " #", "'", '"', "\\", "|", ">", "[", "]", "{", "}", ","),
    *(
        "&a ",
        "*a",
        "!x ",
        "? ",
        "\t",
        "---\n",
        "...\n",
        "\r",
        "\u2028",
        "\ufeff",
        "a: b\n",
        "# c\n",
        "|\n",
        ">+\n",
    ),
    *('"a":', "\\u00e9", "\\ud83d\\ude00", "1", "😀"),
)


def _value(chance: random.Random, depth: int) -> Any:
    kind = chance.random()
    if depth and kind < 0.4:
        return {chance.choice(_WORDS): _value(chance, depth - 1) for _ in range(chance.choice((0, 1, 2, 3, 5)))}
    if depth and kind < 0.6:
        return [_value(chance, depth - 1) for _ in range(chance.choice((0, 1, 2, 3)))]
    return chance.choice((chance.choice(_WORDS), chance.choice(_WORDS), 7, 2.5, True, None))


def yaml_text(chance: random.Random) -> str:
    """YAML in many styles."""
    made = {f"k{number}": _value(chance, 4) for number in range(chance.randrange(1, 5))}
    text: str = yaml.dump(
        made,
        Dumper=chance.choice((_Indented, yaml.SafeDumper)),
        indent=chance.choice((2, 3, 4)),
        width=chance.choice((20, 80, 400)),
        default_style=chance.choice((None, None, None, '"', "'", "|", ">")),
        default_flow_style=chance.choice((False, False, False, None)),
        allow_unicode=True,
    )
    return text


class _Indented(yaml.SafeDumper):
    """Writes the items of an array deeper than its key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def changed(text: str, chance: random.Random) -> str:
    """The text with one to three faults."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = chance.randrange(len(text) + 1)
        next_line = text.find("\n", at) + 1
        begin, end = chance.choice(
            ((at, at), (at, at + chance.choice((1, 2, 5))), (at, max(at, next_line)), (next_line, next_line))
        )
        put = chance.choice(("", chance.choice(_PIECES), chance.choice(_PIECES), " " * chance.randrange(4)))
        text = text[:begin] + put + text[end:]
    return text


def json_text(chance: random.Random) -> str:
    """JSON with much or little white space."""
    long = {chance.choice("xé") * chance.choice((1, 159, 161, 1030)): 1}
    text = json.dumps(
        [_value(chance, 4), _value(chance, 4), long, _value(chance, 4)],
        ensure_ascii=chance.random() < 0.5,
        indent=chance.choice((None, None, 1, 2, "\t")),
        separators=chance.choice((None, (",", ":"), (" ,", " : "))),
    )
    return text.replace("/", "\\/") if chance.random() < 0.3 else text
