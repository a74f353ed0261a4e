"""What our own comparison says of a labelled pair, and how far the two agree."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from contracts.containment.decide import contains
from contracts.containment.source import Schema as Source
from contracts.containment.verdict import Answer
from contracts.diff.context import Options
from contracts.diff.contract import contract_of
from contracts.diff.diff import diff, verdict_of
from tests.conformance.containment.labelled import DocumentPair, Schema, SchemaPair

TODAY = date(2026, 6, 1)
_WORDS = {
    Answer.CONTAINED: "compatible",
    Answer.NOT_CONTAINED: "breaking",
    Answer.UNDECIDED: "undecided",
}


@dataclass(frozen=True)
class Judged:
    """One pair: what its label says, what we say, and on what ground."""

    id: str
    theme: str
    direction: str
    label: str
    verdict: str
    ground: str
    why: str

    @property
    def agrees(self) -> bool:
        return self.label == self.verdict

    def __str__(self) -> str:
        return (
            f"{self.theme}/{self.id} ({self.direction}): labelled {self.label}, judged {self.verdict}"
            f"\n    label: {self.why}\n    ours:  {self.ground or 'no change'}"
        )


@dataclass(frozen=True)
class Agreement:
    """Figures over a set."""

    judged: tuple[Judged, ...]

    @property
    def wrongly_compatible(self) -> tuple[Judged, ...]:
        """The one thing that must never happen."""
        return tuple(one for one in self.judged if one.verdict == "compatible" and not one.agrees)

    @property
    def disagreements(self) -> tuple[Judged, ...]:
        return tuple(one for one in self.judged if not one.agrees)

    @property
    def agreeing(self) -> float:
        return 1 - len(self.disagreements) / len(self.judged)

    @property
    def undecided(self) -> float:
        return sum(one.verdict == "undecided" for one in self.judged) / len(self.judged)

    def __str__(self) -> str:
        pairs = Counter((one.label, one.verdict) for one in self.judged)
        found = ", ".join(
            f"{label} judged {verdict}: {count}" for (label, verdict), count in sorted(pairs.items())
        )
        return (
            f"{len(self.judged)} pairs: {self.agreeing:.1%} agree, {self.undecided:.1%} undecided, "
            f"{len(self.wrongly_compatible)} wrongly compatible ({found})"
        )


def judge_schemas(pairs: Iterable[SchemaPair]) -> Agreement:
    """By containment alone."""
    return Agreement(tuple(map(_schemas, pairs)))


def judge_documents(pairs: Iterable[SchemaPair | DocumentPair]) -> Agreement:
    """By the diff of whole documents."""
    return Agreement(tuple(map(_documents, pairs)))


def _schemas(pair: SchemaPair) -> Judged:
    base = source(pair.base, pair.base_components, pair.base_openapi)
    revision = source(pair.revision, pair.revision_components, pair.revision_openapi)
    sub, sup = (base, revision) if pair.direction == "request" else (revision, base)
    found = contains(sub, sup)
    return Judged(pair.id, pair.theme, pair.direction, pair.verdict, _WORDS[found.answer], found.reason, pair.why)


def source(schema: Schema, components: dict[str, Schema], version: str) -> Source:
    whole = schema | {"components": {"schemas": components}} if isinstance(schema, dict) else schema
    return Source.of(whole, legacy=version.startswith("3.0"))


def _documents(pair: SchemaPair | DocumentPair) -> Judged:
    documents = pair.documents() if isinstance(pair, SchemaPair) else (pair.base, pair.revision)
    today = date.fromisoformat(pair.today) if isinstance(pair, DocumentPair) and pair.today else TODAY
    contracts = []
    for document in documents:
        contract, findings = contract_of(json.dumps(document), "openapi.json")
        assert contract is not None, [str(finding) for finding in findings]
        contracts.append(contract)
    changes = diff(contracts[0], contracts[1], Options(today=today))
    ground = "; ".join(
        f"[{change.rule.id}] {change.message}"
        for change in changes
        if change.rule.undecided or change.rule.severity == "error"
    )
    return Judged(pair.id, pair.theme, pair.direction, pair.verdict, verdict_of(changes), ground, pair.why)
