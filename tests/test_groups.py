"""Tests that share a process, or the machine, run on one worker: groups are in force where tests are spread."""

import pytest


@pytest.mark.xdist_group("groups")
def test_a_test_is_in_its_group(request: pytest.FixtureRequest) -> None:
    """As `make test` spreads them. A pytest that does otherwise starts each shared process once a worker."""
    if not request.config.getoption("loadgroup", False):
        pytest.skip("the tests are not spread by groups")
    assert request.node.nodeid.endswith("@groups")
