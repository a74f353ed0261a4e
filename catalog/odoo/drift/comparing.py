"""Needs of contracts held against what an Odoo has: each way in which they do not fit, and what to do. No I/O."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

from catalog.odoo.drift.needs import Creates, FieldNeed, Needs
from catalog.odoo.drift.renames import renamed
from catalog.odoo.facts import DELEGATED, FieldFacts, ModelFacts
from contracts.estate.decode import suggestion

_TEXTS: Final = frozenset(("char", "text", "html", "selection", "reference", "date", "datetime", "binary"))
_NUMBERS: Final = frozenset(("integer", "float", "monetary", "many2one_reference"))
_MANY: Final = frozenset(("one2many", "many2many"))

TYPES: Final[Mapping[str, frozenset[str]]] = {
    "text": _TEXTS,
    "integer": _NUMBERS,
    "number": _NUMBERS,
    "boolean": frozenset(("boolean",)),
    "date": frozenset(("date",)),
    "datetime": frozenset(("datetime",)),
    "reference": frozenset(("many2one",)),
    "reference-id": frozenset(("many2one",)),
    "reference-name": frozenset(("many2one",)),
    "ids": _MANY,
    "records": _MANY,
    "binary": frozenset(("binary",)),
}
"""The types of Odoo's fields whose values a conversion (`OdooValue`) can make."""

COMPARED: Final[Mapping[str, frozenset[str]]] = {
    **TYPES,
    # A condition on a relation is one on its id, or by its name.
    "text": _TEXTS | {"many2one"} | _MANY,
    "integer": _NUMBERS | {"many2one"} | _MANY,
    "date": frozenset(("date", "datetime")),
    "datetime": frozenset(("date", "datetime")),
}
"""The same for what a request compares a field with."""

_RIGHTS: Final = {"read": "read", "write": "change", "create": "create", "unlink": "delete"}


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which an operation does not fit. `pointer` leads into the contract, `subject` is the field, the
    method or the right; `fix` says what to do about it."""

    rule: str
    operation: str
    pointer: str
    model: str
    subject: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """A model that the key does not see: there is none, or it may not."""

    why: Literal["missing", "refused"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What an Odoo has of all that was asked about. `missing` are methods (model and name) that are not there."""

    major: int
    models: Mapping[str, ModelFacts | Unseen]
    missing: frozenset[tuple[str, str]] = field(default_factory=frozenset)


