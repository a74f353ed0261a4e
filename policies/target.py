"""The request target, normalised once: what comes out is what is routed, authorised, metered and forwarded.

RFC 9112 §3.2 has four forms of a target; a gateway serves the origin form, and the absolute form when its
authority is the Host. RFC 3986 §6.2.2 says which spellings of a path are equal: unreserved characters are
decoded, the hex digits of the other escapes are upper-cased. Everything that two servers could read in two ways
is refused instead of repaired: the path that we authorise must be the path that the upstream sees.
"""

import re
from typing import Final

from contracts.problems import Problem, problem

POLICY: Final = "target"

# RFC 3986 §3.3 pchar without `;` (path parameters: some servers cut the segment there, some do not) and `%`.
_SEGMENT = rb"A-Za-z0-9\-._~!$&'()*+,=:@"
# Printable ASCII without `#`, `\` and `%`. Stricter than practice is the path alone: `filter[a]=` is common.
_QUERY = rb"!\"$&-\[\]-~"

PLAIN: Final = rb"(/[" + _SEGMENT + rb"/]*)(?:\?([" + _QUERY + rb"]*))?"
"""Two groups, a path without an escape and a query. It is normal if `plain_path` says so."""
_PLAIN: Final = re.compile(PLAIN + rb"\Z")
_PATH: Final = re.compile(rb"/(?:[" + _SEGMENT + rb"/]|%[0-9A-Fa-f]{2})*\Z")
# OAS 3.1 §4.8.12.6, RFC 6570 §3.2.7: a parameter of the style `matrix` is a whole segment that begins with `;`.
_MATRIX_SEGMENT: Final = re.compile(rb"(?<=/)(?:;(?:[" + _SEGMENT + rb"]|%[0-9A-Fa-f]{2})+)+(?=/|\Z)")
_QUERY_TEXT: Final = re.compile(rb"(?:[" + _QUERY + rb"]|%(?!00)[0-9A-Fa-f]{2})*\Z")
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_ABSOLUTE: Final = re.compile(rb"https?://([^/?#]*)(.*)\Z", re.IGNORECASE | re.DOTALL)
_AMBIGUOUS_ESCAPE: Final = re.compile(rb"%(?:2F|5C|[01][0-9A-F]|7F)")
_DOUBLE_ENCODED: Final = re.compile(rb"%25[0-9A-Fa-f]{2}")
# `..%3B` too: a server that cuts path parameters off after decoding has a dot segment there.
_DOT_SEGMENT: Final = re.compile(rb"/\.{1,2}(?:/|%3B|\Z)")

_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def _malformed(detail: str) -> Problem:
    return problem("malformed-request", detail)


def _ambiguous(detail: str) -> Problem:
    return problem("ambiguous-target", detail)


# Built once: a refusal holds nothing of the request.
FORM: Final = _malformed("The request target is neither a path nor an absolute URI.")
AUTHORITY: Final = _malformed("The request target's authority is not the one in the Host field.")
CHARACTER: Final = _malformed("The request target has a character that a URI cannot hold unescaped.")
ESCAPE: Final = _malformed("The request target has a percent sign that two hex digits do not follow.")
QUERY_NUL: Final = _malformed("The query has an encoded NUL.")
ENCODED: Final = _ambiguous("The path has an encoded slash, backslash or control character.")
DOUBLE: Final = _ambiguous("The path is encoded twice.")
DOTS: Final = _ambiguous("The path has a dot segment.")
EMPTY: Final = _ambiguous("The path has an empty segment.")
SEMICOLON: Final = _ambiguous("The path has a semicolon; write it as %3B.")
TEXT: Final = _ambiguous("The path's escapes are not UTF-8 text.")


def plain_path(path: bytes) -> str | None:
    """A path that has matched `PLAIN`, if it needs no change: no segment is empty, none begins with a dot."""
    text = path.decode("ascii")
    return None if "//" in text or "/." in text else text


def normalise(target: bytes, host: bytes = b"", *, matrix: bool = False) -> tuple[str, bytes] | Problem:
    """The normalised path and the query (as received, without `?`), or the refusal.

    `host` is the Host field's value, needed for a target in absolute form only. A trailing slash is kept: it
    is another resource. Applied to its own result it changes nothing. With `matrix`, segments may begin with a
    semicolon: a `Router` finds nothing at them but what has a parameter of that style there.
    """
    match = _PLAIN.match(target)
    if match is not None:
        path, query = match.groups(b"")
        normal = plain_path(path)
        if normal is not None:
            return normal, query
    if not target.startswith(b"/"):
        absolute = _ABSOLUTE.match(target)
        if absolute is None:
            return FORM
        authority, rest = absolute.groups()
        if not authority or authority.lower() != host.lower():
            return AUTHORITY
        return normalise(rest if rest.startswith(b"/") else b"/" + rest, host, matrix=matrix)
    return _normalise_slowly(target, matrix)


def _normalise_slowly(target: bytes, matrix: bool) -> tuple[str, bytes] | Problem:
    path, _, query = target.partition(b"?")
    held = _MATRIX_SEGMENT.sub(b"-", path) if matrix and b";" in path else path
    if _PATH.match(held) is None or _QUERY_TEXT.match(query) is None:
        return _why_not(held, query)
    path = _ESCAPE.sub(_normal_escape, path)
    # All further questions are asked of the result, so that no escape can hide what they look for.
    if _AMBIGUOUS_ESCAPE.search(path) is not None:
        return ENCODED
    if _DOUBLE_ENCODED.search(path) is not None:
        return DOUBLE
    if _DOT_SEGMENT.search(path) is not None:
        return DOTS
    if b"//" in path:
        return EMPTY
    try:
        # Overlong forms (`%C0%AF` for a slash) and lone bytes mean different things to different decoders.
        _ESCAPE.sub(_decoded, path).decode("utf-8")
    except UnicodeDecodeError:
        return TEXT
    return path.decode("ascii"), query


def _why_not(path: bytes, query: bytes) -> Problem:
    if _BAD_ESCAPE.search(path) is not None or _BAD_ESCAPE.search(query) is not None:
        return ESCAPE
    if b";" in path:
        return SEMICOLON
    if b"%00" in query and b"#" not in query and b"\\" not in query:
        return QUERY_NUL
    return CHARACTER


def _normal_escape(match: re.Match[bytes]) -> bytes:
    value = int(match[1], 16)
    return bytes((value,)) if value in _UNRESERVED else b"%" + match[1].upper()


def _decoded(match: re.Match[bytes]) -> bytes:
    return bytes((int(match[1], 16),))
