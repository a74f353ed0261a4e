"""By what answers are dropped: labels, one for each thing that can be said to have changed."""

from collections.abc import Iterable

from contracts.access import Purge
from contracts.operations import ApiVersion, Operation


def labels_of(version: ApiVersion, operation: Operation, tags: Iterable[str]) -> frozenset[str]:
    """Those of an operation's answers, but for their path."""
    return frozenset(
        {
            api_label(version.api),
            version_label(version.api, version.version),
            operation_label(version.api, version.version, operation.id),
            *tag_labels(version.api, tags),
        }
    )


def api_label(api: str) -> str:
    return f"api {api}"


def version_label(api: str, version: str) -> str:
    return f"version {api}/{version}"


def operation_label(api: str, version: str, operation: str) -> str:
    return f"operation {api}/{version}/{operation}"


def path_label(path: str) -> str:
    """Of the whole path, as clients have it, whatever its query."""
    return f"path {path}"


def tag_labels(api: str, tags: Iterable[str]) -> frozenset[str]:
    """An API's tags are its own."""
    return frozenset(f"tag {api}/{tag}" for tag in tags)


def purge_label(purge: Purge) -> str:
    """What a purge drops: the narrowest thing that it names."""
    if purge.path:
        return path_label(purge.path)
    if purge.tag:
        (label,) = tag_labels(purge.api, (purge.tag,))
        return label
    if purge.operation:
        return operation_label(purge.api, purge.version, purge.operation)
    return version_label(purge.api, purge.version) if purge.version else api_label(purge.api)
