import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.problems import Problem
from policies import target
from policies.target import normalise


@pytest.mark.parametrize(
    ("given_target", "expected"),
    [
        (b"/", ("/", b"")),
        (b"/orders/v1/orders", ("/orders/v1/orders", b"")),
        (b"/orders/v1/orders/", ("/orders/v1/orders/", b"")),
        (b"/orders?a=1&b=%2F%20?x", ("/orders", b"a=1&b=%2F%20?x")),
        (b"/orders?", ("/orders", b"")),
        (b"/orders?filter[state]=a|b", ("/orders", b"filter[state]=a|b")),
        (b"/a/%7Euser/%41%2d%2e%5f", ("/a/~user/A-._", b"")),
        (b"/a/%c3%a4%20b", ("/a/%C3%A4%20b", b"")),
        (b"/a/.well-known/...", ("/a/.well-known/...", b"")),
        (b"/a/%3Bb", ("/a/%3Bb", b"")),
        (b"/a/100%25", ("/a/100%25", b"")),
        (b"/a:b@c,d=e!$&'()*+", ("/a:b@c,d=e!$&'()*+", b"")),
        (b"/orders?next=a/../b", ("/orders", b"next=a/../b")),
    ],
)
def test_a_sound_target_has_one_spelling(given_target: bytes, expected: tuple[str, bytes]) -> None:
    assert normalise(given_target) == expected


@pytest.mark.parametrize(
    ("given_target", "refusal"),
    [
        (b"/a%2fb", target.ENCODED),
        (b"/a%5Cb", target.ENCODED),
        (b"/a%00", target.ENCODED),
        (b"/a%0d%0aHost:%20x", target.ENCODED),
        (b"/a%7f", target.ENCODED),
        (b"/a/../b", target.DOTS),
        (b"/a/./b", target.DOTS),
        (b"/..", target.DOTS),
        (b"/a/.", target.DOTS),
        (b"/a/..?x=1", target.DOTS),
        (b"/a/%2e%2e/b", target.DOTS),
        (b"/a/.%2E/b", target.DOTS),
        (b"/a/..%3bx/b", target.DOTS),
        (b"/a/%2e%3B", target.DOTS),
        (b"/a%252fb", target.DOUBLE),
        (b"/a%25%32%66b", target.DOUBLE),
        (b"/a%2541", target.DOUBLE),
        (b"//evil.example/a", target.EMPTY),
        (b"/a//b", target.EMPTY),
        (b"/a//", target.EMPTY),
        (b"/a;b=1", target.SEMICOLON),
        (b"/a%c0%afb", target.TEXT),
        (b"/a%ff", target.TEXT),
        (b"/a%", target.ESCAPE),
        (b"/a%2", target.ESCAPE),
        (b"/a%zz", target.ESCAPE),
        (b"/a?b=%g0", target.ESCAPE),
        (b"/a#b", target.CHARACTER),
        (b"/a?b#c", target.CHARACTER),
        (b"/a\\b", target.CHARACTER),
        (b"/a?b\\c", target.CHARACTER),
        (b"/a b", target.CHARACTER),
        (b"/a\x00", target.CHARACTER),
        (b"/a\x7f", target.CHARACTER),
        (b"/a\n", target.CHARACTER),
        (b"/a?b\n", target.CHARACTER),
        (b"/\xc3\xa4", target.CHARACTER),
        (b"/a?b=\xc3\xa4", target.CHARACTER),
        (b'/a"b', target.CHARACTER),
        (b"/a<b>", target.CHARACTER),
        (b"/a{b}", target.CHARACTER),
        (b"/a?b=%00", target.QUERY_NUL),
        (b"", target.FORM),
        (b"*", target.FORM),
        (b"orders", target.FORM),
        (b"api.example:443", target.FORM),
        (b"ftp://api.example/a", target.FORM),
    ],
)
def test_what_two_servers_could_read_in_two_ways_is_refused(given_target: bytes, refusal: Problem) -> None:
    assert normalise(given_target, b"api.example") is refusal
    assert refusal.status == 400


