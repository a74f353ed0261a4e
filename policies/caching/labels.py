"""By what answers are dropped: labels, one for each thing that can be said to have changed."""

from collections.abc import Iterable
from typing import Final

from contracts.operations import ApiVersion, Operation

EVERYTHING: Final = "everything"


def labels_of(version: ApiVersion, operation: Operation, tags: Iterable[str]) -> frozenset[str]:
    """Those of an operation's answers, but for their path."""
    return frozenset(
        {
            EVERYTHING,
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
