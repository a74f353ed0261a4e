"""The three answers that a question about all instances of a schema can get, and what comes with them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Answer(StrEnum):
    """Of a comparison: only `CONTAINED` is a proof; `NOT_CONTAINED` comes with an instance that was checked."""

    CONTAINED = "contained"
    NOT_CONTAINED = "not-contained"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Witness:
    """An instance that one schema admits and the other does not; `value` is JSON, and may be `None` (null)."""

    value: Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one schema (`sub`) is contained in another (`sup`).

    `reason` is the rest of a sentence. Of `NOT_CONTAINED`, `keyword` is the one of `sup` that refuses the
    witness, and `sup_pointer` and `instance_pointer` (RFC 6901) say where: in `sup` as it was exported, and in
    the witness.
    """

    answer: Answer
    reason: str = ""
    witness: Witness | None = None
    keyword: str = ""
    sup_pointer: str = ""
    instance_pointer: str = ""

    @property
    def contained(self) -> bool:
        return self.answer is Answer.CONTAINED
