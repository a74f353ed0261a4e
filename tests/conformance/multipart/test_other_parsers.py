"""What we accept of multipart bodies, other parsers read as we do: names, file names and content of every part.

Bodies are mutated byte by byte and line by line. Most are refused; of the others Werkzeug's parser (Flask, Odoo)
and Python's own for MIME have to say the same.
"""

import email.policy
import io
import random
from email.parser import BytesParser

import pytest
from werkzeug.formparser import MultiPartParser

from policies.validation.multipart_text import BadForm, PartBounds, read_parts

BOUNDARY = "x-boundary"
BOUNDS = PartBounds(100, 10_000, 1_000)
SEEDS = 24
EACH = 250

Read = list[tuple[str, str | None, bytes]]

LINES = (
    b'Content-Disposition: form-data; name="a"',
    b'Content-Disposition: form-data; name="b"; filename="f.txt"',
    b'Content-Disposition: form-data; name="c"; filename=""',
    b'content-disposition:form-data;name="d"',
    b"Content-Type: text/plain",
    b"Content-Type: text/plain; charset=utf-8",
    b"Content-Type: application/octet-stream",
    b"Content-Length: 3",
    b"Content-Transfer-Encoding: binary",
    b"Content-Transfer-Encoding: base64",
    b"X-Other: 1",
)
CONTENTS = (
    b"",
    b"abc",
    b"\r\n",
    b"--",
    b"a\r\n--x",
    b"\n--x-boundary\n",
    b"YWJj",
    b"\xff\x00",
    b"\r\n\r\n",
    b"x-boundary",
)
BYTES = (
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b"--",
    b"--x-boundary",
    b'"',
    b";",
    b"\\",
    b"\0",
    b":",
    b"=",
    b"%22",
    b"*",
)


def made(source: random.Random) -> bytes:
    """A body of a few parts, mutated up to three times."""
    body = b""
    for _ in range(source.randrange(4)):
        heads = [source.choice(LINES[:4]), *source.sample(LINES, source.randrange(3))]
        body += b"--x-boundary\r\n" + b"\r\n".join(heads) + b"\r\n\r\n" + source.choice(CONTENTS) + b"\r\n"
    body += b"--x-boundary--" + source.choice([b"", b"\r\n"])
    for _ in range(source.randrange(4)):
        at = source.randrange(len(body) + 1)
        cut = source.choice([0, 0, 1, 2])
        body = body[:at] + source.choice([b"", *BYTES]) + body[at + cut :]
    return body


def ours(body: bytes) -> Read | None:
    parts = read_parts(body, BOUNDARY, BOUNDS)
    if isinstance(parts, BadForm):
        return None
    return [(part.name, part.file_name, part.content) for part in parts]


def werkzeugs(body: bytes) -> Read | None:
    """None for what it refuses: that is no other reading."""
    parser = MultiPartParser(stream_factory=lambda *_, **__: io.BytesIO())
    try:
        fields, files = parser.parse(io.BytesIO(body), BOUNDARY.encode(), len(body))
    except ValueError:
        return None
    plain: Read = [(name, None, value.encode()) for name, value in fields.items(multi=True)]
    return plain + [(name, each.filename, each.stream.read()) for name, each in files.items(multi=True)]


def pythons(body: bytes) -> Read:
    head = f'Content-Type: multipart/form-data; boundary="{BOUNDARY}"\r\n\r\n'.encode()
    message = BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    read: Read = []
    for part in message.iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        read.append((str(part.get_param("name", header="content-disposition")), part.get_filename(), content))
    return read


def text_of(content: bytes) -> bytes:
    """As a reader has it that takes fields for text: Werkzeug replaces what is not UTF-8."""
    return content.decode("utf-8", "replace").encode()


def lines_of(content: bytes) -> bytes:
    """Python's parser is one for mail, in which any end of a line is the same, and a last one is not content."""
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_we_accept_is_read_alike(seed: int) -> None:
    source = random.Random(seed)
    accepted = 0
    for _ in range(EACH):
        body = made(source)
        mine = ours(body)
        if mine is None:
            continue
        accepted += 1
        named = sorted(
            (name, file, content if file is not None else text_of(content)) for name, file, content in mine
        )
        theirs = werkzeugs(body)
        assert theirs is None or sorted(theirs, key=str) == sorted(named, key=str), body
        mail = [(name, file or None, lines_of(content)) for name, file, content in pythons(body)]
        assert mail == [(name, file or None, lines_of(content)) for name, file, content in mine], body
    assert accepted > EACH // 10
