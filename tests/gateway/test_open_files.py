"""How many connections a process makes room for: what it may open, raised, and not all of that."""

import subprocess
import sys

import pytest

from gateway.main import listener_settings
from gateway.open_files import MOST, most_connections
from gateway.settings import GatewaySettings

RAISE = """
import resource
from gateway.open_files import raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("soft", "hard", "limit"), [(100, 300, 300), (200, 200, 200)])
def test_the_limit_is_raised_as_far_as_may_be(soft: int, hard: int, limit: int) -> None:
    program = RAISE.format(soft=soft, hard=hard)
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.split() == [str(limit), str(limit), str(hard)]


def test_clients_do_not_get_all_of_it() -> None:
    assert most_connections(1_024) == 768
    assert most_connections(1) == 1


def test_the_setting_wins() -> None:
    settings = GatewaySettings(snapshot_key="k")
    assert listener_settings(settings, 100).max_connections == 75
    assert listener_settings(settings).max_connections == MOST * 3 // 4
    assert listener_settings(GatewaySettings(snapshot_key="k", max_connections=9), 100).max_connections == 9
