"""What the solvers of arrays and objects ask the search for: the parts of a value have to be found, too."""

from collections.abc import Iterable
from typing import Any, Protocol

from contracts.containment.evaluate import Evaluator
from contracts.containment.results import Budget, Result
from contracts.containment.terms import Terms

State = frozenset[int]
"""Signed terms that have to hold at once."""


class Solver(Protocol):
    """The search, as one of its solvers sees it."""

    @property
    def terms(self) -> Terms: ...

    @property
    def evaluator(self) -> Evaluator: ...

    @property
    def budget(self) -> Budget: ...

    def solve(self, state: State) -> Result:
        """Whether there is a value for a state, within what is left of the budget."""

    def holds(self, state: Iterable[int], value: Any) -> bool:
        """Whether a value has all signed terms."""