@pytest.mark.parametrize(
    ("given_target", "expected"),
    [
        (b"/a/;x=1", ("/a/;x=1", b"")),
        (b"/a/;x=1;x=%41%2c/b?c", ("/a/;x=1;x=A%2C/b", b"c")),
        (b"/a/;x", ("/a/;x", b"")),
        (b"http:///a/;x", target.AUTHORITY),
        (b"/a;x=1", target.SEMICOLON),
        (b"/a/x;y/;x=1", target.SEMICOLON),
        (b"/a/;", target.SEMICOLON),
        (b"/;/a", target.SEMICOLON),
        (b"/a/;x;", target.SEMICOLON),
        (b"/a/;;x", target.SEMICOLON),
        (b"/a/..;x=1", target.SEMICOLON),
        (b"/a/%2e%2e;x=1", target.SEMICOLON),
        (b"/a/;x=%2f", target.ENCODED),
        (b"/a/;x=%252f", target.DOUBLE),
        (b"/a/;x=%c0%af", target.TEXT),
        (b"/a/;x=%zz", target.ESCAPE),
        (b"/a/;%zz", target.ESCAPE),
        (b"/a/;x=1/../b", target.DOTS),
        (b"/a/;x=1//b", target.EMPTY),
        (b"/a/;x={y}", target.SEMICOLON),
    ],
)
def test_a_segment_of_the_style_matrix(given_target: bytes, expected: object) -> None:
    assert normalise(given_target, b"api.example", matrix=True) == expected
    assert isinstance(normalise(given_target), Problem)


@pytest.mark.parametrize(
    ("given_target", "expected"),
    [
        (b"http://api.example/a?b=1", ("/a", b"b=1")),
        (b"HTTPS://API.example/a", ("/a", b"")),
        (b"http://api.example", ("/", b"")),
        (b"http://api.example?b=1", ("/", b"b=1")),
        (b"http://api.example/a/../b", target.DOTS),
        (b"http://api.example//b", target.EMPTY),
        (b"http://other.example/a", target.AUTHORITY),
        (b"http://api.example:80/a", target.AUTHORITY),
        (b"http://user@api.example/a", target.AUTHORITY),
        (b"http:///a", target.AUTHORITY),
    ],
)
def test_an_absolute_target_must_be_for_this_host(given_target: bytes, expected: object) -> None:
    assert normalise(given_target, b"api.example") == expected


def test_an_empty_authority_is_nobodys() -> None:
    assert normalise(b"http:///a") is target.AUTHORITY


_PIECES = st.sampled_from(
    [
        b"/",
        b".",
        b"..",
        b"%2e",
        b"%2E",
        b"%2f",
        b"%25",
        b"%",
        b"25",
        b"2f",
        b"%41",
        b"%c3%a4",
        b"?",
        b"#",
        b";",
        b"a",
        b"~",
    ]
)
_TARGETS = st.one_of(
    st.lists(_PIECES, max_size=12).map(lambda pieces: b"/" + b"".join(pieces)),
    st.binary(max_size=24).map(lambda tail: b"/" + tail),
)


@given(_TARGETS)
@example(b"/%25%34%31")
@example(b"/%%32%65")
def test_normalising_twice_is_normalising_once(given_target: bytes) -> None:
    result = normalise(given_target)
    if isinstance(result, Problem):
        return
    path, query = result
    assert normalise(path.encode() + b"?" + query) == (path, query)
    assert path.startswith("/")
    assert not {"", ".", ".."} & set(path.split("/")[1:-1])
    assert path.split("/")[-1] not in (".", "..")
    assert path.isascii()
    assert path.isprintable()


@given(_TARGETS)
def test_a_path_keeps_its_meaning(given_target: bytes) -> None:
    """What comes out decodes to the same octets, segment by segment, as what went in."""
    from urllib.parse import unquote_to_bytes

    result = normalise(given_target)
    if not isinstance(result, Problem):
        before = given_target.partition(b"?")[0].split(b"/")
        after = result[0].encode().split(b"/")
        assert [unquote_to_bytes(part) for part in before] == [unquote_to_bytes(part) for part in after]
