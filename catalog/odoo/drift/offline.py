"""Mappings that cannot work with any Odoo, or not with the upstream's version: found without asking one.

What operations of one version say of a field has to fit together: it has one type, and leads to one model. Some
fields are the same in every model. And an upstream that speaks JSON-2 is an Odoo 19 or later, which has no more
what was renamed by then; another module may have brought it back, and so that is a warning.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from catalog.odoo.drift.comparing import COMPARED, TYPES, Drift
from catalog.odoo.drift.guard_needs import guard_needs_of
from catalog.odoo.drift.needs import FieldNeed, Needs, needs_of
from catalog.odoo.drift.renames import renamed
from contracts.estate.loading import Sources
from contracts.findings import Finding
from contracts.openapi.rules import CONTRACT_RULES
from contracts.operations import ApiVersion

_EVERYWHERE: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "id": ("an integer", frozenset(("integer",))),
    "display_name": ("a char", frozenset(("char",))),
    "create_date": ("a datetime", frozenset(("datetime",))),
    "write_date": ("a datetime", frozenset(("datetime",))),
    "create_uid": ("a many2one", frozenset(("many2one",))),
    "write_uid": ("a many2one", frozenset(("many2one",))),
}
"""Fields that every model has, and what they are."""

_JSON2_SINCE: Final = 19

_RELATIONS: Final = frozenset(("many2one", "one2many", "many2many"))


def unfit_mappings(sources: Sources) -> Iterator[Finding]:
    """By version, each with its place."""
    upstreams = sources.estate.value.upstreams
    odoos = {name: entry.protocol for name, entry in upstreams.items() if entry.kind == "odoo"}
    for api in sources.apis.values() if odoos else ():
        for name, version in api.compiled.items():
            document = sources.documents.get(api.contracts.get(name, ""))
            if document is None:
                continue
            for drift in _of_version(version, odoos):
                rule = CONTRACT_RULES[drift.rule]
                place = document.place_of_key(drift.pointer)
                yield Finding(place, rule.id, f"{drift.message}; {drift.fix}", rule.severity)


def _of_version(version: ApiVersion, odoos: Mapping[str, str]) -> Iterator[Drift]:
    """What cannot fit the Odoos, which are given by name with what they speak."""
    for name, protocol in odoos.items() if version.lifecycle.state != "retired" else ():
        needs = (*needs_of(version, name), *guard_needs_of(version, name))
        yield from _contradictions(needs)
        if protocol == "json2":
            yield from _retired(needs)


@dataclass(slots=True)
class _Said:
    """What was said of a field so far: the types that fit all of it, and where the last of it stands."""

    types: frozenset[str]
    words: str
    pointer: str = ""


@dataclass(slots=True)
class _Agreement:
    fields: dict[tuple[str, str], _Said] = field(default_factory=dict)
    relations: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def disagreement(self, model: str, need: FieldNeed) -> str:
        """Why a use does not go with those before it; empty where it does."""
        first, *rest = need.path.split(".")
        types = _RELATIONS if rest else (COMPARED if need.use == "filter" else TYPES).get(need.kind)
        words = "a relation" if rest else f"`{need.kind}`"
        if types is not None and (fault := self._typed(model, first, types, words, need.pointer)):
            return fault
        if not need.relation or rest:
            return ""
        target, pointer = self.relations.setdefault((model, first), (need.relation, need.pointer))
        if target == need.relation:
            return ""
        return f"{first!r} of {model!r} leads to {need.relation!r} here, and to {target!r} at {pointer}"

    def _typed(self, model: str, name: str, types: frozenset[str], words: str, pointer: str) -> str:
        if name in _EVERYWHERE:
            what, has = _EVERYWHERE[name]
            return "" if types & has else f"{name!r} is {what} in every model, and cannot be {words}"
        known = self.fields.setdefault((model, name), _Said(types, words, pointer))
        if not known.types & types:
            return f"{name!r} of {model!r} is {words} here, and {known.words} at {known.pointer}"
        if types < known.types:
            known.words, known.pointer = words, pointer
        known.types &= types
        return ""


def _contradictions(every: Iterable[Needs]) -> Iterator[Drift]:
    agreement = _Agreement()
    for needs in every:
        for need in needs.fields:
            if fault := agreement.disagreement(needs.model, need):
                yield _drift("odoo-field-contradicted", needs, need, fault, "map it by what it is in Odoo")


def _retired(every: Iterable[Needs]) -> Iterator[Drift]:
    for needs in every:
        for need in needs.fields:
            known = renamed(needs.model, need.path.partition(".")[0], _JSON2_SINCE)
            if known is not None:
                message = f"{known.model!r} has no field {known.field!r} since Odoo {known.since}"
                reason = f"{message}, and JSON-2 came with {_JSON2_SINCE}"
                yield _drift("odoo-field-retired", needs, need, reason, known.fix)


Rule = Literal["odoo-field-contradicted", "odoo-field-retired"]


def _drift(rule: Rule, needs: Needs, need: FieldNeed, message: str, fix: str) -> Drift:
    return Drift(
        rule=rule,
        operation=needs.operation,
        pointer=need.pointer,
        model=needs.model,
        subject=need.path,
        message=message,
        fix=fix,
    )
