"""Where a message ends: lengths, codings and chunks in further spellings, and expectations.

Sources: RFC 9112 (§6, §7), RFC 9110 (§8.6, §10.1.1), and the public research on desynchronisation: TE.TE in its
spellings, 0.CL by obfuscated expectations (2025), chunk extensions and terminators read in two ways (2025).
"""

from typing import Final

from tests.conformance.http.cases import CHUNKED, HOST, SMUGGLED, Refused, Served, get, post

_LENGTHS: Final = {
    "after-vertical-tab": b" \x0b2",
    "before-form-feed": b" 2\x0c",
    "of-23-digits": b" 00000000000000000000002",
    "list-differing": b" 2, 3",
    "after-a-comma": b" ,2",
    "before-a-comma": b" 2,",
    "binary": b" 0b10",
    "octal": b" 0o2",
    "full-width": " \uff12".encode(),
    "before-a-no-break-space": b" 2\xc2\xa0",
    "with-a-unit": b" 2 bytes",
    "fraction": b" 2/2",
    "infinite": b" Infinity",
    "minus-zero": b" -0",
    "of-63-bits": b" 9223372036854775808",
    "before-a-semicolon": b" 2;",
    "star": b" *",
}
_CODINGS: Final = {
    "identity-then-chunked": b" identity, chunked",
    "kelvin-sign": " chun\u212aed".encode(),
    "nul-last": b" chunked\x00",
    "apostrophes": b" 'chunked'",
    "shortened": b" chunk",
    "suffixed": b" chunked-a",
    "after-a-colon": b" :chunked",
    "after-an-equals-sign": b" =chunked",
    "two-words": b" chunked chunked",
    "unknown-then-chunked": b" x, chunked",
    "comma-alone": b" ,",
    "byte-order-mark": b" \xef\xbb\xbfchunked",
    "no-break-space": b"\xa0chunked",
    "after-bare-cr": b" \rchunked",
    "backspace": b" chunkedx\x08",
    "escaped": b" chun%6bed",
    "compressed": b" br, chunked",
    "delete-last": b" chunked\x7f",
    "blanks-last": b" chunked \t",  # sound, but that llhttp takes no chances with it
}
_BESIDE_A_LENGTH: Final = {
    "identity": b"Transfer-Encoding: identity\r\n",
    "empty": b"Transfer-Encoding:\r\n",
    "tab": b"Transfer-Encoding:\tchunked\r\n",
    "trailing-space": b"Transfer-Encoding: chunked \r\n",
    "xchunked": b"Transfer-Encoding: xchunked\r\n",
    "space-before-colon": b"Transfer-Encoding : chunked\r\n",
    "space-first": b" Transfer-Encoding: chunked\r\n",
    "behind-bare-lf": b"X: y\nTransfer-Encoding: chunked\r\n",
    "behind-bare-cr": b"X: y\rTransfer-Encoding: chunked\r\n",
    "twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "odd-case": b"tRANSFER-eNCODING: cHUNKED\r\n",
}
_NAMES: Final = {
    "no-break-space": b"Transfer-Encoding\xa0",
    "tab": b"Transfer-Encoding\t",
    "quotes": b'"Transfer-Encoding"',
    "vertical-tab-first": b"\x0bTransfer-Encoding",
}

REFUSED: Final = (
    *(
        Refused(f"length-{name}", post(b"Content-Length:" + value + b"\r\n", b"ab"))
        for name, value in _LENGTHS.items()
    ),
    Refused("length-then-an-empty-one", post(b"Content-Length: 2\r\nContent-Length:\r\n", b"ab")),
    Refused("length-after-an-empty-one", post(b"Content-Length:\r\nContent-Length: 2\r\n", b"ab")),
    Refused("length-thrice", post(b"Content-Length: 2\r\n" * 3, b"ab")),
    Refused("length-tab-before-colon", post(b"Content-Length\t: 2\r\n", b"ab")),
    Refused("length-nul-in-name", post(b"Content-Length\x00: 2\r\n", b"ab")),
    *(
        Refused(f"te-{name}", post(b"Transfer-Encoding:" + value + b"\r\n", b"0\r\n\r\n"))
        for name, value in _CODINGS.items()
    ),
    *(
        Refused(f"cl-te-{name}", post(b"Content-Length: 4\r\n" + fields, b"0\r\n\r\n"))
        for name, fields in _BESIDE_A_LENGTH.items()
    ),
    *(
        Refused(f"te-name-{name}", post(spelled + b": chunked\r\n", b"0\r\n\r\n"))
        for name, spelled in _NAMES.items()
    ),
    Refused(
        "te-behind-request-line-and-bare-lf",
        b"POST /a HTTP/1.1\n" + CHUNKED + HOST + b"\r\n0\r\n\r\n",
    ),
    Refused("te-in-http-2", b"POST /a HTTP/2\r\n" + HOST + CHUNKED + b"\r\n0\r\n\r\n"),
    Refused("cl-te-in-http-1-0", b"POST /a HTTP/1.0\r\n" + HOST + b"Content-Length: 4\r\n" + CHUNKED + b"\r\n"),
    Refused("two-expectations", post(b"Expect: 100-continue\r\n" * 2 + b"Content-Length: 2\r\n", b"ab")),
    Refused("expectation-folded", post(b"Expect:\r\n 100-continue\r\nContent-Length: 2\r\n", b"ab")),
    Refused("connection-names-coding", post(CHUNKED + b"Connection: Transfer-Encoding\r\n", b"0\r\n\r\n")),
)

