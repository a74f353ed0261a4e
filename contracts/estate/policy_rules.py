"""The rules for settings of policies: each layer by itself, and what holds on each operation.

Which policies there are is not known here; a `PolicyJudge` says it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

import msgspec

from contracts.documents.document import MISSING, Document, escape, value_at
from contracts.estate.catalogue import finding
from contracts.estate.decode import decode_part, suggestion
from contracts.estate.loading import ESTATE, Sources
from contracts.findings import Finding, Place
from contracts.openapi.classification import CLASSIFICATION
from contracts.openapi.object_rules import RULE, within
from contracts.operations import ApiVersion, HttpBackend, Operation
from contracts.policy_settings import CONSUMERS, MODE, Mode, PolicyUse, over, used
from contracts.surroundings import Surroundings

_NO_PLAN: Final = ""


def _limits_of_plans(sources: Sources) -> dict[str, dict[str, Place]]:
    estate = sources.estate

    def place(plan: str, limit: str) -> Place:
        return estate.place_of_key(f"/plans/{escape(plan)}/limits/{escape(limit)}")

    return {
        name: {limit: place(name, limit) for limit in plan.limits} for name, plan in estate.value.plans.items()
    }


class PolicyJudge(Protocol):
    """Knows the policies."""

    def names(self) -> Iterable[str]:
        """Their ids."""
        ...

    def config(self, policy: str, /) -> type[msgspec.Struct] | None:
        """The type of a policy's settings; None for one that there is not."""
        ...

    def modes(self, policy: str, /) -> tuple[Mode, ...]:
        """The modes that it admits."""
        ...

    def upstreams(self, use: PolicyUse, /) -> Mapping[str, str]:
        """The upstreams that settings name, by pointers from the policy's settings."""
        ...

    def faults(
        self,
        use: PolicyUse,
        plan: str,
        version: ApiVersion,
        operation: Operation,
        around: Surroundings,
        /,
    ) -> Iterable[tuple[str, str, bool]]:
        """What is wrong with settings that are whole and of the right form, on an operation: a pointer from the
        policy's settings, the message, and whether it is certain."""
        ...


def policy_rules(sources: Sources, judge: PolicyJudge) -> list[Finding]:
    """All findings about settings of policies, each once."""
    rules = _Rules(sources, judge)
    found = set(rules.layers())
    # What is not of the right form says nothing about operations.
    return sorted(found or set(rules.operations()))


