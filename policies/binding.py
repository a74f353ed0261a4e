"""Binds the policies to an operation: everything that can be computed before the first request, computed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from contracts.operations import ApiVersion, Operation
from contracts.policy_settings import PolicyUse, over
from policies.authentication import POLICY as AUTHENTICATION
from policies.authentication import by_password
from policies.exchange import Labels
from policies.installed import installed
from policies.modes import BoundFilter, Variant, Variants, staged
from policies.policy import Phase, Policy, PolicyConfig, no_upstreams
from policies.ports import Ports
from policies.verdict import AnswerFilter, AnswerReport, Stage

BODY_ARRIVAL: Final = "request-body"
"""What is timed between the stages on the head and those on the body."""

B = TypeVar("B")


class SettingsError(Exception):
    """Settings of a policy that cannot be enforced; the message says which and where they stand."""


@dataclass(frozen=True, slots=True)
class BoundStages:
    """One operation's stages, in order; those that have nothing to do on it are not there.

    `every` are all of them; those from `body_at` on run when the body is there. `policies` names them, in the
    same order. `timed` names what passes between two of an exchange's marks: the head's stages, the body's
    arrival, the body's stages. `labels` are the operation's, for the record. `filters` are what answers pass, in
    the order in which they do; `outside` says, for each stage, from which of them on its own reply passes.
    `upstreams` are those that settings name. `plain` says that a filter needs answers whole, and in no encoding;
    `whole` that a stage needs the request's body whole. `reports` look at answers of which none is held for them;
    `reporters` are the policies that they are of.
    """

    every: tuple[Stage, ...]
    body_at: int
    policies: tuple[str, ...]
    timed: tuple[str, ...]
    labels: Labels
    filters: tuple[BoundFilter, ...] = ()
    outside: tuple[int, ...] = ()
    upstreams: frozenset[str] = frozenset()
    plain: bool = False
    whole: bool = False
    reports: tuple[AnswerReport, ...] = ()
    reporters: tuple[str, ...] = ()

    @property
    def head(self) -> tuple[Stage, ...]:
        return self.every[: self.body_at]

    @property
    def body(self) -> tuple[Stage, ...]:
        return self.every[self.body_at :]


def bind_all(version: ApiVersion, operation: Operation, ports: Ports) -> BoundStages:
    """Binds what is installed. Raises SettingsError, also for what a policy raises when it is bound."""
    uses = {use.policy: use for use in operation.policies}
    by_plan = {name: {use.policy: use for use in plan} for name, plan in ports.plan_policies.items() if plan}
    _refuse_unknown(uses, by_plan)
    stages: list[Stage] = []
    body_at = 0
    policies: list[str] = []
    places: list[int] = []
    filters: list[tuple[int, BoundFilter]] = []
    reporting: list[tuple[int, Policy[Any], _Settings]] = []
    plain = whole = False
    changed_at = -1
    for place, policy in enumerate(installed()):
        plans = {name: plan[policy.id] for name, plan in by_plan.items() if policy.id in plan}
        use = uses.get(policy.id)
        if use is None and not plans and not policy.always:
            continue
        settings = _settings(policy, use, plans)
        if policy.bind is not None:
            stage = _stage(policy, settings, version, operation, ports)
            if stage is not None:
                stages.append(stage)
                body_at += policy.phase is Phase.HEAD
                policies.append(policy.id)
                places.append(place)
                whole = whole or _reads_whole(policy, settings, version, operation)
        if policy.bind_answer is not None:
            if policy.report_answer is not None and _reports(policy, settings):
                reporting.append((place, policy, settings))
                continue
            bound = _filter(policy, settings, version, operation, ports)
            if bound is not None:
                filters.append((place, bound))
                if not policy.watches:
                    plain, changed_at = True, place
    reports: tuple[AnswerReport, ...] = ()
    reporters: tuple[str, ...] = ()
    for place, policy, settings in reporting:
        # What others make of an answer before it comes to this one is held; else none is for its sake.
        if changed_at > place:
            bound = _filter(policy, settings, version, operation, ports)
            filters += () if bound is None else ((place, bound),)
        else:
            assert policy.report_answer is not None
            report = _bound(policy.report_answer, policy, settings[""], version, operation, ports)
            if report is not None:
                reports += (report,)
                reporters += (policy.id,)
    if by_password(operation):
        # Who calls is said in the body: it comes first, within its bounds.
        body_at = min(body_at, policies.index(AUTHENTICATION))
    filters.sort(key=lambda each: each[0], reverse=True)
    return BoundStages(
        tuple(stages),
        body_at,
        tuple(policies),
        (*policies[:body_at], BODY_ARRIVAL, *policies[body_at:]),
        Labels(version, operation),
        tuple(bound for _, bound in filters),
        tuple(sum(other >= place for other, _ in filters) for place in places),
        upstreams_of(operation, ports.plan_policies),
        plain,
        whole,
        reports,
        reporters,
    )


def upstreams_of(operation: Operation, plans: Mapping[str, tuple[PolicyUse, ...]]) -> frozenset[str]:
    """The upstreams to which policies may have the operation's exchanges sent. Raises SettingsError."""
    found: set[str] = set()
    if not operation.policies and not plans:
        return frozenset()  # so it is for most of tens of thousands
    for policy in installed():
        if policy.upstreams is no_upstreams:
            continue
        below = next((use for use in operation.policies if use.policy == policy.id), None)
        uses = [
            over(below, use) if below else use
            for plan in plans.values()
            for use in plan
            if use.policy == policy.id
        ]
        for use in uses if below is None else (below, *uses):
            found.update(policy.upstreams(config_of(policy, use)).values())
    return frozenset(found)


