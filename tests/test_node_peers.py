"""What tests of other people's Node programs lean on, several of them at once."""

import socket
from collections.abc import Iterator

import pytest

from tests.support import oidc_provider
from tests.support.node_packages import NoNodeError, installed


@pytest.fixture(autouse=True)
def _node() -> None:
    try:
        installed(oidc_provider.PEER, "provider.mjs")
    except NoNodeError as error:
        pytest.skip(f"NOT TESTED how Node programs are installed: {error}")


def test_what_is_there_already_is_not_written_again() -> None:
    """Node may be reading it for another test."""

    def stamps() -> list[int]:
        _, program = installed(oidc_provider.PEER, "provider.mjs")
        return [path.stat().st_mtime_ns for path in (program, program.with_name("package.json"))]

    assert stamps() == stamps()


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


async def test_a_provider_whose_port_is_taken_gets_another(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    free = oidc_provider.choose_port(0)
    ports = iter((taken, free))
    monkeypatch.setattr(oidc_provider, "choose_port", lambda _: next(ports))
    async with oidc_provider.oidc_provider("https://api.example") as provider:
        assert provider.port == free
        assert await provider.token()


async def test_a_provider_that_never_starts_says_why(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oidc_provider, "choose_port", lambda _: taken)
    with pytest.raises(oidc_provider.EndedError, match="EADDRINUSE"):
        async with oidc_provider.oidc_provider("https://api.example"):
            pass
