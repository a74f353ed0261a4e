"""Multipart bodies: what is read of them, and that whatever two parsers may read differently is refused."""

import pytest

from policies.validation.multipart_text import BadForm, Part, PartBounds, read_parts

WIDE = PartBounds(10, 1_000, 500)
NAMED = 'Content-Disposition: form-data; name="a"'


def body(*parts: tuple[str, bytes], boundary: str = "X", end: bytes = b"--\r\n") -> bytes:
    """Each part is its header lines, separated by line breaks, and its content."""
    text = b""
    for head, content in parts:
        lines = head.replace("\n", "\r\n").encode()
        text += b"--" + boundary.encode() + b"\r\n" + lines + b"\r\n\r\n" + content + b"\r\n"
    return text + b"--" + boundary.encode() + end


def read(text: bytes, bounds: PartBounds = WIDE, boundary: str = "X") -> list[Part]:
    parts = read_parts(text, boundary, bounds)
    assert not isinstance(parts, BadForm), parts
    return parts


def refused(text: bytes, bounds: PartBounds = WIDE, boundary: str = "X") -> BadForm:
    parts = read_parts(text, boundary, bounds)
    assert isinstance(parts, BadForm)
    return parts


def test_parts_come_in_their_order_with_all_that_is_said_of_them() -> None:
    first = 'Content-Disposition: form-data; name="note"'
    second = (
        'content-disposition: FORM-DATA; name="scan"; filename="päper 1.pdf"\n'
        "Content-Type: application/pdf; version=2\nX-Pages: 3"
    )
    note, scan = read(body((first, "grüß".encode()), (second, b"\x00\xff\r\n--Y")))
    assert note == Part("note", None, None, {"content-disposition": 'form-data; name="note"'}, "grüß".encode())
    assert (scan.name, scan.file_name, scan.content) == ("scan", "päper 1.pdf", b"\x00\xff\r\n--Y")
    assert scan.content_type is not None
    assert (scan.content_type.essence, scan.content_type.parameters) == ("application/pdf", {"version": "2"})
    assert scan.headers["x-pages"] == "3"


def test_a_percent_sign_in_a_name_is_one() -> None:
    (part,) = read(body(('Content-Disposition: form-data; name="a%41%2F"', b"")))
    assert part.name == "a%41%2F"


@pytest.mark.parametrize("boundary", ["X", "----WebKitFormBoundary7MA4YWxkTrZu0gW", "a'()+_,-./:=? b"])
def test_boundaries(boundary: str) -> None:
    assert len(read(body((NAMED, b"1"), boundary=boundary), boundary=boundary)) == 1


@pytest.mark.parametrize("boundary", ["", " ", "a ", "a" * 71, "a\r\nb", "ä", 'a"b', "a;b"])
def test_what_is_no_boundary_is_refused(boundary: str) -> None:
    refused(body((NAMED, b"1"), boundary=boundary), boundary=boundary)


@pytest.mark.parametrize(
    "head",
    [
        "Content-Type: text/plain",
        "Content-Disposition: form-data",
        'Content-Disposition: attachment; name="a"',
        "Content-Disposition: form-data; name=a",
        'Content-Disposition: form-data; name="a"; name="b"',
        'Content-Disposition: form-data; filename="f"',
        'Content-Disposition: form-data; name="a"; filename="f"; filename="g"',
        "Content-Disposition: form-data; name=\"a\"; filename*=UTF-8''f",
        'Content-Disposition: form-data; name="a"; filename="f"; filename*=UTF-8\'\'g',
        'Content-Disposition: form-data; name="a\\"b"',
        'Content-Disposition: form-data; name="a"x',
        'Content-Disposition: form-data; name="a%22"',
        f"{NAMED}\nX: a\rb",
        f"{NAMED}\nX: a\0",
        'Content-Disposition: form-data; name="a"; filename="a\x01b"',
        f"{NAMED}\n{NAMED}",
        f"{NAMED}\nContent-Type: text/plain\nContent-Type: text/html",
        f"{NAMED}\nContent-Type: text",
        f"{NAMED}\nContent-Type: text/plain; charset=utf-7",
        f"{NAMED}\nContent-Transfer-Encoding: base64",
        f"{NAMED}\nX: 1\n folded",
        f"{NAMED}\nX Y: 1",
        f"{NAMED}\nno colon",
        f"{NAMED}\nContent-Length: 5",
    ],
)
def test_a_part_that_could_be_read_in_two_ways_is_refused(head: str) -> None:
    assert refused(body((head, b"1"))).bound == ""


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"--X",
        b"--X--\r\ntrailing",
        b"preamble\r\n" + body((NAMED, b"1")),
        body((NAMED, b"1"))[:-6],
        body((NAMED, b"1"), end=b""),
        body((NAMED, b"1")) + b"epilogue",
        body((NAMED, b"1")) + body((NAMED, b"1")),
        body((NAMED, b"1")).replace(b"\r\n", b"\n"),
        body((NAMED, b"1"), boundary="Y"),
        body((NAMED, b"\n--X\n")),
        body((NAMED, b"1\r--X--")),
        body((NAMED, b"a--Xb")),
    ],
)
def test_what_is_no_whole_form_is_refused(text: bytes) -> None:
    assert refused(text).bound == ""


def test_a_charset_field_may_say_utf_8_alone() -> None:
    charset = 'Content-Disposition: form-data; name="_charset_"'
    assert len(read(body((charset, b"UTF-8"), (NAMED, b"1")))) == 2
    refused(body((charset, b"utf-16"), (NAMED, b"1")))


@pytest.mark.parametrize("name", ["../a", "a/b", "/etc/passwd", ".", "..", "a" * 256, "a%0Ab"])
def test_a_file_name_that_is_a_path_or_none_is_refused(name: str) -> None:
    head = f'{NAMED}; filename="{name}"'
    refused(body((head, b"1")))
    assert read(body((head, b"1")), PartBounds(10, 1_000, 500, any_file_name=True))[0].file_name == name


def test_without_a_file_chosen_the_name_is_empty() -> None:
    assert read(body((f'{NAMED}; filename=""', b"")))[0].file_name == ""


def test_parts_their_content_and_their_headers_are_bounded() -> None:
    ten = [(NAMED, b"1")] * 10
    assert len(read(body(*ten))) == 10
    assert refused(body(*ten, (NAMED, b"1"))).bound == "parts"
    assert len(read(body((NAMED, b"1" * 1_000)))[0].content) == 1_000
    assert refused(body((NAMED, b"1" * 1_001))).bound == "parts"
    assert refused(body((f"{NAMED}\nX: {'a' * 500}", b"1"))).bound == "parts"
    assert refused(body((NAMED + "".join(f"\nX-{index}: 1" for index in range(8)), b"1"))).bound == "parts"


def test_no_reason_repeats_what_was_sent() -> None:
    head = 'Content-Disposition: form-data; name="s3cr3t"; filename="../s3cr3t"'
    assert "s3cr3t" not in refused(body((head, b"s3cr3t"))).reason
