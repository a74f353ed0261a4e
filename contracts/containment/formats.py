"""Formats that validation asserts (2020-12 validation §7.3), with strings that have them, for witnesses."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import jsonschema_rs

SAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "date": ("2026-01-02", "1999-12-31", "2000-02-29"),
    "date-time": ("2026-01-02T03:04:05Z", "1999-12-31T23:59:59.5+01:00", "2000-02-29T00:00:00Z"),
    "time": ("03:04:05Z", "23:59:59.5+01:00"),
    "duration": ("P1D", "PT1H", "P1Y2M3DT4H5M6S"),
    "email": ("a@b.example", "first.last@mail.example.com", "x@y.zz"),
    "idn-email": ("a@b.example", "ü@bücher.example"),
    "hostname": ("a", "b.example", "www.example.com", "localhost"),
    "idn-hostname": ("a", "b.example", "bücher.example"),
    "ipv4": ("1.2.3.4", "127.0.0.1", "255.255.255.255"),
    "ipv6": ("::1", "2001:db8::1", "::"),
    "uri": ("https://a.example/x", "urn:a:b", "mailto:a@b.example", "http://b.example"),
    "uri-reference": ("/x", "", "#a", "https://a.example/x", "x"),
    "iri": ("https://a.example/x", "https://bücher.example/ü"),
    "iri-reference": ("/x", "", "ü", "https://a.example/x"),
    "uuid": ("00000000-0000-4000-8000-000000000000", "2f1f6a56-5b7c-4f61-9d15-0a6f2f0b2c11"),
    "uri-template": ("/x/{id}", "", "x"),
    "json-pointer": ("", "/a", "/a/0"),
    "relative-json-pointer": ("0", "1/a", "0#"),
    "regex": ("a", "", "^[a-z]+$", ".*"),
}

_LONGEST: Final = 100_000

ASSERTED: Final = frozenset(SAMPLES)
"""All others are annotations: validators admit every string (2020-12 validation §7.2.3)."""


_STRETCHED: Final[Mapping[str, tuple[str, str, str]]] = {
    "date-time": ("2026-01-02T03:04:05.", "0", "Z"),
    "time": ("03:04:05.", "0", "Z"),
    "duration": ("P", "1", "D"),
    **dict.fromkeys(("email", "idn-email"), ("a@", "b" * 60 + ".", "example")),
    **dict.fromkeys(("hostname", "idn-hostname"), ("", "b" * 60 + ".", "example")),
    **dict.fromkeys(("uri", "iri"), ("urn:a:", "a", "")),
    **dict.fromkeys(("uri-reference", "iri-reference", "uri-template", "regex"), ("", "a", "")),
    "json-pointer": ("/", "a", ""),
    "relative-json-pointer": ("0/", "a", ""),
}
"""How to make a long string of a format: what comes first, again and again, and last."""


def stretched(name: str, least: int) -> tuple[str, ...]:
    """Strings of a format of at least so many characters, if it has any that are so long."""
    if name not in _STRETCHED or not 0 < least <= _LONGEST:
        return ()
    first, again, last = _STRETCHED[name]
    missing = max(0, least - len(first) - len(last))
    exact = first + (again * missing)[:missing] + last
    return exact, first + again * -(-missing // len(again)) + last


def has_format(name: str, text: str) -> bool:
    """Whether validation takes the string for one of this format."""
    return _format(name).is_valid(text)


@lru_cache(maxsize=64)
def _format(name: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator({"format": name}, validate_formats=True)
