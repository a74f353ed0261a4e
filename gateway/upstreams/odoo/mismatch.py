"""A mapping that does not fit the Odoo behind it, found out by a call: what of it, as far as Odoo's error says.

Odoo tells models, fields and methods apart by the words of its errors alone. What is taken from them are names
that look like one, so that nothing else of an error's text goes anywhere.
"""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from contracts.problems import Problem, problem

NOTE: Final = "odoo-mismatch"
"""Under which an exchange keeps the first that it met."""

Part = Literal["model", "method", "field", "argument", "value", "answer", "call"]
"""What does not fit. `value`: Odoo does not take one for a field; `answer`: what came is of another shape than the
mapping says; `call`: anything else."""

# 17, 18 and 19 alike, but for what is said otherwise.
_FORMS: Final[tuple[tuple[Part, re.Pattern[str]], ...]] = (
    ("model", re.compile(r"\AObject (?P<name>[a-z0-9_.]+) doesn't exist")),
    ("model", re.compile(r"\Athe model '(?P<name>[a-z0-9_.]+)' does not exist")),
    ("method", re.compile(r"\AThe method '[a-z0-9_.]+\.(?P<name>[a-z0-9_]+)' does not exist")),
    ("field", re.compile(r"\AInvalid field '?(?:[a-z0-9_.]+\.)?(?P<name>[a-z0-9_]+)'? ")),
    ("value", re.compile(r"\AWrong value for [a-z0-9_.]+\.(?P<name>[a-z0-9_]+): ")),
    ("argument", re.compile(r"missing a required argument: '(?P<name>\w+)'")),
    ("argument", re.compile(r"got an unexpected keyword argument '(?P<name>\w+)'")),
)
_KEY: Final = re.compile(r"[a-z][a-z0-9_]*")
_KEY_ERROR: Final = "builtins.KeyError"
"""How Odoo tells of an unknown field in values: by its name alone."""
_LONGEST: Final = 128


@dataclass(frozen=True, slots=True)
class Mismatch(Problem):
    """The problem, and what does not fit; `name` is a model's, field's, method's or argument's, if it was told."""

    part: Part = "call"
    name: str = ""


_TOLD: Final = problem(
    "mediation-failed",
    "Odoo cannot do what the contract maps this operation to (a model, method, field or value).",
)


def mismatch(part: Part = "call", name: str = "") -> Mismatch:
    return Mismatch(_TOLD.type, _TOLD.detail, part=part, name=name)


def mismatch_of(error: str, message: Any) -> Mismatch:
    """By an error's name and words, where it tells of one."""
    if not isinstance(message, str):
        return mismatch()
    if error == _KEY_ERROR and len(message) <= _LONGEST and _KEY.fullmatch(message):
        return mismatch("field", message)
    for part, form in _FORMS:
        found = form.search(message)
        if found is not None and len(found["name"]) <= _LONGEST:
            return mismatch(part, found["name"])
    return mismatch()
