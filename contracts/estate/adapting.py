"""Operations that another version of their API serves: what the policy `version-adapter` says of them, looked up.

What is wrong with its settings the policy itself finds; an operation that cannot be looked up stays as it is.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from contracts.operations import AdaptedTo, ApiVersion, Operation

ADAPTER: Final = "version-adapter"
VERSION: Final = "version"
OPERATION: Final = "operation"


def target_of(operation: Operation) -> tuple[str, str] | None:
    """The version and the id of the operation that is to serve this one; None where it is served by itself."""
    for use in operation.policies:
        if use.policy == ADAPTER and use.mode != "off":
            version, name = use.config.get(VERSION), use.config.get(OPERATION, operation.id)
            if isinstance(version, str) and isinstance(name, str):
                return version, name
    return None


def adapted(versions: Mapping[str, ApiVersion]) -> dict[str, ApiVersion]:
    """The versions of an API, by name, with each operation that another version serves looked up in that one."""
    return {name: _adapted(version, versions) for name, version in versions.items()}


def _adapted(version: ApiVersion, versions: Mapping[str, ApiVersion]) -> ApiVersion:
    operations = tuple(_looked_up(operation, version, versions) for operation in version.operations)
    return version if operations == version.operations else msgspec.structs.replace(version, operations=operations)


def _looked_up(operation: Operation, version: ApiVersion, versions: Mapping[str, ApiVersion]) -> Operation:
    target = target_of(operation)
    if target is None or target[0] == version.version:
        return operation
    there = find(versions, *target)
    if there is None or target_of(there) is not None or operation.websocket or there.websocket:
        return operation
    parameters = tuple(msgspec.structs.replace(each, schema=True) for each in there.parameters)
    known = AdaptedTo(target[0], there.id, there.method, there.path, parameters)
    return msgspec.structs.replace(operation, backend=there.backend, adapted=known)


def find(versions: Mapping[str, ApiVersion], version: str, operation: str) -> Operation | None:
    """An operation by its version and id."""
    there = versions.get(version)
    return None if there is None else next((each for each in there.operations if each.id == operation), None)