_Settings = dict[str, tuple[PolicyConfig | None, PolicyUse]]
"""By plan, and under "" what holds for all others; None where it is off because nobody has named it."""


def _settings(policy: Policy[Any], use: PolicyUse | None, plans: Mapping[str, PolicyUse]) -> _Settings:
    below = use or PolicyUse(policy.id)
    settings: _Settings = {"": (None if use is None and not policy.always else config_of(policy, below), below)}
    for plan, its in plans.items():
        whole = over(below, its)
        settings[plan] = (config_of(policy, whole), whole)
    return settings


def config_of(policy: Policy[Any], use: PolicyUse) -> PolicyConfig:
    """The settings as the policy's own type. Raises SettingsError."""
    for mode in (use.mode, *use.consumers.values()):
        if mode is not None and mode not in policy.modes:
            raise SettingsError(f"the policy {policy.id!r} has no mode {mode!r}{_set_in(use)}")
    try:
        config: PolicyConfig = msgspec.convert(use.config, policy.config)
    except msgspec.ValidationError as error:
        raise SettingsError(f"the policy {policy.id!r}: {error}{_set_in(use)}") from None
    return config


def _set_in(use: PolicyUse) -> str:
    return f" (set in {use.sources[-1]})" if use.sources else ""


def _refuse_unknown(uses: Mapping[str, PolicyUse], by_plan: Mapping[str, Mapping[str, PolicyUse]]) -> None:
    if not uses and not by_plan:
        return
    known = {policy.id for policy in installed()}
    for each in (uses, *by_plan.values()):
        for name, use in each.items():
            if name not in known:
                raise SettingsError(f"no policy {name!r} is installed{_set_in(use)}")


def _stage(
    policy: Policy[Any], settings: _Settings, version: ApiVersion, operation: Operation, ports: Ports
) -> Stage | None:
    assert policy.bind is not None
    variants: dict[str, Variant[Stage]] = {}
    for plan, setting in settings.items():
        bound = _bound(policy.bind, policy, setting, version, operation, ports)
        variants[plan] = _variant(policy, bound, setting[1])
    return staged(policy.id, variants.pop(""), variants)


def _reports(policy: Policy[Any], settings: _Settings) -> bool:
    """Whether a policy does no more than that, whoever calls."""
    return all((use.mode or policy.mode) == "report" and not use.consumers for _, use in settings.values())


def _reads_whole(policy: Policy[Any], settings: _Settings, version: ApiVersion, operation: Operation) -> bool:
    configs = [config for config, _ in settings.values() if config is not None]
    return any(policy.reads_whole(config, version, operation) for config in configs)


def _filter(
    policy: Policy[Any], settings: _Settings, version: ApiVersion, operation: Operation, ports: Ports
) -> BoundFilter | None:
    assert policy.bind_answer is not None
    variants: dict[str, Variant[AnswerFilter]] = {}
    for plan, setting in settings.items():
        bound = _bound(policy.bind_answer, policy, setting, version, operation, ports)
        variants[plan] = _variant(policy, bound, setting[1])
    if all(each.idle for each in variants.values()):
        return None
    return BoundFilter(policy.id, Variants(variants.pop(""), variants))


def _bound(
    bind: Callable[[Any, ApiVersion, Operation, Ports], B | None],
    policy: Policy[Any],
    setting: tuple[PolicyConfig | None, PolicyUse],
    version: ApiVersion,
    operation: Operation,
    ports: Ports,
) -> B | None:
    """Raises SettingsError, which says of whatever the policy raises where its settings are from."""
    config, use = setting
    try:
        return None if config is None else bind(config, version, operation, ports)
    except Exception as fault:
        why = f"cannot be bound to {operation.id!r}: {type(fault).__name__}: {fault}"
        raise SettingsError(f"the policy {policy.id!r} {why}{_set_in(use)}") from fault


def _variant(policy: Policy[Any], bound: B | None, use: PolicyUse) -> Variant[B]:
    return Variant(bound, use.mode or policy.mode, use.consumers)
