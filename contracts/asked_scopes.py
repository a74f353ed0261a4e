"""The scopes that an operation asks for: by its security, in the settings of its policies, and of calls of RPC."""

from collections.abc import Iterator
from typing import Any

from contracts.odoo_guard import scopes_of
from contracts.operations import ApiVersion, OdooBackend, Operation


def asked_scopes(operation: Operation) -> set[str]:
    """Of all three."""
    return {scope for alternative in operation.scopes for scope in alternative} | policy_scopes(operation)


def version_scopes(version: ApiVersion) -> set[str]:
    """Every scope that some operation of the version asks for."""
    return set().union(*map(asked_scopes, version.operations))


def policy_scopes(operation: Operation) -> set[str]:
    """Those that give more to who has them, while the operation can be called without. Of settings, the members
    named `scope` count, at whatever depth they stand: `classification` has such. A guard of Odoo's RPC has one for
    each kind of call that it opens."""
    named = {scope for use in operation.policies for scope in _named(use.config)}
    backend = operation.backend
    if isinstance(backend, OdooBackend) and backend.guard is not None:
        named |= scopes_of(backend.guard)
    return named


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
