"""What the normaliser lets through leads an upstream to the operation that was authorised, however it reads paths.

The upstreams' readers are written here, from the RFCs and not from our code.
"""

import re

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from contracts.problems import Problem
from policies.routing import Router
from policies.target import normalise

TEMPLATES = (
    "/",
    "/a",
    "/a/",
    "/admin",
    "/items",
    "/items/{item}",
    "/items/search",
    "/items/me:keys",
    "/items/a+b",
    "/items/{item}/lines/{line}",
    "/items/{item}/lines/all",
    "/files/{name}/content",
    "/~user/(x)",
)
ROUTER: Router[str] = Router(("GET", template, template) for template in TEMPLATES)
HOST = b"api.example"
ESCAPE = re.compile(rb"%([0-9a-fA-F]{2})")

PIECES = (
    *(b"/", b"//", b"/./", b"/../", b".", b"..", b"%2e", b"%2E%2e", b"%2f", b"%2F", b"%5c", b"\\"),
    *(b";", b"%3b", b"%3B", b"%25", b"%252f", b"%252e", b"%", b"%00", b"%0a", b"%c0%af", b"%c3%a4"),
    *(b"%ef%bc%8f", b"%ff", b"\x00", b"\xe4", b"a", b"%61", b"admin", b"%61dmin", b"items", b"search"),
    *(b"se%61rch", b"sear%63h", b"lines", b"all", b"files", b"me:keys", b"me%3akeys", b"me%3Akeys"),
    *(b"a+b", b"a%2bb", b"a%2Bb", b"content", b"~user", b"%7euser", b"(x)", b"?", b"?x=/../admin", b"#"),
    *(b"%3f", b"%23", b"%20", b" ", b"+", b"|", b"http://api.example", b"1", b"%31"),
)
targets = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=9).map(lambda pieces: b"/" + b"".join(pieces)),
    st.lists(st.sampled_from(PIECES), max_size=6).map(lambda pieces: b"/items/" + b"".join(pieces)),
    st.lists(st.sampled_from(PIECES), max_size=9).map(b"".join),
    st.binary(max_size=30),
    st.binary(max_size=30).map(lambda tail: b"/" + tail),
)
names = st.text(
    st.characters(exclude_characters="/\\;%", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12
)


def decoded(path: bytes) -> bytes:
    """Each escape once, from left to right (RFC 3986 §2.1); what is none stands for itself."""
    out = bytearray()
    at = 0
    while at < len(path):
        digits = path[at + 1 : at + 3]
        if (
            path[at : at + 1] == b"%"
            and len(digits) == 2
            and all(digit in b"0123456789abcdefABCDEF" for digit in digits)
        ):
            out.append(int(digits, 16))
            at += 3
        else:
            out.append(path[at])
            at += 1
    return bytes(out)


def without_dots(path: bytes) -> bytes:
    """RFC 3986 §5.2.4, as lenient servers do it: backslashes are slashes, empty segments and parameters go."""
    kept: list[bytes] = []
    segments = path.replace(b"\\", b"/").split(b"/")[1:]
    for index, raw in enumerate(segments):
        segment = raw.partition(b";")[0] if raw.startswith((b".;", b"..;")) else raw
        last = index == len(segments) - 1
        if segment == b"..":
            if kept:
                kept.pop()
            if last:
                kept.append(b"")
        elif segment == b"." or (not segment and not last):
            if last:
                kept.append(b"")
        else:
            kept.append(segment)
    return b"/" + b"/".join(kept)


def decodes_once(path: bytes) -> bytes:
    return decoded(path)


def resolves_then_decodes(path: bytes) -> bytes:
    return decoded(without_dots(path))


def decodes_then_resolves(path: bytes) -> bytes:
    return without_dots(decoded(path))


def cuts_at_nul(path: bytes) -> bytes:
    return decoded(path).partition(b"\x00")[0]


READERS = (decodes_once, resolves_then_decodes, decodes_then_resolves, cuts_at_nul)


def operation_of(path: bytes) -> str | None:
    """The template that a framework without our router takes: of those that match, literals before parameters."""
    segments = path.split(b"/")[1:]
    fitting = []
    for template in TEMPLATES:
        parts = template.encode().split(b"/")[1:]
        if len(parts) == len(segments) and all(
            bool(segment) if part.startswith(b"{") else part == segment
            for part, segment in zip(parts, segments, strict=True)
        ):
            fitting.append(([part.startswith(b"{") for part in parts], template))
    return min(fitting)[1] if fitting else None


@settings(max_examples=1500, deadline=None)
@given(targets)
@example(b"/items/me%3akeys")
@example(b"/items/..%3b/admin")
@example(b"/items/%2e%2e%3Bx/admin")
@example(b"/items/sear%63h")
@example(b"/items/%25%32%65")
def test_every_reader_comes_to_the_operation_that_was_authorised(target: bytes) -> None:
    normal = normalise(target, HOST)
    if isinstance(normal, Problem):
        assert normal.status == 400
        return
    path, query = normal
    found = ROUTER.match(path)
    if found is None:
        return
    methods, values = found
    template = methods["GET"]
    for reader in READERS:
        read = reader(path.encode("ascii"))
        assert operation_of(read) == template, f"{reader.__name__} reads {read!r}"
    for value in values:
        assert f"/{value}" in path
    assert b"#" not in query


@settings(max_examples=500, deadline=None)
@given(targets)
def test_readers_agree_on_any_path_that_is_let_through(target: bytes) -> None:
    """Whether or not it is routed: no reader finds another number of segments, or a text that is not UTF-8."""
    normal = normalise(target, HOST)
    if isinstance(normal, Problem):
        return
    path = normal[0].encode("ascii")
    readings = {reader(path) for reader in READERS}
    assert len(readings) == 1
    (read,) = readings
    assert read.count(b"/") == path.count(b"/")
    assert read.decode("utf-8").isprintable() or b"%" in path
    assert decoded(read) == read or b"%" in read, "it was encoded twice"


@settings(max_examples=500, deadline=None)
@given(targets, st.binary(max_size=20))
def test_normalising_never_raises_and_is_done_after_once(target: bytes, host: bytes) -> None:
    normal = normalise(target, host)
    if not isinstance(normal, Problem):
        path, query = normal
        assert normalise(path.encode("ascii") + (b"?" + query if query else b"")) == (path, query)


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.characters(exclude_characters="/\\;%", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
)
def test_any_text_has_a_spelling_that_arrives_as_it_was_meant(text: str) -> None:
    """Strict, but not in the way: whatever a partner would name a thing, it can be asked for."""
    assume(text not in (".", ".."))
    spelt = b"".join(b"%%%02x" % byte for byte in text.encode("utf-8"))
    normal = normalise(b"/files/" + spelt + b"/content", HOST)
    assert not isinstance(normal, Problem)
    found = ROUTER.match(normal[0])
    assert found is not None
    assert found[0]["GET"] == "/files/{name}/content"
    assert decoded(found[1][0].encode("ascii")).decode("utf-8") == text
