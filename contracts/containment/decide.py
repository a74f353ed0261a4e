"""The question itself: is every instance of one schema an instance of another?"""

from typing import Any, Final

import msgspec

from contracts.containment.compiling import Compiler
from contracts.containment.evaluate import Evaluator
from contracts.containment.export import Judge, Unreadable
from contracts.containment.regexes import Unrun
from contracts.containment.results import Empty, Exhausted, Lost, Result
from contracts.containment.search import Search, no, yes
from contracts.containment.settling import Settling
from contracts.containment.source import Place, Schema
from contracts.containment.terms import Terms
from contracts.containment.verdict import Answer, Verdict, Witness
from contracts.documents.document import escape

STEPS: Final = 10_000
"""Of work on one question: half a second at the worst."""
STEPS_OF_ALL: Final = 120_000
"""Of work on all questions of one diff; then each gets `_STEPS_AT_LEAST`."""
_STEPS_AT_LEAST: Final = 100
_LONGEST_QUOTE: Final = 80


class Decider:
    """Decides containments, of any number of documents; what was found out once is remembered."""

    def __init__(self, steps: int = STEPS) -> None:
        self.steps = steps
        self.left = STEPS_OF_ALL
        self.compiler = Compiler(Terms())
        self._search = Search(self.compiler)
        self._settling = Settling(self.compiler, self._search)
        self._judges: dict[tuple[int, Place, frozenset[str]], Judge | str] = {}

    def contains(self, sub: Schema, sup: Schema) -> Verdict:
        """Whether every instance of `sub` is an instance of `sup`. Never contained without a proof; what is not
        contained has a witness that validators of both schemas have seen."""
        try:
            if self.compiler.same(sub, sup):
                return Verdict(Answer.CONTAINED)
            left, right = self.compiler.term(sub), self.compiler.term(sup)
            self.settle(sub, sup)
        except (TypeError, ValueError, AttributeError, RecursionError) as error:
            return Verdict(Answer.UNDECIDED, f"a schema cannot be read ({type(error).__name__})")
        result = self.ask(yes(left), no(right))
        if isinstance(result, Empty):
            return Verdict(Answer.CONTAINED)
        if isinstance(result, Lost):
            return Verdict(Answer.UNDECIDED, result.reason)
        return self.checked(sub, sup, result.value)

    def ask(self, *wanted: int) -> Result:
        """Whether there is an instance for some signed terms, within the budget."""
        steps = min(self.steps, max(self.left, _STEPS_AT_LEAST))
        try:
            return self._search.ask(wanted, steps)
        except Exhausted:
            return Lost("the budget of work is used up")
        finally:
            self.left -= steps - self._search.budget.left

    def checked(self, sub: Schema, sup: Schema, value: Any) -> Verdict:
        """The verdict that a value is proof of not being contained, if validators agree."""
        ours, theirs = self._judge(sub), self._judge(sup)
        if isinstance(ours, str) or isinstance(theirs, str):
            return Verdict(Answer.UNDECIDED, ours if isinstance(ours, str) else str(theirs))
        try:
            if not ours.admits(value) or theirs.admits(value):
                return Verdict(Answer.UNDECIDED, "validators read the schemas in another way than JSON Schema")
        except Unrun as unrun:
            return Verdict(Answer.UNDECIDED, str(unrun))
        error = theirs.fault(value)
        path = [str(token) for token in error.schema_path]
        return Verdict(
            Answer.NOT_CONTAINED,
            f"{quoted(value)} is an instance of one and not of the other",
            Witness(value),
            next((token for token in reversed(path) if not token.isdecimal()), ""),
            "".join("/" + escape(token) for token in path),
            "".join("/" + escape(str(token)) for token in error.instance_path),
        )

    def settle(self, left: Schema, right: Schema) -> None:
        """Finds out about definitions of both that refer to each other, so that no question goes deep."""
        self.left = self._settling.settle(left, right, self.left)

    @property
    def evaluator(self) -> Evaluator:
        return self._search.evaluator

    def _judge(self, schema: Schema) -> Judge | str:
        key = (id(schema.schemas), schema.place, schema.hidden)
        if key not in self._judges:
            try:
                self._judges[key] = Judge(schema)
            except Unreadable as error:
                self._judges[key] = str(error)
        return self._judges[key]


def quoted(value: Any) -> str:
    """A value's JSON text, cut to a readable length."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…"


def contains(sub: Schema, sup: Schema) -> Verdict:
    """Two schemas on their own; see `Decider`."""
    return Decider().contains(sub, sup)
