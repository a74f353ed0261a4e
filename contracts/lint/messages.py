"""A finding's words: the placeholders of Spectral's messages."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from contracts.documents.document import escape
from contracts.lint.functions.base import printed
from contracts.lint.graph import Located
from contracts.lint.jsonpath.values import UNDEFINED, text_of

_PLACEHOLDER: Final = re.compile(r"#?\{\{([^}\n]+)\}\}")
_PART: Final = re.compile(
    r"""\s*(?:print\(\s*["'](?P<print>\w+)["']\s*\)|"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<name>\w+))"""
    r"""(?P<upper>\.toUpperCase\(\))?\s*(?:\+|$)"""
)
_UNESCAPED: Final = "-_.!~*'()"
_LONGEST: Final = 2_000
_NUMERIC: Final = re.compile(r"\s*-?[0-9]+(\.[0-9]+)?\s*")


def variables(located: Located, missing: tuple[str, ...], description: str | None) -> dict[str, Any]:
    """What messages may name. `missing` are the last keys that exist no more, after those of `located`."""
    return {
        "property": _property(located.keys, missing),
        # As a URI's fragment (RFC 6901 §6), with everything escaped that JavaScript escapes.
        "path": "#" + "".join("/" + quote(escape(key), safe=_UNESCAPED) for key in located.keys),
        "description": description,
        "value": located.value,
    }


def formatted(template: str, names: Mapping[str, Any]) -> str:
    """The template with its placeholders filled in; one that is not known becomes nothing."""

    def fill(match: re.Match[str]) -> str:
        inner = match[1]
        if match[0].startswith("#"):
            return _evaluated(inner.strip(), names)
        return text_of(names[inner]) if inner in names else ""

    text = _PLACEHOLDER.sub(fill, template) if "{{" in template else template
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _evaluated(expression: str, names: Mapping[str, Any]) -> str:
    parts: list[str] = []
    position = 0
    while position < len(expression):
        match = _PART.match(expression, position)
        if match is None:
            return ""
        position = match.end()
        if match["print"] is not None:
            part = _print(match["print"], names)
        elif match["name"] is not None:
            part = text_of(names.get(match["name"], ""))
        else:
            part = match["double"] if match["double"] is not None else match["single"]
        parts.append(part.upper() if match["upper"] else part)
    return "".join(parts)


def _print(what: str, names: Mapping[str, Any]) -> str:
    if what == "property":
        name = names["property"]
        return f'"{name}" property ' if name != "" else "The document "
    if what == "value":
        return printed(names["value"])
    value = names.get(what)
    return "" if value is None or value is UNDEFINED else text_of(value)


def _property(keys: tuple[str, ...], missing: tuple[str, ...]) -> str:
    if missing:
        return _dotted((*keys[-1:], *missing) if keys else missing[-1:])
    return keys[-1] if keys else ""


def _dotted(keys: tuple[str, ...]) -> str:
    text = ""
    for index, key in enumerate(keys):
        if not key or any(character.isspace() for character in key):
            text += f"['{key}']"
        elif _NUMERIC.fullmatch(key):
            text += f"[{key}]"
        else:
            text += key if index == 0 else f".{key}"
    return text
