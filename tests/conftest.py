"""What holds for all tests."""

import os

from hypothesis import HealthCheck, settings

# A shared machine is slow at times, and that is no finding. In CI the examples are the same in each run, so that
# a landing is judged by what it changes; elsewhere each run looks for new ones.
settings.register_profile(
    "ostiary",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    derandomize=os.environ.get("CI") == "true",
    database=None,
)
settings.load_profile("ostiary")
