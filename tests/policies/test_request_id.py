import os
import re

import pytest

from policies.request_id import choose


@pytest.mark.parametrize("given", [b"abcdefgh", b"A.b-c_9.", b"x" * 128])
def test_a_sound_id_is_kept(given: bytes) -> None:
    assert choose({b"x-request-id": given}) == given.decode()


@pytest.mark.parametrize(
    "given", [b"short", b"x" * 129, b"abcdefgh\n", b"abc defgh", b'abc"defgh', b"\xc3\xa4bcdefgh", b""]
)
def test_another_is_replaced(given: bytes) -> None:
    made = choose({b"x-request-id": given})
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert made != choose({})


def test_made_ids_are_never_the_same() -> None:
    made = [choose({}) for _ in range(2_000)]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in made)


def test_a_forked_process_makes_its_own() -> None:
    choose({})
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, choose({}).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    theirs = os.read(read, 64).decode()
    os.close(read)
    os.close(write)
    assert theirs not in {choose({}) for _ in range(512)}
