import re
import subprocess
import sys

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
    script = (
        "import os; from policies.request_id import choose; choose({}); child = os.fork() == 0; "
        "child or os.wait(); print(*[choose({}) for _ in range(512)])"
    )
    # In a process of its own: forking one that has threads is asking for trouble.
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    made = printed.stdout.split()
    assert (len(made), len(set(made))) == (1024, 1024)