_POSTED: Final = (("POST", b"/a", b"ab"),)
_TWO: Final = b"Content-Length: 2\r\n"

SERVED: Final = (
    Served("te-tab-before-value", post(b"Transfer-Encoding:\tchunked\r\n", b"2\r\nab\r\n0\r\n\r\n"), _POSTED),
    Served("chunk-extension-empty", post(CHUNKED, b"2;\r\nab\r\n0\r\n\r\n"), _POSTED),
    # A trailer neither frames nor tells who calls: whole gateways let none of these pass.
    Served("trailer-with-coding", post(CHUNKED, b"2\r\nab\r\n0\r\n" + CHUNKED + b"\r\n"), _POSTED),
    Served(
        "trailers-with-identity",
        post(CHUNKED, b"2\r\nab\r\n0\r\nHost: forged\r\nX-Forwarded-For: forged\r\nCookie: forged\r\n\r\n"),
        _POSTED,
    ),
    # What is no expectation here is none for the next server either: the field is not passed on.
    Served("expectation-obfuscated", post(b"Expect: y 100-continue\r\n" + _TWO, b"ab"), _POSTED),
    Served("expectation-in-a-list", post(b"Expect: 100-continue, x\r\n" + _TWO, b"ab"), _POSTED),
    Served("expectation-of-something-else", post(b"Expect: 200-ok\r\n" + _TWO, b"ab"), _POSTED),
    Served("expectation-without-a-body", get(b"Expect: 100-continue\r\n")),
    Served(
        "h2c-with-a-body-like-a-request",
        post(
            b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n"
            b"Content-Length: %d\r\n" % len(SMUGGLED),
            SMUGGLED,
        ),
        (("POST", b"/a", SMUGGLED),),
    ),
)

_CHUNKS: Final = {
    "tab-after-size": b"2\t\r\nab\r\n0\r\n\r\n",
    "space-before-extension": b"2 ;a\r\nab\r\n0\r\n\r\n",
    "size-of-17-digits": b"00000000000000002\r\nab\r\n0\r\n\r\n",
    "size-negative": b"-2\r\nab\r\n0\r\n\r\n",
    "line-with-two-crs": b"2\r\r\nab\r\n0\r\n\r\n",
    "extension-quotes-a-line-break": b'2;a="\r\n0\r\n\r\n' + SMUGGLED + b'"\r\nab\r\n0\r\n\r\n',
    "last-size-prefixed": b"0x0\r\n\r\n",
    "last-size-negative": b"-0\r\n\r\n",
    "last-size-padded": b"0 \r\n\r\n",
    "end-of-two-letters": b"2\r\nabXX0\r\n\r\n",
    "end-of-two-crs": b"2\r\nab\r\r0\r\n\r\n",
    "end-turned-round": b"2\r\nab\n\r0\r\n\r\n",
    "end-of-two-lfs": b"2\r\nab\n\n0\r\n\r\n",
    "extension-empty-bare-lf": b"2;\nab\r\n0\r\n\r\n",
    "extension-with-nul": b"2;a\x00\r\nab\r\n0\r\n\r\n",
    "extension-of-8-bits": b"2;a=\xff\r\nab\r\n0\r\n\r\n",
    "size-listed": b"2,2\r\nab\r\n0\r\n\r\n",
    "size-with-suffix": b"2h\r\nab\r\n0\r\n\r\n",
    "size-full-width": "\uff12\r\n".encode() + b"ab\r\n0\r\n\r\n",
    "last-of-bare-lfs": b"2\r\nab\r\n0\n\n",
    "last-ends-with-bare-lf": b"2\r\nab\r\n0\r\n\n",
    "last-begins-with-bare-lf": b"2\r\nab\r\n0\n\r\n",
    "shorter-than-its-size": b"5\r\nab\r\n0\r\n\r\n" + SMUGGLED,
    "size-before-a-colon": b"2:a\r\nab\r\n0\r\n\r\n",
    "size-of-64-bits": b"ffffffffffffffff\r\nab",
    "trailer-with-control": b"0\r\nX: a\x01\r\n\r\n",
    "trailer-with-parenthesis": b"0\r\nX(: a\r\n\r\n",
    "trailer-name-of-8-bits": b"0\r\nX\xe4: a\r\n\r\n",
}

BROKEN_BODIES: Final = tuple(Refused(f"chunk-{name}", post(CHUNKED, body)) for name, body in _CHUNKS.items())
