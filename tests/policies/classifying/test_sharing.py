"""What caches between the gateway and its caller are told of an answer that is one caller's."""

import pytest

from policies.classifying.sharing import for_one_caller


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"public, max-age=60", b"private, max-age=60"),
        (b'Private="x, y", S-MaxAge=5, proxy-revalidate, no-store', b"private, no-store"),
        (b'no-cache="set-cookie, x", max-age=1', b'private, no-cache="set-cookie, x", max-age=1'),
        # What cannot be read may have forbidden to keep it, and its end may be read elsewhere otherwise.
        (b"max-age=60; public", b"private, no-store"),
        (b'max-age=60, x="y, public', b"private, max-age=60, no-store"),
        (b'"' + b'\\"' * 500_000, b"private, no-store"),
    ],
)
def test_no_shared_cache_may_keep_it(said: bytes, told: bytes) -> None:
    fields = [(b"Cache-Control", said), (b"Surrogate-Control", b"max-age=9"), (b"ETag", b'"1"')]
    assert for_one_caller(fields) == [(b"ETag", b'"1"'), (b"cache-control", told)]


def test_an_answer_that_says_nothing_is_told_to_be_private() -> None:
    assert for_one_caller([]) == [(b"cache-control", b"private")]
