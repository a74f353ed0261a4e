"""What a contract does not say yet and its readers will ask: counted, not judged."""

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.adopt.security import METHODS


def gaps(root: Mapping[str, Any]) -> list[str]:
    """One sentence for each kind of gap, with the operations it concerns."""
    operations = list(_operations(root))
    found = [
        ("an `operationId`", [label for label, each in operations if not each.get("operationId")]),
        ("a description or summary", [label for label, each in operations if not _described(each)]),
        (
            "an error response (4XX, 5XX or default)",
            [label for label, each in operations if not _has_errors(each)],
        ),
        (
            "an example",
            [label for label, each in operations if not _mentions(each, ("example", "examples"), root)],
        ),
        ("a scope (any token will do)", [label for label, each in operations if _without_scope(each, root)]),
        ("a schema for a body", [label for label, each in operations if _body_without_schema(each)]),
    ]
    return [f"{what}: {_count(labels, len(operations))}" for what, labels in found if labels]


def _operations(root: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    paths = root.get("paths")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        for method in METHODS:
            operation = item.get(method) if isinstance(item, dict) else None
            if isinstance(operation, dict):
                yield f"{method.upper()} {path}", operation


def _count(labels: list[str], total: int) -> str:
    shown = ", ".join(labels[:3]) + (", …" if len(labels) > 3 else "")
    return f"{len(labels)} of {total} operations have none ({shown})"


def _described(operation: Mapping[str, Any]) -> bool:
    return bool(operation.get("description") or operation.get("summary"))


def _has_errors(operation: Mapping[str, Any]) -> bool:
    responses = operation.get("responses")
    return isinstance(responses, dict) and any(str(code)[:1] in "45d" for code in responses)


def _without_scope(operation: Mapping[str, Any], root: Mapping[str, Any]) -> bool:
    security = operation.get("security", root.get("security"))
    return isinstance(security, list) and any(
        isinstance(each, dict) and not any(each.values()) for each in security
    )


def _body_without_schema(operation: Mapping[str, Any]) -> bool:
    body = operation.get("requestBody")
    content = body.get("content") if isinstance(body, dict) else None
    return isinstance(content, dict) and any(
        not isinstance(media, dict) or "schema" not in media for media in content.values()
    )


def _mentions(value: Any, keys: tuple[str, ...], root: Mapping[str, Any]) -> bool:
    """Whether one of the keys stands anywhere in a value or in what it refers to within the document."""
    seen: set[str] = set()
    pending = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, dict):
            if any(key in each for key in keys):
                return True
            reference = each.get("$ref")
            if isinstance(reference, str) and reference.startswith("#/") and reference not in seen:
                seen.add(reference)
                pending.append(_target(root, reference))
            pending.extend(each.values())
        elif isinstance(each, list):
            pending.extend(each)
    return False


def _target(root: Mapping[str, Any], reference: str) -> Any:
    value: Any = root
    for token in reference[2:].split("/"):
        if not isinstance(value, dict):
            return None
        value = value.get(token.replace("~1", "/").replace("~0", "~"))
    return value
