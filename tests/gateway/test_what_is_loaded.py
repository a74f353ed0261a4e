"""What a gateway's process does without unless it is asked for: each costs it megabytes, and its start a while."""

import subprocess
import sys

import pytest

LOADED = "import sys; import gateway.main; print(*sorted(sys.modules))"


PACKAGES = ("redis", "opentelemetry", "catalog", "cel_expr_python", "google", "jmespath", "contracts.containment")


@pytest.mark.parametrize("package", PACKAGES)
def test_a_gateway_alone_loads_it_not(package: str) -> None:
    loaded = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True).stdout
    assert "gateway" in loaded.split()
    assert package not in loaded.split()