def drift_of(needs: Iterable[Needs], seen: Seen) -> tuple[Drift, ...]:
    """All of it, in the order of the needs; once for each place and rule."""
    found: dict[tuple[str, str, str], Drift] = {}
    for each in needs:
        for drift in _Comparison(each, seen).found():
            found.setdefault((drift.rule, drift.pointer, drift.subject), drift)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One operation's needs of one model."""

    needs: Needs
    seen: Seen

    def found(self) -> Iterator[Drift]:
        name = self.needs.model
        model = self.seen.models[name]
        if isinstance(model, Unseen):
            yield self._of_model(model)
            return
        for right in self.needs.rights:
            if right not in model.may:
                yield self._drift(
                    "odoo-access-lost",
                    self.needs.pointer,
                    right,
                    f"the key may not {_RIGHTS[right]} records of {name!r}",
                    f"give the key's user a group that may {_RIGHTS[right]} them, or take the operation out",
                )
        for method, pointer in self.needs.methods:
            if (name, method) in self.seen.missing:
                known = suggestion(method, model.methods) if model.told else ""
                yield self._drift(
                    "odoo-method-missing",
                    pointer,
                    method,
                    f"{name!r} has no method {method!r}{known}",
                    "name the method that does it now, or take the operation out",
                )
        for need in self.needs.fields:
            yield from self._of_field(need)
        if self.needs.creates is not None:
            yield from self._of_new(model, self.needs.creates)

    def _of_model(self, unseen: Unseen) -> Drift:
        name, at = self.needs.model, self.needs.pointer
        if unseen.why == "refused":
            fix = "give the key's user a group that may read it, or take the operation out"
            return self._drift("odoo-access-lost", at, "read", f"the key may not see the model {name!r}", fix)
        fix = "install the module that has it, or map the operation to another model"
        return self._drift("odoo-model-missing", at, name, f"the Odoo has no model {name!r}", fix)

    def _of_field(self, need: FieldNeed) -> Iterator[Drift]:
        model, path = self.needs.model, need.path.split(".")
        for step, name in enumerate(path):
            owner = self.seen.models.get(model)
            if not isinstance(owner, ModelFacts):
                return  # of a relation that the key does not see, nothing can be said
            facts = owner.fields.get(name)
            if facts is None:
                if name != "id":
                    yield self._missing(need, owner, name)
                return
            if step == len(path) - 1:
                yield from self._of_use(need, facts, model)
            elif not facts.relation:
                yield self._changed(need, facts, f"{name!r} of {model!r} is {_a(facts.type)}, and leads nowhere")
                return
            model = facts.relation

    def _of_use(self, need: FieldNeed, facts: FieldFacts, model: str) -> Iterator[Drift]:
        what = f"{facts.name!r} of {model!r}"
        types = (COMPARED if need.use == "filter" else TYPES).get(need.kind)
        if types is not None and facts.type not in types:
            yield self._changed(
                need, facts, f"{what} is {_a(facts.type)}, which cannot be mapped as `{need.kind}`"
            )
            return
        if need.relation and facts.relation != need.relation:
            now = repr(facts.relation) if facts.relation else f"nothing (it is {_a(facts.type)})"
            yield self._drift(
                "odoo-relation-changed",
                need.pointer,
                facts.name,
                f"{what} leads to {now}, and not to {need.relation!r}",
                "map the fields of the model that it leads to now",
            )
            return
        if need.use in ("filter", "domain") and not facts.searchable:
            yield self._unsearchable(need, facts, f"Odoo cannot search by {what}")
        if need.use == "order" and not facts.sortable:
            yield self._unsearchable(need, facts, f"Odoo cannot order by {what}")
        if need.use == "write":
            yield from self._of_write(need, facts, what)
        if need.values and facts.selection:
            yield from self._of_values(need, facts, what)

    def _of_write(self, need: FieldNeed, facts: FieldFacts, what: str) -> Iterator[Drift]:
        if not facts.readonly:
            return
        rule = "odoo-readonly" if facts.stored else "odoo-not-writable"
        why = "read-only" if facts.stored else "computed, and takes no value"
        fix = "declare the property `readOnly`, or take it out of the request"
        yield self._drift(rule, need.pointer, facts.name, f"{what} is {why}", fix)

    def _of_values(self, need: FieldNeed, facts: FieldFacts, what: str) -> Iterator[Drift]:
        there = [key for key, _ in facts.selection]
        gone = [each for each in need.values if each not in there]
        new = [each for each in there if each not in need.values]
        if gone:
            rule = "odoo-value-gone" if need.use == "write" else "odoo-value-unused"
            message = f"{what} has no {_listed(gone)} any more; it has {_listed(there)}"
            yield self._drift(rule, need.pointer, facts.name, message, f"take {_listed(gone)} out of the schema")
        if new and need.use == "read":
            message = f"{what} may be {_listed(new)}, which the schema of the answer does not admit"
            fix = f"add {_listed(new)} to the schema, in a new revision"
            yield self._drift("odoo-value-new", need.pointer, facts.name, message, fix)

    def _of_new(self, model: ModelFacts, creates: Creates) -> Iterator[Drift]:
        filled = self._way_back(creates)
        for facts in model.fields.values():
            if not facts.required or facts.defaulted or facts.computed or facts.readonly or facts.name == filled:
                continue
            if (model.name, facts.name) in DELEGATED:
                continue
            what = f"{model.name!r} requires {facts.name!r} ({facts.label}) of a new record"
            if facts.name not in creates.given:
                fix = "map a property of the request to it, or give it a default in Odoo"
                message = f"{what}, and no request can say it"
                yield self._drift("odoo-required-unmapped", creates.pointer, facts.name, message, fix)
            elif facts.name not in creates.always:
                message, fix = f"{what}, and a request may leave it out", "require the property in the schema"
                yield self._drift("odoo-required-optional", creates.pointer, facts.name, message, fix)

    def _way_back(self, creates: Creates) -> str:
        if creates.inverse_of is None:
            return ""
        owner = self.seen.models.get(creates.inverse_of[0])
        facts = owner.fields.get(creates.inverse_of[1]) if isinstance(owner, ModelFacts) else None
        return "" if facts is None else facts.inverse

    def _missing(self, need: FieldNeed, owner: ModelFacts, name: str) -> Drift:
        known = renamed(owner.name, name, self.seen.major)
        if known is not None:
            message = f"{owner.name!r} has no field {name!r} since Odoo {known.since}"
            return self._drift("odoo-field-missing", need.pointer, name, message, known.fix)
        message = f"{owner.name!r} has no field {name!r} that the key sees{suggestion(name, owner.fields)}"
        fix = "map another field, take the property out in a new version, or let the key's user see it"
        return self._drift("odoo-field-missing", need.pointer, name, message, fix)

    def _changed(self, need: FieldNeed, facts: FieldFacts, message: str) -> Drift:
        fix = "map it by what it is now (`as`, and the schema), in a new version where that breaks partners"
        return self._drift("odoo-field-changed", need.pointer, facts.name, message, fix)

    def _unsearchable(self, need: FieldNeed, facts: FieldFacts, message: str) -> Drift:
        fix = "take it out of the mapping, or have it stored in Odoo"
        return self._drift("odoo-not-searchable", need.pointer, facts.name, message, fix)

    def _drift(self, rule: str, pointer: str, subject: str, message: str, fix: str) -> Drift:
        return Drift(
            rule=rule,
            operation=self.needs.operation,
            pointer=pointer,
            model=self.needs.model,
            subject=subject,
            message=message,
            fix=fix,
        )


def _a(kind: str) -> str:
    return f"{'an' if kind[:1] in 'aeiou' else 'a'} {kind}"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"`{each}`" for each in values)
