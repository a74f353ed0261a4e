"""Whether everything that one contract admits becomes, by the steps, something that another admits.

It is proved by comparing schemas where that can be done. Where it cannot, instances are tried: one that fails is
shown; that none did is no proof, and is said so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from contracts.containment.decide import Decider, quoted
from contracts.operations import JsonSchema
from policies.adapting.examples import Examples
from policies.adapting.image import image
from policies.adapting.library import Library, UnclearError
from policies.mapping.mapping import Mapping, MappingError, copied
from policies.mapping.steps import Step
from policies.validation.violations import violations_of

_STEPS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A valid value that does not become one, and why."""

    value: Any
    reason: str

    def __str__(self) -> str:
        return f"{quoted(self.value)} {self.reason}"


@dataclass(frozen=True, slots=True)
class Unproved:
    """Nothing is known to be wrong; `tried` instances were right."""

    reason: str
    tried: int


Finding = Counterexample | Unproved | None


def judge(steps: Sequence[Step], source: JsonSchema, target: JsonSchema, library: Library) -> Finding:
    """None where it is proved."""
    reason = _unproved(steps, source, target, library)
    if not reason:
        return None
    mapping, check = Mapping(steps), library.check(target)
    values = Examples(library).of(source)
    for value in values:
        changed = copied(value)
        try:
            mapping.apply(changed)
        except MappingError as error:
            return Counterexample(value, f"cannot be mapped: {error}")
        if not check.is_valid(changed):
            wrong = violations_of(check, changed, "", all_of_them=False)
            said = f"{wrong[0].pointer or 'it'} {wrong[0].message}" if wrong else "it is not admitted"
            return Counterexample(value, f"becomes {quoted(_plain(changed))}: {said}")
    return Unproved(reason, len(values))


def _unproved(steps: Sequence[Step], source: JsonSchema, target: JsonSchema, library: Library) -> str:
    """Why it is not proved; empty where it is."""
    try:
        made, doubts = image(steps, source, library)
    except UnclearError as unclear:
        return str(unclear)
    if doubts:
        return doubts[0]
    verdict = Decider(_STEPS).contains(library.comparable(made), library.comparable(target))
    return "" if verdict.contained else verdict.reason or "the schemas are not contained in each other"


def _plain(value: Any) -> Any:
    """With numbers as they are shown."""
    return msgspec.json.decode(msgspec.json.Encoder(decimal_format="number").encode(value))
