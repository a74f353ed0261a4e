"""What every part of a comparison is given: both documents, where changes go, and what was decided beforehand."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from contracts.containment.compare import Comparer
from contracts.diff.changes import Changes
from contracts.diff.contract import Contract
from contracts.diff.sameness import Sameness

NOTICE_DAYS: Final = 90
"""How long before its sunset an operation has to be announced as deprecated, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Options:
    """`today` is the day on which the revision takes effect (UTC); `notice_days` is the least time between it and
    the sunset that it announces."""

    today: date
    notice_days: int = NOTICE_DAYS


@dataclass(frozen=True, slots=True)
class Context:
    """One comparison."""

    base: Contract
    revision: Contract
    changes: Changes
    options: Options
    comparer: Comparer
    sameness: Sameness
