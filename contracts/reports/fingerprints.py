"""What identifies a finding from one run to the next: its rule, operation and location, never its wording.

A location is a JSON pointer in which the items of an array go by what they are and not by where they stand, so
that a parameter that is put before another moves no fingerprint, and in which the parameters of a path template
have no names, since renaming one changes nothing for anybody.
"""

import hashlib
import json
import re
from typing import Any, Final

from contracts.documents.document import escape, tokens_of, unescape
from contracts.reports.entry import OperationName

LENGTH: Final = 16
PATTERN: Final = re.compile(rf"[a-f][0-9a-f]{{{LENGTH - 1}}}")

_TEMPLATE: Final = re.compile(r"\{[^{}/]*\}")
_LONGEST_SCALAR: Final = 120


def fingerprint(rule: str, location: str, *, operation: OperationName | None = None, file: str = "") -> str:
    """16 hexadecimal digits, the first a letter, since YAML would read others as numbers.

    `location` is a stable one (`stable_location`). `file` tells apart the documents of one estate; it is empty
    where there is one document, or a pair of them.
    """
    where = "" if operation is None else f"{operation.method} {nameless(operation.path)}"
    text = "\n".join((rule, file, where, nameless(location)))
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass"))
    return "abcdef"[digest.digest()[-1] % 6] + digest.hexdigest()[: LENGTH - 1]


def nameless(path: str) -> str:
    """A path template, or a pointer that holds one, without the names of its parameters."""
    return _TEMPLATE.sub("{}", path) if "{" in path else path


def stable_location(document: Any, pointer: str) -> str:
    """The pointer with each array index replaced by what identifies the item in `document` (its name, reference
    or value); the second of two alike is followed by ``#2``. An item of which nothing tells keeps its index."""
    value, parts = document, []
    for token in tokens_of(pointer):
        if isinstance(value, list) and token.isdecimal() and int(token) < len(value):
            parts.append(_identity(value, int(token)))
            value = value[int(token)]
        else:
            parts.append(token)
            value = value.get(token) if isinstance(value, dict) else None
    return "".join("/" + escape(part) for part in parts)


def operation_at(pointer: str, methods: frozenset[str]) -> OperationName | None:
    """The operation in which a pointer of an OpenAPI document lies (`/paths/<template>/<method>/…`), if any."""
    parts = pointer.split("/", 4)
    if len(parts) < 4 or parts[1] not in ("paths", "webhooks") or parts[3] not in methods:
        return None
    return OperationName(parts[3].upper(), unescape(parts[2]))


def _identity(items: list[Any], index: int) -> str:
    name = _name(items[index])
    if name is None:
        return str(index)
    before = sum(_name(item) == name for item in items[:index])
    return f"{name}#{before + 1}" if before else name


def _name(item: Any) -> str | None:
    if isinstance(item, dict):
        for keys in (("in", "name"), ("name",), ("$ref",), ("url",), ("title",)):
            if all(isinstance(item.get(key), str) for key in keys):
                return ":".join(item[key] for key in keys)
        return None
    if isinstance(item, list):
        return None
    return json.dumps(item, ensure_ascii=False)[:_LONGEST_SCALAR]