class _Rules:
    def __init__(self, sources: Sources, judge: PolicyJudge) -> None:
        self._sources = sources
        self._judge = judge
        self._plans = {
            name: {use.policy: use for use in used(f"{ESTATE}#/plans/{escape(name)}/policies", plan.policies)}
            for name, plan in sources.estate.value.plans.items()
            if plan.policies
        }
        self._limits = _limits_of_plans(sources)
        self._types: dict[str, type[msgspec.Struct]] = {}
        # Settings of an estate are wrong in the same way on all of its operations: said once.
        self._faults: dict[tuple[str, Place, str], list[str]] = {}

    def layers(self) -> Iterator[Finding]:
        for source in sorted(self._places()):
            file, _, pointer = source.partition("#")
            document = self._sources.documents.get(file)
            # The form of what is short for settings is the compiler's affair.
            if document is not None and not pointer.endswith((f"/{RULE}", f"/{CLASSIFICATION}")):
                yield from self._layer(document, pointer)

    def _places(self) -> set[str]:
        estate = self._sources.estate
        uses = [
            *used(f"{ESTATE}#/policies", estate.value.policies),
            *(use for plan in self._plans.values() for use in plan.values()),
        ]
        for api in self._sources.apis.values():
            uses += used(f"{api.file.name}#/policies", api.file.value.policies)
            for version in api.compiled.values():
                for operation in version.operations:
                    uses += operation.policies
        return {source for use in uses for source in use.sources}

    def _layer(self, document: Document, pointer: str) -> Iterator[Finding]:
        policy = pointer.rpartition("/")[2]
        config = self._judge.config(policy)
        if config is None:
            message = f"there is no policy {policy!r}{suggestion(policy, self._judge.names())}"
            yield finding("unknown-policy", document.place_of_key(pointer), message)
            return
        yield from decode_part(document, pointer, self._type(policy, config))
        settings = value_at(document.value, pointer)
        if not isinstance(settings, dict):
            return
        modes = self._judge.modes(policy)
        consumers = settings.get(CONSUMERS)
        each_mode = [(f"{pointer}/{MODE}", settings[MODE])] if MODE in settings else []
        if isinstance(consumers, dict):
            for name, mode in consumers.items():
                place = f"{pointer}/{CONSUMERS}/{escape(str(name))}"
                each_mode.append((place, mode))
                if name not in self._sources.consumers.value.consumers:
                    known = suggestion(str(name), self._sources.consumers.value.consumers)
                    yield finding(
                        "unknown-consumer", document.place_of_key(place), f"there is no consumer {name!r}{known}"
                    )
        for place, mode in each_mode:
            if mode in ("off", "report", "enforce") and mode not in modes:
                message = f"the policy {policy!r} has no mode {mode!r}; it takes {', '.join(modes)}"
                yield finding("policy-invalid", document.place(place), message)

    def _type(self, policy: str, config: type[msgspec.Struct]) -> type[msgspec.Struct]:
        whole = self._types.get(policy)
        if whole is None:
            fields: list[tuple[str, Any, Any]] = [
                (MODE, Mode | None, None),
                (CONSUMERS, dict[str, Mode], msgspec.field(default_factory=dict)),
            ]
            whole = self._types[policy] = msgspec.defstruct(
                config.__name__, fields, bases=(config,), kw_only=True, forbid_unknown_fields=True, rename="kebab"
            )
        return whole

    def operations(self) -> Iterator[Finding]:
        for api in self._sources.apis.values():
            for version in api.compiled.values():
                for operation in version.operations:
                    yield from self._operation(version, operation)
        for (rule, place, message), labels in self._faults.items():
            more = f" and {len(labels) - 1} more" if len(labels) > 1 else ""
            yield finding(rule, place, f"{message} (on {labels[0]}{more})")

    def _operation(self, version: ApiVersion, operation: Operation) -> Iterator[Finding]:
        uses = {use.policy: use for use in operation.policies}
        if uses:
            around = self._around(version, operation, uses)
            for use in uses.values():
                yield from self._use(use, _NO_PLAN, version, operation, around)
        for plan, its in self._plans.items():
            of_plan = {name: over(uses[name], use) if name in uses else use for name, use in its.items()}
            around = self._around(version, operation, {**uses, **of_plan})
            for use in of_plan.values():
                yield from self._use(use, plan, version, operation, around)

    def _around(self, version: ApiVersion, operation: Operation, uses: Mapping[str, PolicyUse]) -> Surroundings:
        known = self._sources.estate.value.upstreams
        names = {operation.backend.upstream}
        for use in uses.values():
            names.update(self._judge.upstreams(use).values())
        return Surroundings(
            self._sources.apis[version.api].compiled,
            self._sources.consumers.value.consumers,
            {name: known[name].residency for name in sorted(names) if name in known},
        )

    def _use(
        self, use: PolicyUse, plan: str, version: ApiVersion, operation: Operation, around: Surroundings
    ) -> Iterator[Finding]:
        label = f"{operation.method} {version.base_path}{operation.path}"
        for pointer, name in self._judge.upstreams(use).items():
            yield from self._upstream(use, pointer, name, version, operation)
        around = replace(around, plans=self._under(use, plan))
        for pointer, message, certain in self._judge.faults(use, plan, version, operation, around):
            rule = "policy-invalid" if certain else "policy-unproved"
            fault = (rule, self._place(use, pointer), f"{use.policy}: {message}")
            self._faults.setdefault(fault, []).append(f"{label}{f' under plan {plan!r}' if plan else ''}")

    def _under(self, use: PolicyUse, plan: str) -> Mapping[str, Mapping[str, Place]]:
        """The plans for whose calls settings hold: of those that are no plan's, all that set nothing over them."""
        if plan:
            return {plan: self._limits[plan]}
        return {
            name: limits for name, limits in self._limits.items() if use.policy not in self._plans.get(name, ())
        }

    def _upstream(
        self, use: PolicyUse, pointer: str, name: str, version: ApiVersion, operation: Operation
    ) -> Iterator[Finding]:
        known = self._sources.estate.value.upstreams
        entry = known.get(name)
        if entry is None:
            message = f"{use.policy}: there is no upstream {name!r}{suggestion(name, known)}"
            yield finding("unknown-upstream", self._place(use, pointer), message)
            return
        kind = "http" if isinstance(operation.backend, HttpBackend) else "odoo"
        if entry.kind != kind:
            served = f"what serves {version.api} {version.version} is of kind {kind!r}"
            message = f"{use.policy}: upstream {name!r} is of kind {entry.kind!r}, and {served}"
            yield finding("policy-invalid", self._place(use, pointer), message)

    def _place(self, use: PolicyUse, pointer: str) -> Place:
        """In the nearest of the places that say something about it."""
        for source in reversed(use.sources):
            file, _, base = source.partition("#")
            document = self._sources.documents.get(file)
            if document is None:
                continue
            place = base + within(base, pointer, value_at(document.value, base))
            if value_at(document.value, place) is not MISSING:
                return document.place(place)
        file, _, base = use.sources[-1].partition("#")
        document = self._sources.documents.get(file)
        return Place(file) if document is None else document.place(base)
