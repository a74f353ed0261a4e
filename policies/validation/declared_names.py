"""The names that a contract has where a message has another: what can be said of a name that was misspelt.

The name that was sent is never repeated, as it may be anything, a token too. That of the contract which is like it
is the contract's own; who is told it has read it there, or could have.
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import Final

import jsonschema_rs

from policies.validation.validators import Check

_NAMES: Final = 12
_NAME: Final = 64
"""Characters of a name, and how many names, up to which they are listed."""
_COMPARED: Final = 200
"""Names of a schema with which one is compared: it takes some microseconds each."""
_LIKENESS: Final = 0.75

TOLD: Final = 3
"""Violations of one message that say it: each takes up to a millisecond, and a name that is wrong in one item of a
list is so in all of them."""


def of_members(check: Check, error: jsonschema_rs.ValidationError) -> str:
    """Of a member that a closed object does not declare: ` (did you mean …?)`, ` (it declares …)`, or nothing."""
    schema = check.holder(error)
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    unexpected = getattr(error.kind, "unexpected", ())
    # Of unevaluated ones other parts of the schema may declare some as well.
    whole = error.kind.name == "additionalProperties"
    return instead(unexpected[0] if unexpected else "", properties or (), "declares" if whole else "")


def instead(sent: str, names: Iterable[str], verb: str) -> str:
    """A name that is like the one that was sent, or all of them where there is a verb for that."""
    declared = sorted(names)
    if not declared or any(len(each) > _NAME for each in declared):
        return ""
    near = None if len(declared) > _COMPARED or len(sent) > _NAME else _near(sent, declared)
    if near is not None:
        return f" (did you mean `{near}`?)"
    if not verb or len(declared) > _NAMES:
        return ""
    return f" (it {verb} {', '.join(f'`{each}`' for each in declared)})"


def _near(sent: str, declared: list[str]) -> str | None:
    by_shape = {_shape(each): each for each in declared}
    found = difflib.get_close_matches(_shape(sent), by_shape, n=1, cutoff=_LIKENESS)
    return by_shape[found[0]] if found else None


def _shape(name: str) -> str:
    """`orderLines` and `order_lines` are one name that was written in two ways."""
    return name.replace("_", "").replace("-", "").lower()
