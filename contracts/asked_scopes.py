"""The scopes that an operation asks for: by its security, and in the settings of its policies."""

from collections.abc import Iterator
from typing import Any

from contracts.operations import Operation


def asked_scopes(operation: Operation) -> set[str]:
    """Of both."""
    return {scope for alternative in operation.scopes for scope in alternative} | policy_scopes(operation)


def policy_scopes(operation: Operation) -> set[str]:
    """Of settings, the members named `scope` count, at whatever depth they stand: `classification` has such. They
    give more to who has them, and refuse no call."""
    return {scope for use in operation.policies for scope in _named(use.config)}


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, member in value.items():
            if key == "scope" and isinstance(member, str):
                yield member
            else:
                yield from _named(member)
    elif isinstance(value, list):
        for item in value:
            yield from _named(item)
