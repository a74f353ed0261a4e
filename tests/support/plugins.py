"""Policies that are installed for a test alone, as plug-ins are."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from policies import installed
from policies.policy import Policy


class Point:
    """An entry point that leads to what it was given; an exception is raised."""

    def __init__(self, name: str, found: Any) -> None:
        self.name = name
        self.value = f"tests:{name}"
        self.dist = None
        self._found = found

    def load(self) -> Any:
        if isinstance(self._found, Exception):
            raise self._found
        return self._found


@contextmanager
def plugged_in(patch: pytest.MonkeyPatch, *policies: Policy[Any], **others: Any) -> Iterator[None]:
    """With these policies installed; `others` are what entry points of those names lead to."""
    points = [Point(policy.id, policy) for policy in policies]
    points += [Point(name.replace("_", "-"), found) for name, found in others.items()]
    with patch.context() as patched:
        patched.setattr(installed, "entry_points", lambda group: points)
        installed.installed.cache_clear()
        try:
            yield
        finally:
            installed.installed.cache_clear()
