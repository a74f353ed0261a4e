"""Two documents in, the changes between them out."""

from datetime import date

from contracts.diff.changes import Change
from contracts.diff.context import Options
from contracts.diff.contract import Contract, contract_of
from contracts.diff.diff import diff

TODAY = Options(date(2026, 1, 1))


def contract(text: str) -> Contract:
    """A document that has to be sound."""
    found, findings = contract_of(text)
    assert found is not None, [str(each) for each in findings]
    return found


def changes_of(base: str, revision: str, *, options: Options = TODAY) -> tuple[Change, ...]:
    """Every change from one text to the other."""
    return diff(contract(base), contract(revision), options)
