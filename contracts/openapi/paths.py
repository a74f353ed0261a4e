"""Path templates and base paths: only those that every server on the way reads in the same way.

A template is a sequence of segments, each either literal text or one whole parameter (`/orders/{id}`). RFC 6570
operators and parameters inside a segment (`/v{major}`) are refused, and so is whatever could be spelt in two
ways: dot segments, empty segments, percent-encoding. A trailing slash counts as an empty last segment.
"""

import re
from typing import Final
from urllib.parse import urlsplit

from contracts.documents.builder import quote

_LITERAL: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,=:@-]+")
_PARAMETER: Final = re.compile(r"\{([^{}/]+)\}")


def template_fault(path: str) -> str:
    """Why a path template cannot be routed safely, as a sentence's end; empty for one that can."""
    if not path.startswith("/"):
        return "does not start with `/`"
    segments = path[1:].split("/")
    names = parameters_of(path)
    if len(set(names)) != len(names):
        return "names one parameter twice"
    for index, segment in enumerate(segments):
        last = index == len(segments) - 1
        if not segment:
            if not last:
                return "has an empty segment (`//`)"
        elif segment in (".", ".."):
            return f"has the dot segment {quote(segment)}"
        elif "{" in segment or "}" in segment:
            if not _PARAMETER.fullmatch(segment):
                return f"has a parameter that is not a whole segment: {quote(segment)}"
        elif not _LITERAL.fullmatch(segment):
            return f"has a character that servers read differently, in {quote(segment)}"
    return ""


def parameters_of(path: str) -> list[str]:
    """The names of a template's parameters, in order."""
    return _PARAMETER.findall(path)


def shape_of(path: str) -> str:
    """The template without its parameters' names: two templates of one shape match the same paths."""
    return _PARAMETER.sub("{}", path)


def base_path_of(url: str) -> str | None:
    """The path of a server URL, without a trailing slash; None for one that is no plain path."""
    try:
        path = urlsplit(url).path.rstrip("/")
    except ValueError:
        return None
    if path and (template_fault(path) or "{" in path):
        return None
    return path
