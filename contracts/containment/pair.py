"""Two schemas compared facet by facet."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from contracts.containment.branches import label, pairs_of
from contracts.containment.changes import Action, SchemaChange
from contracts.containment.decide import Decider, quoted
from contracts.containment.evaluate import Unsure
from contracts.containment.facets import Facet, FacetKey, Facets, Site
from contracts.containment.mentions import mentions
from contracts.containment.results import Empty, Lost
from contracts.containment.search import no, yes
from contracts.containment.source import FLAGS, Schema
from contracts.containment.telling import (
    CONTAINED,
    INSIDE,
    NOT_CONTAINED,
    NOTHING,
    UNDECIDED,
    Side,
    complete,
    flagged,
    made,
    path_of,
    worse,
)
from contracts.containment.terms import Term
from contracts.containment.values import ALL, ARRAY, BOOLEAN, FRACTION, INTEGER, NULL, OBJECT, STRING, Key
from contracts.containment.verdict import Answer
from contracts.documents.document import escape

_MOST_VALUES: Final = 100
_MOST_TYPES: Final = 3
_BITS: Final = {
    NULL: "null",
    BOOLEAN: "boolean",
    STRING: "string",
    ARRAY: "array",
    OBJECT: "object",
    FRACTION: "number",
    INTEGER: "integer",
}


@dataclass(frozen=True, slots=True)
class Link:
    """Two schemas inside, at a path, that are compared on their own; `lost` and `gained` say what their
    differences are worth here at the most."""

    path: str
    base: Schema
    revision: Schema
    lost: Answer
    gained: Answer


@dataclass(frozen=True, slots=True)
class Look:
    """Both answers, the changes that stand here, and where the others are."""

    narrowed: Answer
    widened: Answer
    changes: tuple[SchemaChange, ...] = ()
    links: tuple[Link, ...] = ()


class Pair:
    """One comparison."""

    def __init__(self, decider: Decider, base: Schema, revision: Schema) -> None:
        self._decider = decider
        compiler = self._decider.compiler
        self._schemas = (base, revision)
        self._wholes = (compiler.term(base), compiler.term(revision))
        self._facets = ours, theirs = self._read()
        self._links: list[Link] = []
        self._told: tuple[list[Answer], list[Answer]] = [], []
        names, prefix = ours.names | theirs.names, max(ours.prefix, theirs.prefix)
        self._terms = (ours.align(names, prefix), theirs.align(names, prefix))

    def _read(self) -> tuple[Facets, Facets]:
        """The facets of both. A list of alternatives with one branch is looked through, unless that would hide
        that it has lost or gained the others."""
        compiler, evaluator = self._decider.compiler, self._decider.evaluator
        base, revision = self._schemas
        ours, theirs = Facets(compiler, evaluator, base), Facets(compiler, evaluator, revision)
        if single := theirs.single & ours.kinds - theirs.kinds:
            theirs = Facets(compiler, evaluator, revision, single)
        if single := ours.single & theirs.kinds - ours.kinds:
            ours = Facets(compiler, evaluator, base, single)
        if kind := self._became_branch(ours, self._wholes[1]):
            theirs = Facets.as_branch(compiler, evaluator, revision, kind)
        elif kind := self._became_branch(theirs, self._wholes[0]):
            ours = Facets.as_branch(compiler, evaluator, base, kind)
        return ours, theirs

    def _became_branch(self, facets: Facets, other: Term) -> str:
        """The kind of alternatives that one side is, if the other is an object that is one of its branches."""
        if len(facets.found) != 1:
            return ""
        expand = self._decider.compiler.surface
        other = expand(other)
        ((kind, _), facet) = next(iter(facets.found.items()))
        terms = [expand(self._decider.compiler.term(branch)) for branch in facet.branches]
        return kind if len(terms) > 1 and other.yes == OBJECT and other in terms else ""

    def look(self) -> Look:
        """What changed here, and where to look further."""
        changes: list[SchemaChange] = []
        narrowed = widened = NOTHING
        true = self._decider.compiler.terms.true
        same = self._wholes[0] is self._wholes[1]
        for key in self._keys():
            before, after = (terms.get(key, true) for terms in self._terms)
            if before is after and self._is_untouched(key):
                continue
            lost = gained = NOTHING
            if before is not after and not same:
                lost, gained = self._loss(0, after), self._loss(1, before)
            self._told = [], []
            found = list(self._explain(key, lost, gained))
            changes += complete(found, self._whole(key), lost, gained, *self._told)
            narrowed, widened = worse(narrowed, lost), worse(widened, gained)
        changes += self._annotations()
        return Look(narrowed.answer, widened.answer, tuple(changes), tuple(self._links))

    def _is_untouched(self, key: FacetKey) -> bool:
        """Whether a facet of one meaning is written alike too, so that no annotation in it changed."""
        ours, theirs = (facets.found.get(key) for facets in self._facets)
        if ours is None or theirs is None:
            return ours is theirs
        return [site.value for site in ours.sites] == [site.value for site in theirs.sites]

    def _keys(self) -> list[FacetKey]:
        ours, theirs = self._facets
        keys = dict.fromkeys((*ours.found, *theirs.found, *self._terms[0], *self._terms[1]))
        return sorted(keys, key=lambda key: key[0] not in ("type", "property"))

    def _loss(self, side: int, wanted: Term, *more: int) -> Side:
        """Whether one side has an instance that is not as wanted."""
        result = self._decider.ask(yes(self._wholes[side]), no(wanted), *more)
        if isinstance(result, Empty):
            return NOTHING
        if isinstance(result, Lost):
            return Side(UNDECIDED, result.reason)
        return self._proof(side, result.value)

    def _proof(self, side: int, value: Any) -> Side:
        verdict = self._decider.checked(self._schemas[side], self._schemas[1 - side], value)
        return Side(verdict.answer, verdict.reason, verdict.witness)

    def _explain(self, key: FacetKey, lost: Side, gained: Side) -> Iterator[SchemaChange]:
        kind, subject = key
        ours, theirs = (facets.found.get(key) for facets in self._facets)
        is_changed = lost is not NOTHING or gained is not NOTHING
        if kind == "type":
            if is_changed:
                yield from self._types()
        elif kind == "enum" and ours and theirs:
            if is_changed:
                yield from self._values(ours, theirs)
        elif kind in ("any-of", "one-of") and ours and theirs:
            yield from self._branches(key, ours, theirs, lost, gained)
        elif kind in INSIDE and (pair := self._children(key)) is not None:
            was, is_ = (kind == "property" and schema.is_hidden() for schema in pair)
            if was is is_ or not ours or not theirs:
                self._link(pair, path_of(kind, subject), lost, gained)
            else:
                flag, sites = FLAGS[self._schemas[0].schemas.direction], (ours.sites[0], theirs.sites[0])
                yield flagged(flag, path_of(kind, subject), sites, is_, lost, gained)
        elif is_changed and (ours or theirs):
            yield self._change(key, ours, theirs, lost, gained)

    def _change(
        self, key: FacetKey, ours: Facet | None, theirs: Facet | None, lost: Side, gained: Side
    ) -> SchemaChange:
        kind, subject = key
        action: Action = "changed" if ours and theirs else "added" if theirs else "removed"
        base, revision = (facet.sites[-1] if facet else None for facet in (ours, theirs))
        if kind == "enum":
            keywords = {site.keyword for site in (base, revision) if site}
            kind = "const" if keywords == {"const"} else kind
        undeclared = kind == "property" and self._is_undeclared(subject, action)
        return made(kind, action, path_of(kind, subject), subject, (base, revision), lost, gained, undeclared)

    def _is_undeclared(self, name: str, action: Action) -> bool:
        """Whether the side that lacks a property says nothing at all of its name, and the other admits it."""
        without, having = (1, 0) if action == "removed" else (0, 1)
        term = self._terms[having].get(("property", name))
        never = self._decider.compiler.terms
        return (
            action != "changed"
            and term is not never.literal("prop", name, never.false)
            and not mentions(self._schemas[without], name)
        )

    def _whole(self, key: FacetKey) -> SchemaChange:
        """What is said of a facet where nothing else tells the difference."""
        kind, subject = key
        ours, theirs = (facets.found.get(key) for facets in self._facets)
        if not ours and not theirs:
            kind = "schema"
        return self._change((kind, subject), ours, theirs, NOTHING, NOTHING)

    def _types(self) -> Iterator[SchemaChange]:
        """Type by type, whether one side has instances of it and the other none."""
        ours, theirs = self._facets
        terms = self._decider.compiler.terms
        written = [facets.found.get(("type", "")) for facets in self._facets]
        before, after = (facet.sites[-1] if facet else None for facet in written)
        sites = (before, after)
        unwritten = before is None or after is None
        for side, own, other in ((0, ours.types, theirs.types), (1, theirs.types, ours.types)):
            action: Action = "added" if side else "removed"
            gone = [bit for bit in _BITS if own & ~other & bit]
            found = [
                (bit, known) for bit in gone if (known := self._loss(side, terms.types(ALL & ~bit))) is not NOTHING
            ]
            if FRACTION in dict(found):
                found = [(bit, known) for bit, known in found if bit != INTEGER]  # part of `number`
            if unwritten and len(found) > _MOST_TYPES:
                lost, gained = (NOTHING, found[0][1]) if side else (found[0][1], NOTHING)
                yield made("type", "removed" if side else "added", "/type", "", sites, lost, gained)
                continue
            for bit, known in found:
                lost, gained = (NOTHING, known) if side else (known, NOTHING)
                kind = "nullable" if bit == NULL else "type"
                yield made(kind, action, "/type", _BITS[bit], sites, lost, gained)

    def _values(self, ours: Facet, theirs: Facet) -> Iterator[SchemaChange]:
        """Value by value, whether it is an instance of one side only."""
        keys = [_values_of(facet) for facet in (ours, theirs)]
        base, revision = ours.sites[-1], theirs.sites[-1]
        if base.keyword == revision.keyword == "const":
            return
        for side in (0, 1):
            gone = [value for key, value in keys[side].items() if key not in keys[1 - side]]
            for value in gone[:_MOST_VALUES]:
                found = self._value(side, value)
                if found.answer is CONTAINED:
                    continue
                action: Action = "added" if side else "removed"
                lost, gained = (NOTHING, found) if side else (found, NOTHING)
                text = quoted(value)
                change = made("enum", action, "/enum", text, (base, revision), lost, gained)
                yield replace(change, before=None if side else value, after=value if side else None)

    def _value(self, side: int, value: Any) -> Side:
        evaluator = self._decider.evaluator
        try:
            if not evaluator.holds(self._wholes[side], value) or evaluator.holds(self._wholes[1 - side], value):
                return NOTHING
        except Unsure as error:
            return Side(UNDECIDED, str(error))
        return self._proof(side, value)

    def _children(self, key: FacetKey) -> tuple[Schema, Schema] | None:
        """The one schema on each side that a facet holds."""
        found = []
        for facets in self._facets:
            facet = facets.found.get(key)
            if facet is None or len(facet.sites) != 1 or facet.sites[0].child is None:
                return None
            found.append(facet.sites[0].child)
        if any(isinstance(child.value, bool) for child in found) and key[0] not in ("property", "prefix-items"):
            return None  # opened or closed: a change of the keyword itself
        return found[0], found[1]

    def _link(self, pair: tuple[Schema, Schema], path: str, lost: Side, gained: Side) -> None:
        """Leaves the changes further inside to be told there, as far as the answer there is enough for here."""
        answers = []
        for side, schemas, told in ((lost, pair, self._told[0]), (gained, pair[::-1], self._told[1])):
            answer = CONTAINED
            if side is not NOTHING:
                inner = self._inside(*schemas)
                # What is undecided there, but known here, is told here; and so is what only the surroundings do.
                if inner is NOT_CONTAINED or inner is side.answer:
                    answer = side.answer
                    told.append(answer)
            answers.append(answer)
        self._links.append(Link(path, *pair, *answers))

    def _inside(self, sub: Schema, sup: Schema) -> Answer:
        compiler = self._decider.compiler
        if compiler.same(sub, sup):
            return CONTAINED
        result = self._decider.ask(yes(compiler.term(sub)), no(compiler.term(sup)))
        if isinstance(result, Empty):
            return CONTAINED
        return UNDECIDED if isinstance(result, Lost) else self._decider.checked(sub, sup, result.value).answer

    def _branches(
        self, key: FacetKey, ours: Facet, theirs: Facet, lost: Side, gained: Side
    ) -> Iterator[SchemaChange]:
        compiler = self._decider.compiler
        path = path_of(*key)
        whole = [terms[key] for terms in self._terms]
        for base, revision in pairs_of(compiler, ours.branches, theirs.branches):
            left, right = NOTHING, NOTHING
            if base is not None and lost is not NOTHING:
                left = self._loss(0, whole[1], yes(compiler.term(base)))
            if revision is not None and gained is not NOTHING:
                right = self._loss(1, whole[0], yes(compiler.term(revision)))
            one = base or revision
            assert one is not None
            name = label(one)
            if base is not None and revision is not None:
                self._link((base, revision), f"{path}/{escape(name)}", left, right)
            elif left is not NOTHING or right is not NOTHING:
                sites = (
                    Site(base.place, base.value, key[0]) if base else None,
                    Site(revision.place, revision.value, key[0]) if revision else None,
                )
                action: Action = "removed" if base else "added"
                yield made(key[0], action, f"{path}/{escape(name)}", name, sites, left, right)

    def _annotations(self) -> Iterator[SchemaChange]:
        ours, theirs = (facets.annotations for facets in self._facets)
        for key in dict.fromkeys((*ours, *theirs)):
            base, revision = ours.get(key), theirs.get(key)
            before, after = (quoted(site.value) if site else None for site in (base, revision))
            if before == after:
                continue
            kind, subject = key
            if kind in ("read-only", "write-only", "deprecated") and not (
                (base is not None and base.value is True) or (revision is not None and revision.value is True)
            ):
                continue
            action: Action = "changed" if base and revision else "added" if revision else "removed"
            yield made(kind, action, path_of(kind, subject), subject, (base, revision), NOTHING, NOTHING)


def _values_of(facet: Facet) -> dict[Key, Any]:
    """The values that all lists of a facet have."""
    found: dict[Key, Any] | None = None
    for term in facet.terms:
        values = term.args[0] if term.kind == "enum" else {}
        found = dict(values) if found is None else {key: found[key] for key in found if key in values}
    return found or {}
